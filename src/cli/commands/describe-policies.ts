/** What policies say of a service, a line each, with the object that says it and where that is written. */
import type { EgressPort } from '../../model/egress.ts';
import { formatObject } from '../../model/finding.ts';
import type { HttpTreatment } from '../../model/http-treatment.ts';
import type { PortIngress } from '../../model/ingress.ts';
import type { CallerRetry } from '../../model/retry.ts';
import type { RuleOrigin } from '../../model/route.ts';
import type { ServiceDescription } from '../../model/service-description.ts';
import type {
  ConnectionBounds,
  InboundLimits,
  RateLimitService,
  TokenRate,
  TrafficSetting,
} from '../../model/traffic-limits.ts';
import type { SplitRoute } from '../../model/traffic-split.ts';
import { describeTime } from './describe-rules.ts';
import { formatIdentity, formatRequests, formatSource } from './policy-callers.ts';

export function describePolicies(description: ServiceDescription): readonly string[] {
  const { service, trafficSetting, ingresses, trustDomain } = description;
  return [
    ...(service.retries ?? []).map((retry) => describeRetry(retry, trustDomain)),
    ...(trafficSetting === undefined ? [] : describeSetting(trafficSetting)),
    ...ingresses.map(({ port, ingress }) => describeIngress(port, ingress, description)),
    ...(service.egress ?? []).flatMap((port) => describeEgress(port, description)),
  ];
}

export function describeSplit({ origin, requests, destinations, http }: SplitRoute): string {
  const sum = destinations.reduce((all, { weight }) => all + weight, 0);
  const shares = destinations.map(
    ({ destination, weight }) => `${destination.host}:${destination.port} ${Math.round((weight / sum) * 1000) / 10} %`,
  );
  const { answer } = http ?? {};
  const nowhere =
    answer === undefined ? 'nowhere, it is refused' : `answered with ${answer.status} by the caller's proxy`;
  return `Split: ${what(requests)} -> ${shares.join(', ') || nowhere}${treatment(http)}${by(origin)}`;
}

function treatment({ timeoutMs, retry, mirrors = [], headers, faults, rewrite }: Partial<HttpTreatment> = {}): string {
  const parts = [
    ...(timeoutMs === undefined ? [] : [`within ${describeTime(timeoutMs)}`]),
    ...(retry === undefined ? [] : [retry === 'never' ? 'never retried' : `retried ${describeTimes(retry.retries)}`]),
    ...mirrors.map(
      ({ destination, percentage }) => `${percentage} % mirrored to ${destination.host}:${destination.port}`,
    ),
    ...(rewrite === undefined ? [] : [`as ${rewrite.authority ?? ''}${rewrite.path ?? ''}`]),
    ...(headers === undefined ? [] : ['headers changed']),
    ...(faults?.delay === undefined
      ? []
      : [`${faults.delay.percentage} % delayed by ${describeTime(faults.delay.ms)}`]),
    ...(faults?.abort === undefined ? [] : [`${faults.abort.percentage} % aborted`]),
  ];
  return parts.map((part) => `, ${part}`).join('');
}

function describeRetry({ caller, policy, origin }: CallerRetry, trustDomain: string): string {
  const { conditions, retries, perTryTimeoutMs, backoffMs } = policy;
  const each = perTryTimeoutMs === undefined ? '' : `, each try within ${describeTime(perTryTimeoutMs)}`;
  return `Retried for ${formatIdentity(caller, trustDomain)}: ${describeTimes(retries)} after ${conditions.join(', ')}${each}, first after about ${describeTime(backoffMs)}${by(origin)}`;
}

function describeTimes(times: number): string {
  return times === 1 ? 'once' : `at most ${times} times`;
}

function describeSetting({ origin, connections, limits }: TrafficSetting): readonly string[] {
  const bounds = describeBounds(connections);
  const parts = [
    ...(bounds === '' ? [] : [`each caller's proxy: ${bounds}`]),
    ...(limits === undefined ? [] : describeLimits(limits)),
  ];
  return parts.map((part) => `Limit: ${part}${by(origin)}`);
}

function describeBounds(bounds: ConnectionBounds): string {
  const { connectTimeout } = bounds;
  const counts: readonly (readonly [number | undefined, string])[] = [
    [bounds.maxConnections, 'connections'],
    [bounds.maxRequests, 'requests in flight'],
    [bounds.maxPendingRequests, 'requests that wait'],
    [bounds.maxRequestsPerConnection, 'requests on a connection'],
    [bounds.maxRetries, 'retries in flight'],
  ];
  const most = counts.flatMap(([count, of]) => (count === undefined ? [] : [`at most ${count} ${of}`]));
  return [...most, ...(connectTimeout === undefined ? [] : [`connects within ${describeTime(connectTimeout)}`])].join(
    ', ',
  );
}

function describeLimits({ localTcp, localHttp, globalTcp, globalHttp, paths }: InboundLimits): readonly string[] {
  return [
    ...(localTcp === undefined ? [] : [`connections at each workload: ${describeRate(localTcp)}`]),
    ...(localHttp === undefined
      ? []
      : [`requests at each workload: ${describeRate(localHttp)}, else status ${localHttp.status}`]),
    ...(globalTcp === undefined ? [] : [`connections, as counted by ${describeCounter(globalTcp.service)}`]),
    ...(globalHttp === undefined
      ? []
      : [`requests, as counted by ${describeCounter(globalHttp.service)}, else status ${globalHttp.status}`]),
    ...paths.map(({ path, local, descriptors }) => {
      const own = local === undefined ? '' : ` at each workload: ${describeRate(local)}, else status ${local.status}`;
      return `requests to ${path}${own}${descriptors.length === 0 ? '' : ', with descriptors of their own'}`;
    }),
  ];
}

function describeRate({ count, perMs, burst }: TokenRate): string {
  if (count === 0 && burst === 0) return 'none';
  return `${count} every ${describeTime(perMs)}${burst === 0 ? '' : `, and ${burst} more at once`}`;
}

function describeCounter({ host, port, domain, failOpen }: RateLimitService): string {
  return `${host}:${port} for the domain ${domain}; without an answer they ${failOpen ? 'pass' : 'are refused'}`;
}

function describeIngress(
  port: number,
  { object, ranges, requests, tls }: PortIngress,
  { places }: ServiceDescription,
): string {
  const from = ranges === 'any' ? 'any address' : ranges.join(', ') || 'nobody';
  const { principals, sniHosts = [] } = tls ?? {};
  const shown = principals === 'any' ? 'of the mesh' : principals?.join(' or ');
  const over = [
    tls === undefined ? 'in plain text' : 'over TLS',
    ...(shown === undefined ? [] : [`with a certificate ${shown}`]),
    ...(sniHosts.length === 0 ? [] : [`for the server name ${sniHosts.join(', ')}`]),
  ].join(' ');
  const origin = { object, ...placeIn(places, object) };
  return `From outside: port ${port} of the workload takes ${what(requests)} from ${from} ${over}${by(origin)}`;
}

function describeEgress(
  { number, protocol, grants, bounds }: EgressPort,
  { places, trustDomain }: ServiceDescription,
): readonly string[] {
  const bounded = bounds === undefined ? '' : describeBounds(bounds.connections);
  return [
    ...grants.map(({ object, callers, requests, ranges }) => {
      const who = callers.map((caller) => formatIdentity(caller, trustDomain)).join(', ');
      const within = ranges.length === 0 ? '' : `, at ${ranges.join(', ')}`;
      const origin = { object, ...placeIn(places, object) };
      return `Egress: port ${number} (${protocol}) for ${who}: ${what(requests)}${within}${by(origin)}`;
    }),
    ...(bounds === undefined || bounded === ''
      ? []
      : [`Limit: port ${number}, each caller's proxy: ${bounded}${by(bounds.origin)}`]),
  ];
}

function placeIn(places: ServiceDescription['places'], object: RuleOrigin['object']): Pick<RuleOrigin, 'place'> {
  const place = places[formatObject(object)];
  return place === undefined ? {} : { place };
}

function what(requests: SplitRoute['requests']): string {
  if (requests === 'any') return 'everything';
  return formatRequests(requests) || 'no request';
}

function by({ object, place }: RuleOrigin): string {
  return `, by ${formatSource(object, place)}`;
}
