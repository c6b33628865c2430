/**
 * Services that move to other endpoints by a MigrationPlan. What is wrong with a plan is a finding, and requests go on as
 * they went.
 *
 *   plans, services, endpoint sources --> migrations --> in force: one a service --> (endpoint groups)
 *                                                                 `--> aliases --> (names)
 *   plans, those that are quiet --> retired hosts --> (declarations of registries)
 */
import type { Collection, Context, Index } from '../../collections/collection.ts';
import type { Engine } from '../../collections/engine.ts';
import { finding, formatObject, type ObjectRef } from '../../model/finding.ts';
import type { MeshSettings } from '../../model/mesh-service.ts';
import { isAtLeast, shareAt } from '../../model/migration.ts';
import { protocolName, type Service, type ServiceKey, type ServicePort } from '../../model/service.ts';
import type { MigrationPlan } from '../../resources/kinds.ts';
import { distinctEndpoints } from '../endpoints/distinct-endpoints.ts';
import type { EndpointSource } from '../endpoints/endpoint-source.ts';
import { about, byAge } from '../resource-order.ts';
import { findService, type HostServices } from '../services/services.ts';
import { settingsOf } from '../settings.ts';
import { type MigratingEndpoints, weightOf } from './migrating-endpoints.ts';
import { isRetired, mayMove } from './retired-hosts.ts';

export interface MigratingPort extends MigratingEndpoints {
  readonly number: number;
  /** Of the new service; absent where none of its ports belongs to this one: all stays as it is. */
  readonly toPort?: number;
}

export interface Migration {
  /** Of the plan. */
  readonly key: string;
  readonly plan: MigrationPlan;
  /** Absent where nobody declares the host: a mistake, or it is retired. */
  readonly from?: ServiceKey;
  readonly to?: ServiceKey;
  /** The percentage of requests that the new endpoints are to take. */
  readonly share: number;
  /** Those of the service that moves. */
  readonly ports: readonly MigratingPort[];
  readonly isRetired: boolean;
}

/** A name that leads to the one or the other host. */
export interface Alias {
  readonly host: string;
  readonly namespace: string;
  readonly target: string;
  /** Who asks for it. */
  readonly plan: ObjectRef;
}

export interface MigrationTables {
  readonly settings: Collection<MeshSettings>;
  readonly services: Collection<Service>;
  readonly hosts: Collection<HostServices>;
  readonly sources: Index<EndpointSource>;
  readonly plans: Collection<MigrationPlan>;
  readonly quiet: Collection<string>;
}

/** One a plan; keyed by the plan's key. */
export function migrations(engine: Engine, tables: MigrationTables): Collection<Migration> {
  return engine.map('migrations', tables.plans, (plan, context) => migrationOf(plan, context, tables));
}

/** The plan that counts for a service: the first. Keyed by the service's key; of a host that nobody declares, by `/<host>`. */
export function migrationsInForce(engine: Engine, all: Collection<Migration>): Collection<Migration> {
  return engine.groupBy(
    'migrations in force',
    all,
    ({ from, plan }) => [from ?? `/${plan.spec.host}`],
    (_, members, context) => {
      const [first, ...others] = members.toSorted((a, b) => byAge(a.plan, b.plan));
      for (const { plan } of others) {
        const message = `${formatObject(about(first?.plan ?? plan).object)} is in force for ${plan.spec.host} instead.`;
        context.report(finding('ISTH1103', { ...about(plan), path: 'spec.host', message }));
      }
      return first;
    },
  );
}

/** Keyed by the alias. */
export function aliases(
  engine: Engine,
  inForce: Collection<Migration>,
  hosts: Collection<HostServices>,
): Collection<Alias> {
  return engine.groupBy(
    'aliases',
    inForce,
    ({ plan: { spec }, from, isRetired: isGone }) => {
      const isServed = isAtLeast(spec.stage, 'Alias') && (from !== undefined || isGone);
      return isServed && spec.alias !== undefined ? [spec.alias] : [];
    },
    (alias, members, context): Alias | undefined => {
      const sorted = members.toSorted((a, b) => byAge(a.plan, b.plan));
      const isDeclared = context.get(hosts, alias) !== undefined;
      for (const { plan } of isDeclared ? sorted : sorted.slice(1)) {
        const message = `${alias} is ${isDeclared ? 'a host of the mesh' : 'the alias of another plan'}.`;
        context.report(finding('ISTH1107', { ...about(plan), path: 'spec.alias', message }));
      }
      const [first] = sorted;
      if (first === undefined || isDeclared) return undefined;
      const { object: plan } = about(first.plan);
      return { host: alias, namespace: first.plan.metadata.namespace, target: aliasTarget(first), plan };
    },
  );
}

/** The new host as soon as all requests go to its endpoints. */
function aliasTarget({ plan: { spec }, to, ports, isRetired: isGone }: Migration): string {
  const isThere = to !== undefined && ports.every((port) => weightOf(port.target) > 0);
  return isGone || (isAtLeast(spec.stage, 'CutOver') && isThere) ? spec.to.host : spec.host;
}

function migrationOf(plan: MigrationPlan, context: Context, tables: MigrationTables): Migration {
  const { spec } = plan;
  const gone = isRetired(plan, context, tables.quiet);
  const [from, to] = [spec.host, spec.to.host].map((host) => serviceOf(host, plan, context, tables));
  if (from === undefined && !gone) unknownHost(plan, 'spec.host', spec.host, context);
  if (to === undefined) unknownHost(plan, 'spec.to.host', spec.to.host, context);
  const isAllowed = from === undefined || isOwn(plan, from, context, tables);
  const counts = from !== undefined && isAllowed;
  if (counts) reportStage(plan, from, gone, context);
  const share = to === undefined ? 0 : shareAt(spec.stage, spec);
  const ports = counts ? from.ports.map((port) => migratingPort(plan, from, port, to, context, tables)) : [];
  for (const port of ports) reportShare(plan, port, share, context);
  return {
    key: plan.key,
    plan,
    ...(counts ? { from: from.key } : {}),
    ...(to === undefined ? {} : { to: to.key }),
    share,
    ports,
    isRetired: gone && isAllowed,
  };
}

function serviceOf(host: string, plan: MigrationPlan, context: Context, tables: MigrationTables): Service | undefined {
  const { clusterDomain } = settingsOf(context, tables.settings);
  const key = findService(context, tables.hosts, host, plan.metadata.namespace, clusterDomain);
  return key === undefined ? undefined : context.get(tables.services, key);
}

function unknownHost(plan: MigrationPlan, path: string, host: string, context: Context): void {
  const message = `There is no host ${host} that namespace ${plan.metadata.namespace} may see.`;
  context.report(finding('ISTH1101', { ...about(plan), path, message }));
}

function isOwn(plan: MigrationPlan, from: Service, context: Context, { settings }: MigrationTables): boolean {
  if (mayMove(plan.metadata.namespace, from.namespace, settingsOf(context, settings))) return true;
  const message = `${from.host} belongs to namespace ${from.namespace}; the plan is not in force.`;
  context.report(finding('ISTH1104', { ...about(plan), path: 'spec.host', message }));
  return false;
}

function reportStage(plan: MigrationPlan, from: Service, gone: boolean, context: Context): void {
  if (plan.spec.stage !== 'Retire') return;
  const object = formatObject(from.provenance.object);
  if (from.provenance.source !== 'registry') {
    const message = `${from.host} is declared by ${object}, and stays.`;
    context.report(finding('ISTH1109', { ...about(plan), path: 'spec.stage', message }));
  } else if (!gone) {
    const message = `${from.host} stays until its new endpoints have had all requests for spec.quiet.`;
    context.report(finding('ISTH1106', { ...about(plan), path: 'spec.stage', message }));
  }
}

function reportShare(plan: MigrationPlan, port: MigratingPort, share: number, context: Context): void {
  if (share === 0 || port.toPort === undefined || weightOf(port.target) > 0) return;
  const { host, to } = plan.spec;
  const message = `No endpoint of ${to.host} is healthy at port ${port.toPort}: port ${port.number} of ${host} stays with the old ones.`;
  context.report(finding('ISTH1102', { ...about(plan), path: 'spec.to.host', message }));
}

function migratingPort(
  plan: MigrationPlan,
  from: Service,
  port: ServicePort,
  to: Service | undefined,
  context: Context,
  { sources }: MigrationTables,
): MigratingPort {
  const own = distinctEndpoints(from, port, context.lookup(sources, from.key), (one) => context.report(one));
  const { number } = port;
  if (to === undefined) return { number, own, target: [] };
  const { counterpart, problem } = findCounterpart(plan, from, port, to);
  if (counterpart === undefined) {
    const isReported = isAtLeast(plan.spec.stage, 'Join');
    if (isReported) context.report(finding('ISTH1105', { ...about(plan), path: 'spec.to.ports', message: problem }));
    return { number, own, target: [] };
  }
  const target = distinctEndpoints(to, counterpart, context.lookup(sources, to.key), () => {});
  return { number, toPort: counterpart.number, own, target };
}

type Counterpart =
  | { readonly counterpart: ServicePort; readonly problem?: never }
  | { readonly counterpart?: never; readonly problem: string };

/** The port that is named, else that of the same number, of the same name, or the only one of the only one. */
function findCounterpart({ spec }: MigrationPlan, from: Service, port: ServicePort, to: Service): Counterpart {
  const named = spec.to.ports.find((one) => one.from === port.number);
  const counterpart =
    named === undefined
      ? (to.ports.find(({ number }) => number === port.number) ??
        to.ports.find(({ name }) => name === port.name) ??
        (to.ports.length === 1 && from.ports.length === 1 ? to.ports[0] : undefined))
      : to.ports.find(({ number }) => number === named.to);
  const [old, fresh] = [`Port ${port.number} of ${from.host}`, to.host];
  if (counterpart === undefined) return { problem: `${old} has no counterpart at ${fresh}.` };
  if (from.resolution !== 'static' || to.resolution !== 'static')
    return { problem: `${old} and ${fresh} cannot be mixed: endpoints that are found by DNS have no weights.` };
  const [spoken, offered] = [port, counterpart].map(({ protocol }) => protocolName(protocol));
  // Of a port that says nothing of its protocol anything may be true.
  if (spoken !== offered && spoken !== 'tcp' && offered !== 'tcp')
    return { problem: `${old} speaks ${spoken}, and port ${counterpart.number} of ${fresh} ${offered}.` };
  return { counterpart };
}
