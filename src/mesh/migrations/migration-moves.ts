/** A step of a migration, looked at before it is taken: whether what it depends on is there, and what it would change. */

import type { Endpoint } from '../../model/endpoint.ts';
import {
  isAtLeast,
  type MigrationPosition,
  type MigrationTimes,
  migrationStages,
  shareAt,
} from '../../model/migration.ts';
import type { MigrationCheck, MigrationMove } from '../../model/migration-status.ts';
import { protocolName, type Service } from '../../model/service.ts';
import { formatAddress } from '../../model/tcp-address.ts';
import type { LocatedEndpoint } from '../endpoints/workloads.ts';
import type { Mesh } from '../mesh.ts';
import { mixEndpoints, weightOf } from './migrating-endpoints.ts';
import type { MigratingPort, Migration } from './migrations.ts';

/** What of the mesh a step is judged by. */
export type MovingMesh = Pick<Mesh, 'hosts' | 'services' | 'meshServices' | 'registryHosts'>;

export interface MoveContext {
  readonly mesh: MovingMesh;
  readonly migration: Migration;
  readonly times: MigrationTimes | undefined;
  readonly now: number;
  /** Clients that ask the registry itself for the service, as far as it tells. */
  readonly callers: readonly string[];
}

export function describeMove(context: MoveContext, position: MigrationPosition): MigrationMove {
  return { position, checks: checksOf(context, position), changes: changesOf(context, position) };
}

function checksOf(context: MoveContext, position: MigrationPosition): readonly MigrationCheck[] {
  const { spec } = context.migration.plan;
  const share = shareOf(context.migration, position);
  const isBack = rankOf(context, position) < rankOf(context, { stage: spec.stage, ...shareOption(spec.share) });
  return [
    ...hostChecks(context, position),
    ...(isBack && share < 100 ? oldEndpointChecks(context) : []),
    ...(!isBack && share > 0 ? newEndpointChecks(context) : []),
    ...(!isBack ? orderChecks(context, position) : []),
  ];
}

function shareOption(share: number | undefined): { readonly share?: number } {
  return share === undefined ? {} : { share };
}

/** By the share that the new endpoints would have, and the stage where that is the same. */
function rankOf({ migration }: MoveContext, position: MigrationPosition): number {
  return shareOf(migration, position) * migrationStages.length + migrationStages.indexOf(position.stage);
}

function shareOf({ plan: { spec } }: Migration, { stage, share }: MigrationPosition): number {
  return shareAt(stage, { steps: spec.steps, ...shareOption(share) });
}

function hostChecks({ mesh, migration }: MoveContext, { stage }: MigrationPosition): readonly MigrationCheck[] {
  const { host, alias } = migration.plan.spec;
  if (migration.isRetired) {
    const isRegistered = [...mesh.registryHosts.values()].some((one) => one.host === host);
    return [{ what: `${host} is still registered`, isMet: isRegistered }];
  }
  const service = migration.from === undefined ? undefined : mesh.meshServices.get(migration.from);
  const checks = [{ what: `${host} is a host of the mesh, and the plan may move it`, isMet: service !== undefined }];
  if (isAtLeast(stage, 'Mirror'))
    checks.push({ what: `${host} has an address`, isMet: (service?.addresses.length ?? 0) > 0 });
  if (alias !== undefined && isAtLeast(stage, 'Alias')) {
    const isFree = !mesh.hosts.has(alias);
    checks.push({ what: `the alias ${alias} is no host of the mesh`, isMet: isFree });
  }
  return checks;
}

function oldEndpointChecks({ migration }: MoveContext): readonly MigrationCheck[] {
  const { host } = migration.plan.spec;
  return migration.ports.map(({ number, own }) => ({
    what: `port ${number} of ${host} has old endpoints that are healthy`,
    isMet: weightOf(own) > 0,
  }));
}

function newEndpointChecks({ mesh, migration }: MoveContext): readonly MigrationCheck[] {
  const { host, to } = migration.plan.spec;
  const [from, target] = [migration.from, migration.to].map((key) =>
    key === undefined ? undefined : mesh.services.get(key),
  );
  if (target === undefined) return [{ what: `${to.host} is a host of the mesh`, isMet: false }];
  return migration.ports.flatMap((port): readonly MigrationCheck[] => {
    const counterpart = { what: `port ${port.number} of ${host} has a counterpart`, isMet: port.toPort !== undefined };
    if (port.toPort === undefined) return [counterpart];
    const [spoken, offered] = [protocolAt(from, port.number), protocolAt(target, port.toPort)];
    return [
      counterpart,
      { what: `port ${port.toPort} of ${to.host} speaks ${spoken}, as it says ${offered}`, isMet: spoken === offered },
      { what: `port ${port.toPort} of ${to.host} has endpoints that are healthy`, isMet: weightOf(port.target) > 0 },
    ];
  });
}

function protocolAt(service: Service | undefined, port: number): string {
  const found = service?.ports.find(({ number }) => number === port);
  return found === undefined ? 'nothing' : protocolName(found.protocol);
}

function orderChecks(
  { migration, times, now, callers }: MoveContext,
  { stage }: MigrationPosition,
): readonly MigrationCheck[] {
  const { spec } = migration.plan;
  if (stage === 'CutOver' && !isAtLeast(spec.stage, 'Join'))
    return [{ what: 'the new endpoints have taken some requests before they take all', isMet: false }];
  if (stage !== 'Retire') return [];
  const quietFor = times?.cutOverSince === undefined ? 0 : now - times.cutOverSince;
  return [
    {
      what: `all requests have gone to the new endpoints for ${seconds(spec.quiet)} (so far ${seconds(quietFor)})`,
      isMet: times?.cutOverSince !== undefined && quietFor >= spec.quiet,
    },
    { what: 'an alias leads callers on when the host is gone', isMet: spec.alias !== undefined },
    ...(callers.length === 0
      ? []
      : [{ what: `nobody asks the registry itself for it any more (${callers.join(', ')})`, isMet: false }]),
  ];
}

function seconds(ms: number): string {
  return `${Math.floor(ms / 1000)}s`;
}

function changesOf({ mesh, migration }: MoveContext, position: MigrationPosition): readonly string[] {
  const { plan, share, ports } = migration;
  const wanted = shareOf(migration, position);
  const lines = ports.flatMap((port) => portChanges(port, share, wanted));
  const { host, to, alias } = plan.spec;
  const [before, after] = [aliasAt(migration, plan.spec), aliasAt(migration, position)];
  if (alias !== undefined && before !== after)
    lines.push(`${alias} -> ${after ?? 'no such name'} (was ${before ?? 'no such name'})`);
  const addresses = migration.from === undefined ? [] : (mesh.meshServices.get(migration.from)?.addresses ?? []);
  if (position.stage === 'Retire' && !migration.isRetired)
    lines.push(
      `${host} goes once it has been quiet for ${seconds(plan.spec.quiet)}; ${addresses.join(', ')} is kept for its return for a day`,
    );
  if (migration.isRetired && position.stage !== 'Retire')
    lines.push(`${host} comes back, with the address that it had`);
  return lines.length === 0 ? [`nothing for callers of ${host} or ${to.host}`] : lines;
}

function aliasAt({ plan: { spec } }: Migration, { stage }: MigrationPosition): string | undefined {
  if (!isAtLeast(stage, 'Alias')) return undefined;
  return isAtLeast(stage, 'CutOver') ? spec.to.host : spec.host;
}

/** Each endpoint whose part of the requests changes. */
function portChanges(port: MigratingPort, share: number, wanted: number): readonly string[] {
  const [before, after] = [share, wanted].map((one) => partsOf(mixEndpoints(port, one)));
  const addresses = [...new Set([...(before?.keys() ?? []), ...(after?.keys() ?? [])])].sort();
  return addresses.flatMap((address) => {
    const [old, fresh] = [before?.get(address) ?? 0, after?.get(address) ?? 0];
    return old === fresh ? [] : [`port ${port.number}: ${address} takes ${fresh} % of requests (was ${old} %)`];
  });
}

/** Percent of requests, to a tenth, by address. */
function partsOf(endpoints: readonly LocatedEndpoint[]): ReadonlyMap<string, number> {
  const total = weightOf(endpoints);
  return new Map(
    endpoints.map(({ endpoint }) => [
      nameOf(endpoint),
      endpoint.health === 'healthy' && total > 0 ? Math.round((1000 * endpoint.weight) / total) / 10 : 0,
    ]),
  );
}

function nameOf({ address, port }: Endpoint): string {
  return address.startsWith('unix://') ? address : formatAddress(address, port);
}
