/**
 * TrafficSplits: where what callers send to a service goes instead.
 *
 *   TrafficSplit + the services and groups that it names --> split definitions --+
 *                                                                                +--> splits of a service, by port
 *   other splits of the same root ----------------------------------------------+
 *   access of the root and of its backends --> split callers
 *
 * A split is for services of its own namespace. Splits of a backend do not apply to what comes by way of a split, and a
 * root that is its own backend stands for its own endpoints. Nothing here depends on an endpoint, or on what no split
 * names.
 */
import type { Collection, Context } from '../../collections/collection.ts';
import type { Engine } from '../../collections/engine.ts';
import type { RequestCondition } from '../../model/access.ts';
import { finding, formatObject } from '../../model/finding.ts';
import type { ServiceSecurity } from '../../model/mesh-service.ts';
import { isHttp, type Service, type ServiceKey, type ServicePort } from '../../model/service.ts';
import type { ServiceSplits, SplitCallers, SplitRoute } from '../../model/traffic-split.ts';
import { type HTTPRouteGroup, resourceKey, type TrafficSplit } from '../../resources/kinds.ts';
import { about, byAge, type Described } from '../resource-order.ts';
import { ownService, type ServiceTables } from '../services/own-service.ts';
import { destinationsOf, usableBackends } from './split-backends.ts';

interface SplitTables extends ServiceTables {
  readonly trafficSplits: Collection<TrafficSplit>;
  readonly routeGroups: Collection<HTTPRouteGroup>;
}

/** One split for itself. */
interface SplitDefinition {
  readonly root: ServiceKey;
  readonly split: Described;
  /** Names of groups, sorted; empty for every request. */
  readonly groups: readonly string[];
  /** By port. */
  readonly routes: Readonly<Record<number, SplitRoute>>;
  readonly backends: readonly ServiceKey[];
}

/** Keyed by service key. */
export function serviceSplits(engine: Engine, tables: SplitTables): Collection<ServiceSplits> {
  const definitions = engine.map('split definitions', tables.trafficSplits, (split, context) =>
    defineSplit(split, context, tables),
  );
  return engine.groupBy(
    'service splits',
    definitions,
    ({ root }) => [root],
    (_, members, context) => splitsOf(members, context),
  );
}

function defineSplit(split: TrafficSplit, context: Context, tables: SplitTables): SplitDefinition | undefined {
  const { kind, key, metadata, spec } = split;
  const root = ownService(metadata.namespace, spec.service, context, tables);
  if (root === undefined) {
    const message = `There is no ${spec.service} in namespace ${metadata.namespace}: nothing is split.`;
    context.report(finding('ISTH1330', { ...about(split), path: 'spec.service', message }));
    return undefined;
  }
  const backends = usableBackends(split, context, tables);
  const requests = requestsOf(split, context, tables);
  const ports = splitPorts(split, root, context);
  const routes = ports.map((port): readonly [number, SplitRoute] => {
    const destinations = destinationsOf(split, port, backends, context);
    return [port.number, { origin: about(split), requests, destinations }];
  });
  return {
    root: root.key,
    split: { kind, key, metadata },
    groups: spec.matches.toSorted(),
    routes: Object.fromEntries(routes),
    backends: backends.filter(({ weight }) => weight > 0).map(({ service }) => service.key),
  };
}

/** Those of all groups together. A group that is not there stands for no request. */
function requestsOf(
  split: TrafficSplit,
  context: Context,
  { routeGroups }: SplitTables,
): readonly RequestCondition[] | 'any' {
  const { namespace } = split.metadata;
  const { matches } = split.spec;
  if (matches.length === 0) return 'any';
  return matches.flatMap((name, at) => {
    const group = context.get(routeGroups, resourceKey('HTTPRouteGroup', namespace, name));
    if (group === undefined) {
      const message = `There is no valid HTTPRouteGroup ${name} in namespace ${namespace}: no request is meant by it.`;
      context.report(finding('ISTH1334', { ...about(split), path: `spec.matches[${at}].name`, message }));
    }
    return (group?.spec.matches ?? []).map(({ pathRegex, methods, headers }) => ({ pathRegex, methods, headers }));
  });
}

/** Requests can be chosen where HTTP is spoken, connections everywhere. */
function splitPorts(split: TrafficSplit, root: Service, context: Context): readonly ServicePort[] {
  if (split.spec.matches.length === 0) return root.ports;
  const others = root.ports.filter(({ protocol }) => !isHttp(protocol)).map(({ number }) => number);
  if (others.length > 0) {
    const message = `Of ${root.host}, ports ${others.join(', ')} do not speak HTTP as far as is known: nothing of them is split.`;
    context.report(finding('ISTH1336', { ...about(split), path: 'spec.matches', message }));
  }
  return root.ports.filter(({ protocol }) => isHttp(protocol));
}

/** Splits that choose requests come first, so that they can be exceptions; then the older, then the smaller name. */
function splitsOf(members: readonly SplitDefinition[], context: Context): ServiceSplits | undefined {
  const [first] = members;
  if (first === undefined) return undefined;
  const sorted = members.toSorted(
    (a, b) => Number(a.groups.length === 0) - Number(b.groups.length === 0) || byAge(a.split, b.split),
  );
  const effective = sorted.filter((one, at) => !isShadowed(one, sorted.slice(0, at), context));
  const ports: Record<number, readonly SplitRoute[]> = {};
  for (const { routes } of effective) {
    for (const [port, route] of Object.entries(routes)) ports[Number(port)] = [...(ports[Number(port)] ?? []), route];
  }
  const backends = new Set(effective.flatMap((one) => one.backends));
  backends.delete(first.root);
  return { key: first.root, ports, backends: [...backends].sort() };
}

/** What is for the same requests as one before it never comes to its turn. */
function isShadowed(one: SplitDefinition, earlier: readonly SplitDefinition[], context: Context): boolean {
  const winner = earlier.find(({ groups }) => groups.join() === one.groups.join());
  if (winner === undefined) return false;
  const message = `${formatObject(about(winner.split).object)} is in force for the same requests instead.`;
  context.report(finding('ISTH1335', { ...about(one.split), path: 'spec.service', message }));
  return true;
}

/** Keyed by service key: who has to see the listeners of a service with splits. None where plaintext is spoken. */
export function splitCallers(
  engine: Engine,
  splits: Collection<ServiceSplits>,
  securities: Collection<ServiceSecurity>,
): Collection<SplitCallers> {
  return engine.map('split callers', splits, ({ key, backends }, context): SplitCallers | undefined => {
    if (context.get(securities, key) === undefined) return undefined;
    const callers = new Set<string>();
    for (const service of [key, ...backends]) {
      const own = context.get(securities, service)?.callers ?? 'any';
      if (own === 'any') return { key, callers: 'any' };
      for (const caller of own) callers.add(caller);
    }
    return { key, callers: [...callers].sort() };
  });
}
