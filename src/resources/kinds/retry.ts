/** policy.openservicemesh.io Retry: when requests of a service account to services are tried again. */
import { readCrdSchema } from '../crd-files.ts';
import { checkDuration, millisecondsOf } from '../duration-rules.ts';
import type { CheckedObject } from '../kind-reader.ts';
import { type Conversion, defineVersion, defineVersionedKind } from '../kind-versions.ts';
import { suggestName } from '../name-suggestion.ts';
import { type Problems, quote } from '../problem.ts';
import type { Retry } from '../types/osm.ts';
import {
  distinct,
  policyGroup,
  type ReferenceContent,
  readOsmReference,
  readOsmReferences,
  warnIfEmpty,
} from './osm-rules.ts';

type Spec = Retry['spec'];

interface PolicyContent {
  readonly retryOn: string;
  readonly perTryTimeout?: string;
  readonly numRetries?: number;
  readonly retryBackoffBaseInterval?: string;
  readonly retryBackoffInterval?: string;
}

interface Content extends CheckedObject {
  readonly spec: {
    readonly source: ReferenceContent;
    readonly destinations: readonly ReferenceContent[];
    readonly retryPolicy: PolicyContent;
  };
}

const defaults = { numRetries: 1, backoff: 25 };

/** Envoy's, of x-envoy-retry-on and x-envoy-retry-grpc-on. It passes over what it does not know, without a word. */
const conditions: readonly string[] = [
  ...['5xx', 'gateway-error', 'reset', 'reset-before-request', 'connect-failure', 'envoy-ratelimited'],
  ...['retriable-4xx', 'refused-stream', 'retriable-status-codes', 'retriable-headers', 'http3-post-connect-failure'],
  ...['cancelled', 'deadline-exceeded', 'internal', 'resource-exhausted', 'unavailable'],
];

export const retry = defineVersionedKind<Retry>({
  info: { kind: 'Retry', group: policyGroup, plural: 'retries', scope: 'Namespaced' },
  versions: [
    defineVersion({
      version: 'v1alpha1',
      schema: () => readCrdSchema('retry'),
      options: { everyFieldRestricts: true },
      convert: readRetry,
    }),
  ],
  build: (spec, head) => ({ kind: 'Retry', ...head, spec }),
});

function readRetry({ spec }: Content, { problems }: Conversion): Spec {
  const { source, destinations, retryPolicy } = spec;
  const path = ['spec', 'destinations'];
  warnIfEmpty(destinations, path, 'Without destinations, nothing is tried again by this policy.', problems);
  return {
    source: readOsmReference(source, ['spec', 'source'], problems),
    destinations: readOsmReferences(destinations, path, problems),
    ...readPolicy(retryPolicy, problems),
  };
}

function readPolicy(policy: PolicyContent, problems: Problems): Omit<Spec, 'source' | 'destinations'> {
  const path = ['spec', 'retryPolicy'];
  const { retryOn, perTryTimeout, numRetries = defaults.numRetries } = policy;
  const { retryBackoffBaseInterval, retryBackoffInterval } = policy;
  checkDuration(perTryTimeout, [...path, 'perTryTimeout'], problems);
  const least = { ms: 1, text: '1ms' };
  checkDuration(retryBackoffBaseInterval, [...path, 'retryBackoffBaseInterval'], problems, least);
  checkDuration(retryBackoffInterval, [...path, 'retryBackoffInterval'], problems, least);
  if (retryBackoffBaseInterval !== undefined && retryBackoffInterval !== undefined) {
    const message = 'retryBackoffBaseInterval and retryBackoffInterval are two names of one thing.';
    problems.add('ISTH0206', [...path, 'retryBackoffInterval'], message);
  }
  const backoff = retryBackoffBaseInterval ?? retryBackoffInterval;
  return {
    retryOn: readConditions(retryOn, problems),
    ...(perTryTimeout === undefined ? {} : { perTryTimeout: millisecondsOf(perTryTimeout) }),
    numRetries,
    retryBackoffBaseInterval: backoff === undefined ? defaults.backoff : millisecondsOf(backoff),
  };
}

function readConditions(retryOn: string, problems: Problems): readonly string[] {
  const path = ['spec', 'retryPolicy', 'retryOn'];
  const written = retryOn.split(',').map((condition) => condition.trim());
  for (const condition of written) {
    if (conditions.includes(condition)) continue;
    const meant = suggestName(condition, conditions);
    const remedy = meant === undefined ? `Use some of ${conditions.join(', ')}.` : `Did you mean ${meant}?`;
    problems.add('ISTH0105', path, `${quote(condition)} is no condition on which Envoy tries again.`, remedy);
  }
  return distinct(written, (condition) => condition, path, problems);
}
