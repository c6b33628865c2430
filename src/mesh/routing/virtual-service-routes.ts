/**
 * Where requests of native Dubbo and Thrift ports go, by the VirtualService in force for their host: the http routes of the
 * mesh, read as routes of calls. `method` is the method that is called, headers are attachments or keys of a header.
 * Istio itself routes connections alone there, so that only what tells it of filters heeds these.
 */
import type { Collection, Context } from '../../collections/collection.ts';
import type { Engine } from '../../collections/engine.ts';
import { finding } from '../../model/finding.ts';
import type { RequestMatch, Route, RouteTable } from '../../model/route.ts';
import type { Service } from '../../model/service.ts';
import type { HttpRequestMatch, HttpRouteSpec, StringMatchSpec, VirtualService } from '../../resources/kinds.ts';
import { about, compareText } from '../resource-order.ts';
import { type DestinationTables, findDestination } from '../services/destinations.ts';
import { stringMatch } from './request-matches.ts';
import { routeTableKey } from './route-tables.ts';
import { isForMesh, type RuleInForce } from './virtual-services.ts';

/** Keyed by `<service key>|<port>`; only of ports that a VirtualService has routes for. */
export function virtualServiceRoutes(
  engine: Engine,
  tables: DestinationTables,
  inForce: Collection<RuleInForce>,
): Collection<RouteTable> {
  return engine.flatMap(
    'virtual service routes',
    tables.services,
    (service, context) => {
      const ports = service.ports.filter(
        ({ protocol }) => protocol.kind === 'native' && ['dubbo', 'thrift'].includes(protocol.protocol),
      );
      if (ports.length === 0) return [];
      const rule = context.get(inForce, service.key)?.rule;
      if (rule === undefined || rule.spec.http.length === 0) return [];
      return ports.map(({ number }) => routeTable(context, tables, service, number, rule));
    },
    { key: (table) => table.key },
  );
}

function routeTable(
  context: Context,
  tables: DestinationTables,
  { key, host, namespace }: Service,
  port: number,
  rule: VirtualService,
): RouteTable {
  const routes = rule.spec.http.flatMap((spec, at) => routesOf(context, tables, rule, spec, port, `spec.http[${at}]`));
  return { key: routeTableKey(key, port), host, namespace, port, routes, origin: about(rule) };
}

function routesOf(
  context: Context,
  tables: DestinationTables,
  rule: VirtualService,
  spec: HttpRouteSpec,
  port: number,
  path: string,
): readonly Route[] {
  reportUnread(context, rule, meaninglessParts(spec), path);
  if (spec.route.length === 0) {
    context.report(finding('ISTH0509', { ...about(rule), path, message: 'It has no destination, and is left out.' }));
    return [];
  }
  const destinations = spec.route.map((route, at) => {
    const missed = route.headers === undefined ? route.unread : [...route.unread, 'headers'];
    reportUnread(context, rule, missed, `${path}.route[${at}]`);
    const { host, subset = '', port: number } = route.destination;
    const wanted = { host, subset, ...(number === undefined ? {} : { port: { number } }) };
    const found = findDestination(context, tables, rule, wanted, port, `${path}.route[${at}].destination`);
    return { destination: found.destination, weight: route.weight ?? (spec.route.length === 1 ? 100 : 0) };
  });
  return matchesOf(context, rule, spec, port, path).map((match) => ({
    name: spec.name ?? '',
    path,
    match,
    destinations,
    requestMutation: [],
    responseMutation: [],
    hashProperties: [],
  }));
}

/** What asks for something that cannot be seen is for no request: the rest of it alone would be for more than was meant. */
function matchesOf(
  context: Context,
  rule: VirtualService,
  { match }: HttpRouteSpec,
  port: number,
  path: string,
): readonly RequestMatch[] {
  if (match.length === 0) return [[]];
  return match.flatMap((one, at) => {
    if (!isForMesh(one.gateways) || (one.port !== undefined && one.port !== port)) return [];
    const unseen = unseenParts(one);
    reportUnread(context, rule, unseen, `${path}.match[${at}]`);
    return unseen.length > 0 ? [] : [requestMatch(one)];
  });
}

function reportUnread(context: Context, rule: VirtualService, what: readonly string[], path: string): void {
  if (what.length === 0) return;
  const message = `Ports of Dubbo and Thrift have no ${what.join(', ')}.`;
  context.report(finding('ISTH0512', { ...about(rule), path, message }));
}

/** Calls have destinations, and nothing else of what is done with requests. */
function meaninglessParts(spec: HttpRouteSpec): readonly string[] {
  const { redirect, directResponse, rewrite, timeout, retries, fault, corsPolicy, headers, mirrors, unread } = spec;
  const parts = {
    corsPolicy,
    fault,
    headers,
    mirrors: mirrors.length > 0 || undefined,
    redirect,
    directResponse,
    retries,
    rewrite,
    timeout,
  };
  const written = Object.entries(parts).flatMap(([name, value]) => (value === undefined ? [] : [name]));
  return [...written, ...unread];
}

function unseenParts(match: HttpRequestMatch): readonly string[] {
  const { uri, authority, scheme, sourceLabels, sourceNamespace, withoutHeaders, queryParams, unread } = match;
  const isEmpty = (part: object) => Object.keys(part).length === 0;
  return [
    ...(uri === undefined ? [] : ['uri']),
    ...(authority === undefined ? [] : ['authority']),
    ...(isEmpty(sourceLabels) ? [] : ['sourceLabels']),
    ...(isEmpty(queryParams) ? [] : ['queryParams']),
    ...(scheme === undefined ? [] : ['scheme']),
    ...(sourceNamespace === undefined ? [] : ['sourceNamespace']),
    ...(isEmpty(withoutHeaders) ? [] : ['withoutHeaders']),
    ...unread,
  ];
}

function requestMatch({ method, headers }: HttpRequestMatch): RequestMatch {
  const parts: readonly (readonly [string, StringMatchSpec])[] = [
    ...(method === undefined ? [] : ([['method', method]] as const)),
    ...Object.entries(headers),
  ];
  return parts
    .map(([property, match]) => ({ property, match: stringMatch(match) }))
    .sort((a, b) => compareText(a.property, b.property));
}
