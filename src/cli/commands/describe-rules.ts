/** A port's rules in prose: where its requests go, what is set in them, and how many may pass. */
import type { GlobalRateLimit, KeyValue, LocalRateLimit, RequestMatch, Route, TokenBucket } from '../../model/route.ts';

/** A line, and one more for each side whose properties are set. */
export function describeRoute(route: Route, number: number): string[] {
  return [
    `Route ${number} ${describeWay(route)}`,
    ...describeMutation('request', route.requestMutation),
    ...describeMutation('response', route.responseMutation),
  ];
}

function describeWay(route: Route): string {
  const total = route.destinations.reduce((sum, { weight }) => sum + weight, 0);
  const to = route.destinations.map(({ destination, weight }) => {
    const subset = destination.subset === '' ? '' : ` subset ${destination.subset}`;
    const share = route.destinations.length === 1 ? '' : ` (${Math.round((weight / total) * 1000) / 10} %)`;
    return `${destination.host}:${destination.port}${subset}${share}`;
  });
  const mirror =
    route.mirror === undefined
      ? ''
      : `, mirrored ${route.mirror.percentage} % to ${route.mirror.destination.subset || route.mirror.destination.host}`;
  return `${route.name === '' ? '' : `"${route.name}" `}${describeMatch(route.match)} -> ${to.join(', ')}${mirror}`;
}

function describeMutation(side: 'request' | 'response', entries: readonly KeyValue[]): string[] {
  if (entries.length === 0) return [];
  return [`  Sets in the ${side}: ${entries.map(({ key, value }) => `${key} = "${value}"`).join(', ')}`];
}

/** Conditions come in the order in which the first that holds counts. */
export function describeLocalLimit({ bucket, conditions }: LocalRateLimit): string[] {
  const rest = conditions.length === 0 ? 'every request' : 'every other request';
  return [
    ...conditions.map((one) => `Local rate limit, ${describeMatch(one.match)}: ${describeBucket(one.bucket)}`),
    ...(bucket === undefined ? [] : [`Local rate limit, ${rest}: ${describeBucket(bucket)}`]),
    'Local limits are enforced by proxies that stand beside the workloads, each for itself; a proxy at the caller counts nothing.',
  ];
}

export function describeGlobalLimit(limit: GlobalRateLimit): string {
  const { match, domain, cluster, timeoutMs, denyOnFail, descriptors } = limit;
  const by = descriptors.map(({ property, descriptorKey }) =>
    property === descriptorKey ? property : `${property} (as ${descriptorKey})`,
  );
  const otherwise = `without an answer in ${describeTime(timeoutMs)} requests ${denyOnFail ? 'are refused' : 'pass'}`;
  return `Global rate limit, ${describeMatch(match)}: domain ${domain} of ${cluster}, by ${by.join(', ') || 'nothing'}; ${otherwise}`;
}

function describeMatch(match: RequestMatch): string {
  const conditions = match.map(({ property, match: wanted }) =>
    wanted.kind === 'present' ? `${property} is present` : `${property} ${wanted.kind} "${wanted.value}"`,
  );
  return conditions.length === 0 ? 'every request' : conditions.join(' and ');
}

function describeBucket({ maxTokens, tokensPerFill, fillIntervalMs }: TokenBucket): string {
  return `${maxTokens} at once, then ${tokensPerFill} every ${describeTime(fillIntervalMs)}`;
}

export function describeTime(ms: number): string {
  return ms < 1000 ? `${ms} ms` : `${ms / 1000} s`;
}
