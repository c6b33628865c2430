/** split.smi-spec.io TrafficSplit: v1alpha1 weighs in quantities, and only v1alpha3 and later can choose requests. */
import { readCrdSchema } from '../crd-files.ts';
import type { CheckedObject } from '../kind-reader.ts';
import { type Conversion, defineVersion, defineVersionedKind } from '../kind-versions.ts';
import { isDnsSubdomain, isHostName, withoutTrailingDot } from '../kubernetes-names.ts';
import { type Path, type Problems, quote } from '../problem.ts';
import { forEachRepetition, withoutRepetitions } from '../repetition.ts';
import type { TrafficSplit } from '../types/smi.ts';
import { checkTotal, readQuantityWeights } from './split-weights.ts';

interface Content<Weight> extends CheckedObject {
  readonly spec: {
    readonly service: string;
    readonly backends: readonly { readonly service: string; readonly weight: Weight }[];
    readonly matches?: readonly { readonly name: string }[];
  };
}

type Spec = TrafficSplit['spec'];
type Backend = Spec['backends'][number];

const backendsPath = ['spec', 'backends'];

/** What the versions without matches say to who writes some. */
const options = {
  everyFieldRestricts: true,
  elsewhere: { 'spec.matches': 'Write apiVersion: split.smi-spec.io/v1alpha4 (or v1alpha3), which has matches.' },
};

const withNumbers = (version: string) =>
  defineVersion({
    version,
    schema: () => readCrdSchema('traffic-split', version),
    options,
    convert: ({ spec }: Content<number>, conversion): Spec => {
      const weights = spec.backends.map(({ weight }) => weight);
      checkTotal(weights, backendsPath, conversion.problems);
      return readSplit(spec, weights, conversion);
    },
  });

const v1alpha1 = defineVersion({
  version: 'v1alpha1',
  schema: () => readCrdSchema('traffic-split', 'v1alpha1'),
  options,
  convert: ({ spec }: Content<number | string>, conversion): Spec => {
    const written = spec.backends.map(({ weight }) => weight);
    return readSplit(spec, readQuantityWeights(written, backendsPath, conversion.problems), conversion);
  },
});

export const trafficSplit = defineVersionedKind<TrafficSplit>({
  info: { kind: 'TrafficSplit', group: 'split.smi-spec.io', plural: 'trafficsplits', scope: 'Namespaced' },
  versions: [withNumbers('v1alpha4'), withNumbers('v1alpha3'), withNumbers('v1alpha2'), v1alpha1],
  build: (spec, head) => ({ kind: 'TrafficSplit', ...head, spec }),
});

/** `weights` are those of the backends, in their order. */
function readSplit(
  { service, backends, matches = [] }: Content<unknown>['spec'],
  weights: readonly number[],
  conversion: Conversion,
): Spec {
  return {
    service: readService(service, ['spec', 'service'], conversion),
    backends: readBackends(
      backends.map(({ service: name }, index) => ({
        service: readService(name, [...backendsPath, index, 'service'], conversion),
        weight: weights[index] ?? 0,
      })),
      conversion.problems,
    ),
    matches: readMatches(
      matches.map(({ name }) => name),
      conversion.problems,
    ),
  };
}

/** A service of the split's own namespace: `web`, or a host, as web.shop.svc.cluster.local. */
function readService(written: string, path: Path, { namespace, problems }: Conversion): string {
  const service = withoutTrailingDot(written.toLowerCase());
  if (!isHostName(service)) problems.add('ISTH0201', path, `${quote(written)} is no name of a service.`);
  const [, foreign, svc] = service.split('.');
  if (svc === 'svc' && foreign !== namespace) {
    const message = `${quote(written)} is not of namespace ${quote(namespace)}, to which the TrafficSplit belongs.`;
    problems.add('ISTH0225', path, message, 'Name services of one namespace, and move the TrafficSplit there.');
  }
  return service;
}

/** Each service once: what is named twice gets both shares. */
function readBackends(backends: readonly Backend[], problems: Problems): readonly Backend[] {
  forEachRepetition(
    backends,
    ({ service }) => service,
    ({ service }, index) => {
      const message = `${quote(service)} is a backend already; it gets both shares.`;
      problems.add('ISTH0216', [...backendsPath, index], message, 'Write it once, with the sum of the weights.');
    },
  );
  if (backends.every(({ weight }) => weight === 0)) {
    const message = 'No backend has a weight: the requests meant are answered with 503.';
    problems.add('ISTH0224', backendsPath, message);
  }
  const shares = new Map<string, number>();
  for (const { service, weight } of backends) shares.set(service, (shares.get(service) ?? 0) + weight);
  return [...shares].map(([service, weight]) => ({ service, weight }));
}

function readMatches(names: readonly string[], problems: Problems): readonly string[] {
  const path = ['spec', 'matches'];
  names.forEach((name, index) => {
    if (isDnsSubdomain(name)) return;
    problems.add('ISTH0116', [...path, index, 'name'], `${quote(name)} is no name of an HTTPRouteGroup.`);
  });
  forEachRepetition(
    names,
    (name) => name,
    (name, index) => {
      problems.add('ISTH0216', [...path, index], `${quote(name)} is named already.`);
    },
  );
  return withoutRepetitions(names);
}
