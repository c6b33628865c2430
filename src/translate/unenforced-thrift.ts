/** What rules ask of Thrift calls that a stock Envoy's thrift_proxy does not do: a finding for each rule. */
import { type Finding, type FindingDetails, finding } from '../model/finding.ts';
import type { Route, RouteTable } from '../model/route.ts';
import { isForUnnamedServices, servicesOf, thriftMatches } from './envoy/thrift-matches.ts';

export function unenforcedThrift(table: RouteTable): readonly Finding[] {
  const object = { kind: 'Host', namespace: table.namespace, name: table.host };
  const services = servicesOf(table.routes.map(({ match }) => match));
  return table.routes.flatMap((route, at) => {
    const path = route.path ?? `ports[${table.port}].routes[${at}]`;
    const about = { object, ...table.origin, path };
    const whose = `of route ${route.name || at} to port ${table.port}`;
    return thriftMatches(route.match, services).length === 0
      ? [unseen(about, whose)]
      : [...unmetRules(about, whose, route), ...blindness(about, whose, route)];
  });
}

function unseen(about: Omit<FindingDetails, 'message'>, whose: string): Finding {
  const message = `Stock Envoys cannot make the distinction ${whose}: what it is for goes where the rules after it say, or else to the whole service.`;
  const remedy =
    'Match method and service by exact values or plain alternatives (get|lists?), other properties being keys of THeader; or use metaproxy.';
  return finding('ISTH0701', { ...about, path: `${about.path}.match`, message, remedy });
}

function unmetRules(about: Omit<FindingDetails, 'message'>, whose: string, route: Route): readonly Finding[] {
  const rules: readonly (readonly [boolean, string])[] = [
    [route.requestMutation.length > 0, 'requestMutation'],
    [route.responseMutation.length > 0, 'responseMutation'],
    [route.hashProperties.length > 0, 'consistent hash by property'],
  ];
  const unmet = rules.flatMap(([applies, name]) => (applies ? [name] : []));
  if (unmet.length === 0) return [];
  return [finding('ISTH0701', { ...about, message: `Stock Envoys do not do the ${unmet.join(', ')} ${whose}.` })];
}

function blindness(about: Omit<FindingDetails, 'message'>, whose: string, { match }: Route): readonly Finding[] {
  if (!isForUnnamedServices(match)) return [];
  const message = `Stock Envoys see the method ${whose} only in calls that name no service, or one that a rule names.`;
  return [finding('ISTH0711', { ...about, path: `${about.path}.match`, message })];
}
