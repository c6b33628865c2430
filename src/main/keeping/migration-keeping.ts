/** Migrations around the pipeline: since when each is at its stage is kept in the state folder, and shown with its next step. */
import type { Diff } from '../../collections/collection.ts';
import { MigrationKeeper } from '../../delivery/files/migration-keeper.ts';
import type { StateFolder } from '../../delivery/files/state-folder.ts';
import type { LocatedEndpoint } from '../../mesh/endpoints/workloads.ts';
import { migrationLabel, mixEndpoints, weightOf } from '../../mesh/migrations/migrating-endpoints.ts';
import { describeMove, type MoveContext } from '../../mesh/migrations/migration-moves.ts';
import type { MigratingPort, Migration } from '../../mesh/migrations/migrations.ts';
import { systemClock } from '../../model/clock.ts';
import type { Finding } from '../../model/finding.ts';
import {
  type MigrationPosition,
  type MigrationProgress,
  nextPosition,
  previousPosition,
} from '../../model/migration.ts';
import type { MigrationPortStatus, MigrationSide, MigrationStatus } from '../../model/migration-status.ts';
import type { RegisteredService } from '../../model/registry.ts';
import type { Pipeline } from '../pipeline.ts';
import { sortedValues } from '../views/admin-views.ts';

export interface MigrationKeeping {
  statuses(): readonly MigrationStatus[];
  /** With the step to a position, where one is asked for; undefined for an unknown plan. */
  status(namespace: string, name: string, position?: MigrationPosition): MigrationStatus | undefined;
  findings(): readonly Finding[];
  close(): Promise<void>;
}

/** Throws STATE where the records cannot be read. */
export async function startMigrationKeeping(
  pipeline: Pipeline,
  folder: StateFolder,
  callersOf: (service: RegisteredService) => readonly string[],
): Promise<MigrationKeeping> {
  const { engine, mesh, quietMigrations } = pipeline;
  const keeper = await MigrationKeeper.open({
    folder,
    quiet: quietMigrations,
    batch: (change) => engine.batch(change),
  });
  const progress = engine.map('migration progress', mesh.migrationsByPlan, progressOf);
  const stop = engine.sink(progress, (diff: Diff<MigrationProgress>) => keeper.accept(diff));
  const contextOf = (migration: Migration): MoveContext => ({
    mesh,
    migration,
    times: keeper.times(migration.key),
    callers: registeredBehind(pipeline, migration).flatMap(callersOf),
    now: systemClock.now(),
  });
  return {
    statuses: () => sortedValues(mesh.migrationsByPlan).map((migration) => statusOf(contextOf(migration))),
    status: (namespace, name, position) => {
      const migration = mesh.migrationsByPlan.get(`MigrationPlan/${namespace}/${name}`);
      return migration === undefined ? undefined : statusOf(contextOf(migration), position);
    },
    findings: () => keeper.findings(),
    close: async () => {
      stop();
      await keeper.close();
    },
  };
}

function registeredBehind({ mesh, registered }: Pipeline, { plan }: Migration): readonly RegisteredService[] {
  return [...mesh.registryHosts.values()]
    .filter(({ host }) => host === plan.spec.host)
    .flatMap(({ key }) => registered.get(key) ?? []);
}

function progressOf({ key, plan, share, from, ports }: Migration): MigrationProgress {
  const isTaken = ports.every(({ target }) => weightOf(target) > 0);
  const { stage, quiet } = plan.spec;
  return { key, stage, share, quiet, takers: from === undefined ? 'unknown' : isTaken ? 'there' : 'missing' };
}

function statusOf(context: MoveContext, asked?: MigrationPosition): MigrationStatus {
  const { mesh, migration, times } = context;
  const { spec, metadata } = migration.plan;
  const next = nextPosition(spec, spec);
  const previous = previousPosition(spec, spec);
  return {
    namespace: metadata.namespace,
    name: metadata.name,
    host: spec.host,
    to: spec.to.host,
    ...(spec.alias === undefined ? {} : { alias: spec.alias }),
    stage: spec.stage,
    share: migration.share,
    ...(times === undefined ? {} : { since: times.since }),
    addresses: migration.from === undefined ? [] : (mesh.meshServices.get(migration.from)?.addresses ?? []),
    isRetired: migration.isRetired,
    callers: context.callers,
    ports: migration.ports.map((port) => portStatus(port, migration.share)),
    ...(next === undefined ? {} : { next: describeMove(context, next) }),
    ...(previous === undefined ? {} : { previous: describeMove(context, previous) }),
    ...(asked === undefined ? {} : { move: describeMove(context, asked) }),
  };
}

function portStatus(port: MigratingPort, share: number): MigrationPortStatus {
  const mixed = mixEndpoints(port, share);
  const fresh = mixed.filter(({ endpoint }) => endpoint.labels[migrationLabel] === 'to');
  const total = weightOf(mixed);
  return {
    port: port.number,
    ...(port.toPort === undefined ? {} : { toPort: port.toPort }),
    from: sideOf(port.own),
    to: sideOf(port.target),
    share: total === 0 ? 0 : Math.round((1000 * weightOf(fresh)) / total) / 10,
  };
}

function sideOf(endpoints: readonly LocatedEndpoint[]): MigrationSide {
  const healthy = endpoints.filter(({ endpoint }) => endpoint.health === 'healthy');
  return { endpoints: endpoints.length, healthy: healthy.length };
}
