/**
 * Which requests a rule is for -> matches of Envoy's thrift_proxy. It sees a call's name as it is on the wire, where
 * TMultiplexedProtocol writes `service:method`, and compares it as a whole; or what stands before the colon. Keys of
 * THeader can be compared in every way. A rule that asks for more than that cannot be told to it.
 */
import type { PropertyMatch, RequestMatch, StringMatch } from '../../model/route.ts';
import type { envoy } from '../../xds-api/messages.ts';
import { headerMatchers } from '../metaprotocol/matchers.ts';

type RouteMatch = envoy.extensions.filters.network.thrift_proxy.v3.RouteMatch;

/** Properties that the codec makes of the message itself, and that this filter has no word for. */
const unseen: ReadonlySet<string> = new Set(['transport', 'protocol']);

/** Beyond this many names a rule is not taken apart. */
const MOST_NAMES = 64;

/**
 * One of them has to hold; none where the filter cannot make the distinction. `services`: those that rules of the table
 * name, since a rule for a method is for the method of each of them.
 */
export function thriftMatches(match: RequestMatch, services: readonly string[]): readonly RouteMatch[] {
  const of = (property: string): StringMatch | undefined => match.find((one) => one.property === property)?.match;
  const headers = match.filter(({ property }) => property !== 'method' && property !== 'service');
  if (headers.some(({ property }) => unseen.has(property))) return [];
  const names = namesOf(of('method'), of('service'), services);
  if (names.length > MOST_NAMES) return [];
  const conditions = headers.length === 0 ? {} : { headers: headerMatchers(headers, 'metaproxy') };
  return names.map((name) => ({ ...name, ...conditions }));
}

/** Whether calls that name another service than `services` are passed over though the rule is for their method too. */
export function isForUnnamedServices(match: RequestMatch): boolean {
  const method = match.find(({ property }) => property === 'method');
  return method !== undefined && method.match.kind !== 'present' && !match.some(isForService);
}

/** The services that the rules name, sorted. */
export function servicesOf(matches: readonly RequestMatch[]): readonly string[] {
  const named = matches.flatMap((match) => match.filter(isForService).flatMap(({ match: one }) => textsOf(one) ?? []));
  return [...new Set(named)].sort();
}

function isForService({ property }: PropertyMatch): boolean {
  return property === 'service';
}

function namesOf(
  method: StringMatch | undefined,
  service: StringMatch | undefined,
  services: readonly string[],
): readonly Pick<RouteMatch, 'methodName' | 'serviceName'>[] {
  const wanted = service === undefined ? undefined : textsOf(service);
  if (service !== undefined && wanted === undefined) return [];
  if (method === undefined || method.kind === 'present')
    return wanted === undefined ? [{ methodName: '' }] : wanted.map((serviceName) => ({ serviceName }));
  const methods = textsOf(method) ?? [];
  const before = wanted?.map((name) => `${name}:`) ?? ['', ...services.map((name) => `${name}:`)];
  return before.flatMap((prefix) => methods.map((name) => ({ methodName: prefix + name })));
}

/** All texts that match, such as those of `get|lists?`; undefined where they cannot be told one by one. */
function textsOf(match: StringMatch): readonly string[] | undefined {
  if (match.kind === 'exact') return match.value === '' ? undefined : [match.value];
  if (match.kind !== 'regex') return undefined;
  const alternatives = match.value.split('|');
  if (!alternatives.every((one) => /^(?:\w+|\w{2,}\?)$/.test(one))) return undefined;
  return alternatives.flatMap((one) => (one.endsWith('?') ? [one.slice(0, -2), one.slice(0, -1)] : [one]));
}
