/** Routes of Dubbo and Thrift calls, as the filters of stock Envoys read them. The first that fits a call counts. */
import { type Finding, finding } from '../../model/finding.ts';
import type { PropertyMatch, Route, RouteTable, StringMatch } from '../../model/route.ts';
import { servicesOf, thriftMatches } from '../envoy/thrift-matches.ts';
import { positiveWeights } from '../envoy/weighted-clusters.ts';
import { outboundClusterName } from '../names/resource-names.ts';
import type { FilterConfig } from './envoy-filters.ts';
import { anyDubboCall, anyThriftCall } from './native-filters.ts';

interface NativeRoutes {
  readonly routes: readonly FilterConfig[];
  readonly findings: readonly Finding[];
}

export function dubboRoutes(host: string, port: number, table: RouteTable | undefined): NativeRoutes {
  const rest = anyDubboCall({ cluster: outboundClusterName(host, port) });
  if (table === undefined) return { routes: [rest], findings: [] };
  const routes = table.routes.map((route) => dubboRoute(route));
  return { routes: routes.length === 0 ? [rest] : routes, findings: [] };
}

/** What no match of the filter can say goes on to the rules after it, and at last to the whole service. */
export function thriftRoutes(host: string, port: number, table: RouteTable | undefined): NativeRoutes {
  const rest = anyThriftCall({ cluster: outboundClusterName(host, port) });
  if (table === undefined) return { routes: [rest], findings: [] };
  const services = servicesOf(table.routes.map(({ match }) => match));
  const all = table.routes.map((route) => ({ route, matches: thriftMatches(route.match, services) }));
  const unseen = all.filter(({ matches }) => matches.length === 0);
  const routes = all.flatMap(({ route, matches }) =>
    matches.map((match) => ({ match, route: spread(route.destinations) })),
  );
  const findings = unseen.map(({ route }) => unseenRoute(table, route));
  return { routes: unseen.length > 0 || routes.length === 0 ? [...routes, rest] : routes, findings };
}

function dubboRoute({ match, destinations }: Route): FilterConfig {
  const method = match.find(({ property }) => property === 'method');
  const headers = match.filter((one) => one !== method).map(headerMatch);
  const total = positiveWeights(destinations).reduce((sum, { weight }) => sum + weight, 0);
  return {
    match: {
      method: { name: method === undefined ? textMatch({ kind: 'present' }) : textMatch(method.match) },
      ...(headers.length === 0 ? {} : { headers }),
    },
    route: spread(destinations, { totalWeight: total }),
  };
}

function headerMatch({ property, match }: PropertyMatch): FilterConfig {
  return match.kind === 'present'
    ? { name: property, presentMatch: true }
    : { name: property, stringMatch: textMatch(match) };
}

/** Envoys before 1.25 demand the engine of a regular expression. */
function textMatch(match: StringMatch): FilterConfig {
  if (match.kind === 'exact') return { exact: match.value };
  if (match.kind === 'prefix' && match.value !== '') return { prefix: match.value };
  return { safeRegex: { googleRe2: {}, regex: match.kind === 'regex' ? match.value : '.*' } };
}

function spread(destinations: Route['destinations'], more: FilterConfig = {}): FilterConfig {
  const weights = positiveWeights(destinations);
  const [first] = weights;
  if (weights.length === 1 && first !== undefined) return { cluster: first.name };
  return { weightedClusters: { clusters: weights, ...more } };
}

function unseenRoute({ origin, namespace, host, port }: RouteTable, { path = '', name }: Route): Finding {
  const object = { kind: 'Host', namespace, name: host };
  const message = `Envoy's filter for Thrift cannot make the distinction of route ${name} to port ${port}: what it is for goes to the rules after it, or to the whole service.`;
  return finding('ISTH0701', { object, ...origin, path, message });
}
