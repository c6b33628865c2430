/** Registries around the pipeline: each ServiceRegistry is bridged, and what it said last is kept in the state folder. */

import type { RecordChange } from '../../delivery/files/record-journal.ts';
import { openRegistryRecords } from '../../delivery/files/registry-records.ts';
import { openRegistrySightings, type RegistrySighting } from '../../delivery/files/registry-sightings.ts';
import type { StateFolder } from '../../delivery/files/state-folder.ts';
import { systemClock } from '../../model/clock.ts';
import type { Finding } from '../../model/finding.ts';
import type { RegisteredService, RegistryStatus } from '../../model/registry.ts';
import type { Logger } from '../../operations/log.ts';
import { RegistryBridges } from '../../sources/registries/registry-bridges.ts';
import type { SecretStore } from '../../sources/registries/secret-contents.ts';
import type { Pipeline } from '../pipeline.ts';
import { ownAddresses } from './own-addresses.ts';
import { registryClients } from './registry-clients.ts';
import { ReleaseKeeping } from './release-keeping.ts';

export interface RegistryBridgingOptions {
  /** The state folder. */
  readonly folder: StateFolder;
  /** How long the start waits for registries of which nothing is known from an earlier run. */
  readonly waitMs: number;
  /** Addresses at which this control plane listens. */
  readonly listening: readonly string[];
  /** Where credentials are that stand in Secrets; absent outside of Kubernetes. */
  readonly secrets?: SecretStore;
  /** Called whenever a registry changed its state. */
  readonly onSeen: () => void;
  /** Whether it is for this replica to write what all have together. */
  readonly mayWrite: () => boolean;
  readonly log: Logger;
}

export interface RegistryBridging {
  /** Resolves when what registries hold can be served: seen, or known from an earlier run, or waited for long enough. */
  readonly servable: Promise<void>;
  statuses(): readonly RegistryStatus[];
  findings(): readonly Finding[];
  /**
   * Carries out what is held, at each replica that sees the same. The keys of the services concerned; undefined for an unknown
   * registry. Throws STATE where it cannot be kept for the others.
   */
  release(registry: string, service?: string): Promise<readonly string[] | undefined>;
  /** Clients that ask the registry itself for a service, as far as it tells. */
  callersOf(service: RegisteredService): readonly string[];
  /** How many of its instances trust refuses. */
  refusedOf(service: RegisteredService): number;
  /** Whether every registry was seen whole since the start. */
  readonly areSeen: boolean;
  close(): Promise<void>;
}

/** Begins to follow them. Throws STATE where the records cannot be read. */
export async function startRegistryBridging(
  pipeline: Pipeline,
  { folder, waitMs, listening, secrets, onSeen, mayWrite, log }: RegistryBridgingOptions,
): Promise<RegistryBridging> {
  const { engine, resources, mesh, registered } = pipeline;
  const records = await openRegistryRecords(folder);
  const sightings = await openRegistrySightings(folder);
  const states = new Map<string, string>();
  let releases: ReleaseKeeping | undefined;
  const bridges = new RegistryBridges({
    clients: registryClients,
    registered,
    batch: (change) => engine.batch(change),
    clock: systemClock,
    recordsOf: (registry) => [...records.records.values()].filter((service) => service.registry === registry),
    seenAt: (registry) => sightings.records.get(registry)?.at,
    note: (changes) => records.note(changes.map(({ key, service }) => ({ key, record: service }))),
    own: () => ownAddresses(pipeline, listening),
    ...(secrets === undefined ? {} : { secrets }),
    onStatus: (status) => {
      logState(status, states, log);
      onSeen();
      releases?.review();
    },
  });
  const stops = [
    engine.sink(resources.ServiceRegistry, bridges.follow),
    engine.sink(mesh.virtualIpRanges, bridges.reconsider),
  ];
  const kept = await ReleaseKeeping.open({ folder, bridges, mayWrite, log });
  releases = kept;
  const noteSightings = (): void => sightings.note(bridges.statuses().flatMap(sightingOf));
  const timer = setInterval(() => {
    noteSightings();
    kept.review();
  }, noteSightingsMs).unref();
  return {
    servable: bridges.untilServable(waitMs),
    statuses: () => bridges.statuses(),
    findings: () => [...bridges.findings(), ...records.findings(), ...sightings.findings()],
    release: (registry, service) => kept.release(registry, service),
    callersOf: (service) => bridges.callersOf(service),
    refusedOf: (service) => bridges.refusedOf(service),
    get areSeen() {
      return bridges.areSeen;
    },
    close: async () => {
      for (const stop of stops) stop();
      clearInterval(timer);
      noteSightings();
      await kept.close();
      await bridges.close();
      await records.close();
      await sightings.close();
    },
  };
}

const noteSightingsMs = 60_000;

function sightingOf({ registry, lastComplete }: RegistryStatus): readonly RecordChange<RegistrySighting>[] {
  return lastComplete === undefined ? [] : [{ key: registry, record: { key: registry, at: lastComplete } }];
}

function logState(
  { registry, state, reason, services, instances, held }: RegistryStatus,
  states: Map<string, string>,
  log: Logger,
): void {
  const said = `${state} ${reason} ${held.length}`;
  if (states.get(registry) === said) return;
  states.set(registry, said);
  const about = { registry, state, services, instances, held: held.length };
  if (state === 'stale') log.warn({ ...about, reason }, 'registry cannot be seen; what it said last stays in force');
  else if (held.length > 0) log.warn(about, 'registry lost much at once; deletions are held');
  else log.info(about, `registry is ${state}`);
}
