/** What the proxy beside a workload lets through as a rate limit service says, which several proxies ask. */
import type {
  Descriptor,
  DescriptorEntry,
  GlobalHttpLimit,
  GlobalTcpLimit,
  HeaderCondition,
  InboundLimits,
  RateLimitService,
} from '../../model/traffic-limits.ts';
import { enumValue, type envoy, pack } from '../../xds-api/messages.ts';
import { outboundClusterName } from '../names/resource-names.ts';
import { duration } from './values.ts';

type Filter = envoy.config.listener.v3.Filter;
type HttpFilter = envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter;
type RateLimit = envoy.config.route.v3.RateLimit;
type Action = envoy.config.route.v3.RateLimit.Action;
type HeaderMatcher = envoy.config.route.v3.HeaderMatcher;

const HTTP = 'envoy.extensions.filters.http.ratelimit.v3.RateLimit';
const V3 = enumValue('envoy.config.core.v3.ApiVersion', 'V3');
const DRAFT_VERSION_03 = enumValue(`${HTTP}.XRateLimitHeadersRFCVersion`, 'DRAFT_VERSION_03');

/** For a port whose requests are read. What of them is counted is said by the routes. */
export function globalRateLimitFilter(
  { service, enableXRateLimitHeaders, status }: GlobalHttpLimit,
  cluster: string,
): HttpFilter {
  return {
    name: 'envoy.filters.http.ratelimit',
    typedConfig: pack(HTTP, {
      ...asked(service, cluster),
      ...(enableXRateLimitHeaders ? { enableXRatelimitHeaders: DRAFT_VERSION_03 } : {}),
      rateLimitedStatus: { code: status },
    }),
  };
}

export function globalConnectionLimit(
  statPrefix: string,
  { service, descriptors }: GlobalTcpLimit,
  cluster: string,
): Filter {
  return {
    name: 'envoy.filters.network.ratelimit',
    typedConfig: pack('envoy.extensions.filters.network.ratelimit.v3.RateLimit', {
      statPrefix,
      ...asked(service, cluster),
      descriptors: descriptors.map((entries) => ({ entries: entries.map(({ key, value }) => ({ key, value })) })),
    }),
  };
}

/** Under its own name: that of the cluster, which Envoy would take, is no name of a host. */
function asked({ host, domain, timeoutMs, failOpen }: RateLimitService, clusterName: string) {
  return {
    domain,
    timeout: duration(timeoutMs),
    ...(failOpen ? {} : { failureModeDeny: true }),
    rateLimitService: {
      grpcService: { envoyGrpc: { clusterName, authority: host.includes(':') ? `[${host}]` : host } },
      transportApiVersion: V3,
    },
  };
}

/** The cluster of the service; of one outside of the mesh, a cluster of the port's own. */
export function rateLimitClusterName({ isService, host, port }: RateLimitService, targetPort: number): string {
  return isService ? outboundClusterName(host, port) : `rate-limit|${targetPort}|${port}|${host}`;
}

/** Services outside of the mesh that are asked about a port, each once by name of its cluster. */
export function foreignServices(
  { globalTcp, globalHttp }: InboundLimits,
  targetPort: number,
): ReadonlyMap<string, RateLimitService> {
  const services = [globalTcp?.service, globalHttp?.service].flatMap((service) => service ?? []);
  return new Map(
    services.flatMap((service) =>
      service.isService ? [] : [[rateLimitClusterName(service, targetPort), service] as const],
    ),
  );
}

/** Whether addresses of callers are counted, about which no header of theirs may lie. */
export function countsAddresses({ globalHttp, paths }: InboundLimits): boolean {
  const descriptors = [globalHttp?.descriptors ?? [], paths.flatMap((path) => path.descriptors)].flat();
  return descriptors.some((entries) => entries.some(({ kind }) => kind === 'remoteAddress'));
}

export function rateLimits(descriptors: readonly Descriptor[]): RateLimit[] {
  return descriptors.filter((entries) => entries.length > 0).map((entries) => ({ actions: entries.map(action) }));
}

function action(entry: DescriptorEntry): Action {
  switch (entry.kind) {
    case 'genericKey':
      return { genericKey: { descriptorKey: entry.key, descriptorValue: entry.value } };
    case 'remoteAddress':
      return { remoteAddress: {} };
    case 'requestHeader':
      return { requestHeaders: { headerName: entry.name, descriptorKey: entry.key } };
    case 'headerValueMatch':
      return {
        headerValueMatch: {
          descriptorKey: entry.key,
          descriptorValue: entry.value,
          ...(entry.expectMatch ? {} : { expectMatch: {} }),
          headers: entry.headers.map(headerMatcher),
        },
      };
  }
}

function headerMatcher(condition: HeaderCondition): HeaderMatcher {
  const name = condition.name === 'host' ? ':authority' : condition.name;
  if ('present' in condition)
    return condition.present ? { name, presentMatch: true } : { name, presentMatch: true, invertMatch: true };
  if ('regex' in condition) return { name, stringMatch: { safeRegex: { regex: condition.regex } } };
  const { name: _, ...stringMatch } = condition;
  return { name, stringMatch };
}
