/** What rules ask of requests that the filter of stock Envoys which reads them does not do: a finding for each rule. */
import { type Finding, type FindingDetails, finding, type ObjectRef } from '../model/finding.ts';
import type { RequestMatch, Route, RouteTable } from '../model/route.ts';
import { isSeenInDubbo } from './envoy/dubbo-matches.ts';
import { isForUnnamedServices, servicesOf, thriftMatches } from './envoy/thrift-matches.ts';
import { heaviest } from './envoy/weighted-clusters.ts';

interface Abilities {
  /** Whether it can tell apart what the match is for. `all`: those of the table. */
  readonly sees: (match: RequestMatch, all: readonly RequestMatch[]) => boolean;
  /** For what it does not see. */
  readonly remedy: string;
  readonly weighs: boolean;
  readonly mirrors: boolean;
}

type About = Omit<FindingDetails, 'message'>;

const thrift: Abilities = {
  sees: (match, all) => thriftMatches(match, servicesOf(all)).length > 0,
  remedy:
    'Match method and service by exact values or plain alternatives (get|lists?), other properties being keys of THeader; or use metaproxy.',
  weighs: true,
  mirrors: true,
};

const dubbo: Abilities = {
  sees: isSeenInDubbo,
  remedy: 'Match interface, method, version or attachments; or use metaproxy.',
  weighs: false,
  mirrors: false,
};

export function unenforcedThrift(table: RouteTable, declaredBy: ObjectRef): readonly Finding[] {
  return unenforced(table, declaredBy, thrift, (about, whose, { match }) => blindness(about, whose, match));
}

export function unenforcedDubbo(table: RouteTable, declaredBy: ObjectRef): readonly Finding[] {
  return unenforced(table, declaredBy, dubbo, () => []);
}

function unenforced(
  table: RouteTable,
  declaredBy: ObjectRef,
  abilities: Abilities,
  more: (about: About, whose: string, route: Route) => readonly Finding[],
): readonly Finding[] {
  const matches = table.routes.map(({ match }) => match);
  return table.routes.flatMap((route, at) => {
    const path = route.path ?? `ports[${table.port}].routes[${at}]`;
    const about = { object: declaredBy, ...table.origin, ...route.origin, path };
    const whose = `of route ${route.name || at} to port ${table.port}`;
    return abilities.sees(route.match, matches)
      ? [...unmetRules(about, whose, route, abilities), ...more(about, whose, route)]
      : [unseen(about, whose, abilities)];
  });
}

function unseen(about: About, whose: string, { remedy }: Abilities): Finding {
  const message = `Stock Envoys cannot make the distinction ${whose}: what it is for goes where the rules after it say, or else to the whole service.`;
  return finding('ISTH0701', { ...about, path: `${about.path}.match`, message, remedy });
}

function unmetRules(about: About, whose: string, route: Route, { weighs, mirrors }: Abilities): readonly Finding[] {
  const { destinations, mirror, requestMutation, responseMutation, hashProperties } = route;
  const isSplit = destinations.filter(({ weight }) => weight > 0).length > 1;
  const rules: readonly (readonly [boolean, string])[] = [
    [!weighs && isSplit, `weights (all goes to ${heaviest(destinations)})`],
    [!mirrors && mirror !== undefined, 'mirror'],
    [requestMutation.length > 0, 'requestMutation'],
    [responseMutation.length > 0, 'responseMutation'],
    [hashProperties.length > 0, 'consistent hash by property'],
  ];
  const unmet = rules.flatMap(([applies, name]) => (applies ? [name] : []));
  if (unmet.length === 0) return [];
  return [finding('ISTH0701', { ...about, message: `Stock Envoys do not do the ${unmet.join(', ')} ${whose}.` })];
}

function blindness(about: About, whose: string, match: RequestMatch): readonly Finding[] {
  if (!isForUnnamedServices(match)) return [];
  const message = `Stock Envoys see the method ${whose} only in calls that name no service, or one that a rule names.`;
  return [finding('ISTH0711', { ...about, path: `${about.path}.match`, message })];
}
