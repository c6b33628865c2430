/** policy.openservicemesh.io UpstreamTrafficSetting: how much a host takes. */
import { readCrdSchema } from '../crd-files.ts';
import { checkDuration, millisecondsOf } from '../duration-rules.ts';
import type { CheckedObject } from '../kind-reader.ts';
import { type Conversion, defineVersion, defineVersionedKind } from '../kind-versions.ts';
import { isHostName, withoutTrailingDot } from '../kubernetes-names.ts';
import { PatternBudget } from '../pattern-cost.ts';
import { checkPattern, type PatternCheck } from '../pattern-rules.ts';
import { type Problems, quote } from '../problem.ts';
import { forEachRepetition } from '../repetition.ts';
import type { UpstreamTrafficSetting } from '../types/osm.ts';
import { type DescriptorContent, readDescriptors } from './osm-descriptors.ts';
import {
  type GlobalContent,
  type HttpRateContent,
  readHttpRate,
  readRate,
  readService,
  readStatus,
  type TcpRateContent,
} from './osm-rate-limits.ts';
import { policyGroup } from './osm-rules.ts';

type Spec = UpstreamTrafficSetting['spec'];

interface RateLimitContent {
  readonly local?: { readonly tcp?: TcpRateContent; readonly http?: HttpRateContent };
  readonly global?: {
    readonly tcp?: GlobalContent & {
      readonly descriptors: readonly {
        readonly entries: readonly { readonly key: string; readonly value: string }[];
      }[];
    };
    readonly http?: GlobalContent & {
      readonly descriptors: readonly DescriptorContent[];
      readonly enableXRateLimitHeaders?: boolean;
      readonly responseStatusCode?: number;
    };
  };
}

interface RouteContent {
  readonly path: string;
  readonly rateLimit?: {
    readonly local?: HttpRateContent;
    readonly global?: { readonly descriptors: readonly DescriptorContent[] };
  };
}

interface Content extends CheckedObject {
  readonly spec: {
    readonly host: string;
    readonly connectionSettings?: {
      readonly tcp?: { readonly maxConnections?: number; readonly connectTimeout?: string };
      readonly http?: Omit<Spec['connections'], 'maxConnections' | 'connectTimeout'>;
    };
    readonly rateLimit?: RateLimitContent;
    readonly httpRoutes?: readonly RouteContent[];
  };
}

export const upstreamTrafficSetting = defineVersionedKind<UpstreamTrafficSetting>({
  info: { kind: 'UpstreamTrafficSetting', group: policyGroup, plural: 'upstreamtrafficsettings', scope: 'Namespaced' },
  versions: [
    defineVersion({
      version: 'v1alpha1',
      schema: () => readCrdSchema('upstream-traffic-setting'),
      options: { everyFieldRestricts: true },
      convert: readSetting,
    }),
  ],
  build: (spec, head) => ({ kind: 'UpstreamTrafficSetting', ...head, spec }),
});

function readSetting({ spec }: Content, conversion: Conversion): Spec {
  const { problems } = conversion;
  const check: PatternCheck = { problems, budget: new PatternBudget() };
  const { tcp = {}, http = {} } = spec.connectionSettings ?? {};
  const { connectTimeout, ...counts } = tcp;
  const timeoutPath = ['spec', 'connectionSettings', 'tcp', 'connectTimeout'];
  checkDuration(connectTimeout, timeoutPath, problems, { ms: 1, text: '1ms' });
  return {
    host: readHost(spec.host, conversion),
    connections: {
      ...counts,
      ...http,
      ...(connectTimeout === undefined ? {} : { connectTimeout: millisecondsOf(connectTimeout) }),
    },
    ...readLocal(spec.rateLimit?.local, problems),
    ...readGlobal(spec.rateLimit?.global, check),
    httpRoutes: readRoutes(spec.httpRoutes ?? [], check),
  };
}

/** `bookstore`, bookstore.shop.svc.cluster.local of its own namespace, or a host outside the mesh. */
function readHost(written: string, { namespace, problems }: Conversion): string {
  const path = ['spec', 'host'];
  const host = withoutTrailingDot(written.toLowerCase());
  if (!isHostName(host)) problems.add('ISTH0201', path, `${quote(written)} is no host name.`);
  const [, foreign, svc] = host.split('.');
  if (svc === 'svc' && foreign !== namespace) {
    const message = `${quote(written)} is not of namespace ${quote(namespace)}, to which the UpstreamTrafficSetting belongs.`;
    problems.add('ISTH0225', path, message, 'Move the UpstreamTrafficSetting to the namespace of its host.');
  }
  return host;
}

function readLocal(local: RateLimitContent['local'], problems: Problems): Pick<Spec, 'localTcp' | 'localHttp'> {
  const path = ['spec', 'rateLimit', 'local'];
  const { tcp, http } = local ?? {};
  return {
    ...(tcp === undefined
      ? {}
      : { localTcp: readRate({ ...tcp, count: tcp.connections }, [...path, 'tcp'], problems) }),
    ...(http === undefined ? {} : { localHttp: readHttpRate(http, [...path, 'http'], problems) }),
  };
}

function readGlobal(global: RateLimitContent['global'], check: PatternCheck): Pick<Spec, 'globalTcp' | 'globalHttp'> {
  const path = ['spec', 'rateLimit', 'global'];
  const { problems } = check;
  const { tcp, http } = global ?? {};
  const globalTcp = tcp && {
    service: readService(tcp, [...path, 'tcp'], problems),
    descriptors: tcp.descriptors.map(({ entries }) => entries),
  };
  const globalHttp = http && {
    service: readService(http, [...path, 'http'], problems),
    descriptors: readDescriptors(http.descriptors, [...path, 'http', 'descriptors'], check),
    enableXRateLimitHeaders: http.enableXRateLimitHeaders === true,
    status: readStatus(http.responseStatusCode, [...path, 'http', 'responseStatusCode'], problems),
  };
  return {
    ...(globalTcp === undefined ? {} : { globalTcp }),
    ...(globalHttp === undefined ? {} : { globalHttp }),
  };
}

function readRoutes(routes: readonly RouteContent[], check: PatternCheck): Spec['httpRoutes'] {
  const path = ['spec', 'httpRoutes'];
  forEachRepetition(
    routes,
    (route) => route.path,
    (_, index, first) => {
      check.problems.add('ISTH0218', [...path, index, 'path'], `It is the path of httpRoutes[${first}] too.`);
    },
  );
  return routes.map(({ path: pattern, rateLimit }, index) => {
    const at = [...path, index, 'rateLimit'];
    checkPattern(pattern, [...path, index, 'path'], check);
    const descriptors = rateLimit?.global?.descriptors ?? [];
    return {
      path: pattern,
      ...(rateLimit?.local === undefined
        ? {}
        : { local: readHttpRate(rateLimit.local, [...at, 'local'], check.problems) }),
      descriptors: readDescriptors(descriptors, [...at, 'global', 'descriptors'], check),
    };
  });
}
