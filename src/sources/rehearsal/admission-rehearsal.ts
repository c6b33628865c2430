/**
 * What would be said of an object in the mesh as it is now: a mesh model of its own, which is given the object, asked, and put
 * back as it was. It costs what the change costs. It is made when somebody first asks, follows the resources while it is asked,
 * and goes when nobody asks any more; a mesh that is too large to be had twice is not rehearsed, and its objects have what is
 * said of them in their status.
 */
import type { Collection, Table } from '../../collections/collection.ts';
import type { Engine } from '../../collections/engine.ts';
import type { Clock } from '../../model/clock.ts';
import { type Finding, formatObject, type ObjectRef } from '../../model/finding.ts';
import type { RegisteredService } from '../../model/registry.ts';
import type { VirtualIpLease } from '../../model/virtual-ip.ts';
import type { AnyResource, Kind } from '../../resources/kinds.ts';
import { type SourceTables, setStates, tableOf } from '../resource-tables.ts';

/** A mesh model, and what it is derived from. */
export interface RehearsedMesh {
  readonly engine: Engine;
  readonly sourced: SourceTables;
  /** Of all sources. */
  readonly resources: Readonly<Record<Kind, Collection<AnyResource>>>;
  readonly registered: Table<RegisteredService>;
  readonly leases: Table<VirtualIpLease>;
}

export interface RehearsalOptions {
  /** One of which nothing is known yet. */
  readonly build: () => RehearsedMesh;
  readonly clock: Clock;
  readonly mostResources?: number;
  readonly idleMs?: number;
}

export class AdmissionRehearsal {
  readonly #mesh: RehearsedMesh;
  readonly #build: () => RehearsedMesh;
  readonly #clock: Clock;
  readonly #mostResources: number;
  readonly #idleMs: number;
  #copy: MeshCopy | undefined;
  #cancel: () => void = () => {};

  constructor(mesh: RehearsedMesh, { build, clock, mostResources = 3_000, idleMs = 60_000 }: RehearsalOptions) {
    this.#mesh = mesh;
    this.#build = build;
    this.#clock = clock;
    this.#mostResources = mostResources;
    this.#idleMs = idleMs;
  }

  /** Of this object, as things are: warnings and errors of the mesh, not of the object alone. None while it is being made. */
  async findingsOf(resource: AnyResource, object: ObjectRef): Promise<readonly Finding[]> {
    this.#cancel();
    if (resourceCount(this.#mesh) > this.#mostResources) {
      this.close();
      return [];
    }
    const copy = this.#copy ?? new MeshCopy(this.#mesh, this.#build());
    this.#copy = copy;
    this.#cancel = this.#clock.after(this.#idleMs, () => this.close());
    if (!copy.isFilled) await this.#awaited(copy.filled);
    return copy.isFilled ? copy.findingsWith(resource, object) : [];
  }

  /** Not for longer than who asks waits. */
  async #awaited(work: Promise<void>): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = this.#clock.after(longestWaitMs, resolve);
    await Promise.race([work, promise]);
    cancel();
  }

  close(): void {
    this.#cancel();
    this.#copy?.close();
    this.#copy = undefined;
  }
}

function collectionsOf({ resources }: RehearsedMesh): readonly Collection<AnyResource>[] {
  return Object.values(resources);
}

function resourceCount(mesh: RehearsedMesh): number {
  return collectionsOf(mesh).reduce((sum, { size }) => sum + size, 0);
}

/** Addresses are given by leases, of which a copy has those that there are: that a new host has none yet is no warning. */
const ofAddresses = /^ISTH04/;

/** A person waits for the answer, and the API server does not for long. */
const longestWaitMs = 1_500;
/** So many at a time, and others have their turn in between: proxies wait for nothing here. */
const sliceLength = 25;

class MeshCopy {
  readonly #mesh: RehearsedMesh;
  readonly #stops: readonly (() => void)[];
  /** Resolves when it has all that the original has. */
  readonly filled: Promise<void>;
  isFilled = false;
  #isClosed = false;

  constructor(original: RehearsedMesh, fresh: RehearsedMesh) {
    this.#mesh = fresh;
    const { engine, sourced } = fresh;
    engine.batch(() => setStates(sourced, 'live'));
    this.#stops = collectionsOf(original).map((collection) =>
      original.engine.sink(collection, (diff) =>
        engine.batch(() => {
          for (const { key, after } of diff) {
            if (after === undefined) tableOf(sourced, key)?.delete(key);
            else this.#set(after);
          }
        }),
      ),
    );
    this.filled = this.#fill(original);
  }

  /** What has changed meanwhile is taken as it is now. */
  async #fill(original: RehearsedMesh): Promise<void> {
    const { engine, registered, leases } = this.#mesh;
    const places = collectionsOf(original).flatMap((from) => [...from.keys()].map((key) => ({ from, key })));
    for (let at = 0; at < places.length && !this.#isClosed; at += sliceLength) {
      await new Promise<void>((resolve) => setImmediate(resolve));
      engine.batch(() => {
        for (const { from, key } of places.slice(at, at + sliceLength)) {
          const now = from.get(key);
          if (now !== undefined) this.#set(now);
        }
      });
    }
    engine.batch(() => {
      for (const [, service] of original.registered.entries()) registered.set(service);
      for (const [, lease] of original.leases.entries()) leases.set(lease);
    });
    this.isFilled = true;
  }

  findingsWith(resource: AnyResource, object: ObjectRef): readonly Finding[] {
    const { engine, sourced } = this.#mesh;
    const table = tableOf(sourced, resource.key);
    const before = table?.get(resource.key);
    engine.batch(() => table?.set(resource));
    const name = formatObject(object);
    const findings = [...engine.findings.entries()]
      .map(([, finding]) => finding)
      .filter((one) => formatObject(one.object) === name && one.severity !== 'info' && !ofAddresses.test(one.code));
    engine.batch(() => (before === undefined ? table?.delete(resource.key) : table?.set(before)));
    return findings;
  }

  close(): void {
    this.#isClosed = true;
    for (const stop of this.#stops) stop();
  }

  #set(resource: AnyResource): void {
    tableOf(this.#mesh.sourced, resource.key)?.set(resource);
  }
}
