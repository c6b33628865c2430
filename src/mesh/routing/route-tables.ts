/**
 * A route table for each MetaProtocol port: the routes of the MetaRouter in force for its host, or one default route,
 * which a TrafficSplit can spread over other services.
 */
import type { Collection, Context, Index } from '../../collections/collection.ts';
import type { Engine } from '../../collections/engine.ts';
import { type FindingDetails, finding, formatObject } from '../../model/finding.ts';
import type { CodecAbilities } from '../../model/protocol.ts';
import type { Mirror, Route, RouteTable, WeightedDestination } from '../../model/route.ts';
import { type Service, type ServicePort, serviceKey } from '../../model/service.ts';
import { type PortSplit, type ServiceSplits, splitOfConnections } from '../../model/traffic-split.ts';
import type { MetaRouter, MetaRouteSpec } from '../../resources/kinds.ts';
import { about } from '../resource-order.ts';
import {
  type DestinationTables,
  type FoundDestination,
  findDestination,
  hashPropertyOf,
} from '../services/destinations.ts';
import { visibilityOf } from '../services/visibility.ts';
import { type HostRule, ruleFor } from '../traffic/host-rules.ts';
import { unmetRules } from './codec-abilities.ts';
import { globalRateLimit, localRateLimit, requestMatch } from './request-matches.ts';

interface RouteInputs extends DestinationTables {
  readonly codecAbilities: Collection<CodecAbilities>;
  /** By service key. */
  readonly splits: Collection<ServiceSplits>;
}

/** Keyed by `<service key>|<port>`. */
export function routeTables(
  engine: Engine,
  tables: RouteInputs,
  routers: Index<HostRule<MetaRouter>>,
): Collection<RouteTable> {
  return engine.flatMap(
    'route tables',
    tables.services,
    (service, context) => {
      const router = ruleFor(context, routers, service);
      const ports = service.ports.filter((port) => port.protocol.kind === 'metaprotocol');
      if (router !== undefined && ports.length === 0) {
        context.report(finding('ISTH0508', { ...about(router), message: `${service.host} has no MetaProtocol port.` }));
      }
      if (router !== undefined) reportUnmet(router, ports, context, tables);
      return ports.map((port) => routeTable(context, tables, service, port.number, router));
    },
    { key: (table) => table.key },
  );
}

/** Once for each protocol of the service's ports. */
function reportUnmet(router: MetaRouter, ports: readonly ServicePort[], context: Context, tables: RouteInputs): void {
  const protocols = ports.flatMap(({ protocol }) => (protocol.kind === 'metaprotocol' ? protocol.application : []));
  for (const protocol of new Set(protocols)) {
    const abilities = context.get(tables.codecAbilities, protocol);
    if (abilities === undefined) continue;
    for (const rule of unmetRules(router, protocol, abilities))
      context.report(finding('ISTH0510', { ...about(router), ...rule }));
  }
}

export function routeTableKey(service: string, port: number): string {
  return `${service}|${port}`;
}

function routeTable(
  context: Context,
  tables: RouteInputs,
  service: Service,
  port: number,
  router: MetaRouter | undefined,
): RouteTable {
  const { key, host, namespace } = service;
  const specs = router?.spec.routes ?? [];
  const split = context.get(tables.splits, key)?.ports[port];
  if (router !== undefined && specs.length > 0) reportOverruled(split, router, port, context);
  const routes =
    router === undefined || specs.length === 0
      ? [defaultRoute(context, tables, service, port, split)]
      : specs.flatMap((spec, at) => metaRoute(context, tables, router, spec, port, `spec.routes[${at}]`));
  const { localRateLimit: local, globalRateLimit: global } = router?.spec ?? {};
  return {
    key: routeTableKey(key, port),
    host,
    namespace,
    port,
    routes,
    ...(local === undefined ? {} : { localRateLimit: localRateLimit(local) }),
    ...(global === undefined ? {} : { globalRateLimit: globalRateLimit(global) }),
    ...(router === undefined ? {} : { origin: about(router) }),
    ...(router === undefined || specs.length === 0
      ? {}
      : exportOf(router, () => [defaultRoute(context, tables, service, port, split)])),
  };
}

function exportOf(router: MetaRouter, routesElsewhere: () => readonly Route[]): Pick<RouteTable, 'exportedTo'> {
  const visibility = visibilityOf(router.spec.exportTo, router.metadata.namespace);
  if (visibility.kind === 'public') return {};
  return { exportedTo: { namespaces: visibility.namespaces, routesElsewhere: routesElsewhere() } };
}

function defaultRoute(
  context: Context,
  tables: DestinationTables,
  { host, namespace }: Service,
  port: number,
  split: PortSplit | undefined,
): Route {
  const own = [{ destination: { host, port, subset: '' }, weight: 100 }];
  const destinations = splitOfConnections(split, host, port) ?? own;
  const origin = split?.find(({ requests }) => requests === 'any')?.origin;
  const hashProperties = destinations.flatMap(
    // Backends of a split are of its root's namespace.
    ({ destination }) =>
      hashPropertyOf(context.get(tables.hostPolicies, serviceKey(namespace, destination.host)), port, '') ?? [],
  );
  return {
    name: 'default',
    match: [],
    destinations,
    ...(origin === undefined ? {} : { origin, path: 'spec.backends' }),
    requestMutation: [],
    responseMutation: [],
    hashProperties: [...new Set(hashProperties)],
  };
}

/** Who writes routes for a host says all of where its requests go. */
function reportOverruled(split: PortSplit | undefined, router: MetaRouter, port: number, context: Context): void {
  for (const { origin } of split ?? []) {
    const message = `The routes of ${formatObject(about(router).object)} are in force for port ${port} instead.`;
    context.report(finding('ISTH1337', { ...origin, path: 'spec.service', message }));
  }
}

function metaRoute(
  context: Context,
  tables: DestinationTables,
  router: MetaRouter,
  spec: MetaRouteSpec,
  port: number,
  path: string,
): readonly Route[] {
  const found = spec.route.map(({ destination }, at) =>
    findDestination(context, tables, router, destination, port, `${path}.route[${at}].destination`),
  );
  const report = (message: string) => context.report(finding('ISTH0509', { ...about(router), path, message }));
  if (found.length === 0) {
    report('It has no destination, and is left out.');
    return [];
  }
  const mirrored = spec.mirror && findDestination(context, tables, router, spec.mirror, port, `${path}.mirror`);
  const route: Route = {
    name: spec.name ?? '',
    path,
    match: requestMatch(spec.match),
    destinations: weighted(spec, found, report),
    requestMutation: spec.requestMutation ?? [],
    responseMutation: spec.responseMutation ?? [],
    hashProperties: [...new Set(found.flatMap(({ hashProperty }) => hashProperty ?? []))],
  };
  return [mirrored === undefined ? route : { ...route, mirror: mirror(spec, mirrored) }];
}

/** The weight of a single destination does not matter. A proxy takes no set of weights that are all 0. */
function weighted(
  spec: MetaRouteSpec,
  found: readonly FoundDestination[],
  report: (message: FindingDetails['message']) => void,
): readonly WeightedDestination[] {
  if (found.length === 1) return found.map(({ destination }) => ({ destination, weight: 100 }));
  const weights = found.map((_, at) => spec.route[at]?.weight ?? 0);
  const isNothing = weights.every((weight) => weight === 0);
  if (isNothing) report('All weights are 0: its destinations share the requests equally.');
  return found.map(({ destination }, at) => ({ destination, weight: isNothing ? 1 : (weights[at] ?? 0) }));
}

/** Aeraki's rule: no percentage, or 0, mirrors everything. */
function mirror(spec: MetaRouteSpec, { destination }: FoundDestination): Mirror {
  return { destination, percentage: Math.min(100, spec.mirrorPercentage?.value || 100) };
}
