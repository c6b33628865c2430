/**
 * Virtual IPs around the pipeline: claims go to the keeper of leases, durable leases come back. Offline, nothing is kept:
 * every host gets its preferred address.
 */

import { LeaseKeeper } from '../../delivery/files/lease-keeper.ts';
import type { StateFolder } from '../../delivery/files/state-folder.ts';
import { meshKey } from '../../mesh/settings.ts';
import { defaultRanges, type VirtualIpRanges, VirtualIps } from '../../mesh/virtual-ips/virtual-ips.ts';
import type { Finding } from '../../model/finding.ts';
import type { ShownLease, VirtualIpLease } from '../../model/virtual-ip.ts';
import type { Logger } from '../../operations/log.ts';
import type { Pipeline } from '../pipeline.ts';
import { sortedValues } from '../views/admin-views.ts';

export interface LeaseKeeping {
  all(): readonly ShownLease[];
  findings(): readonly Finding[];
  /** Resolves when every host that can have an address has one that would survive a restart. */
  settled(): Promise<void>;
  /** To be called when `isLive` may have become true. */
  recheck(): void;
  close(): Promise<void>;
}

export function allocateForOffline({ engine, mesh, leases }: Pipeline): readonly Finding[] {
  const book = new VirtualIps(rangesOf(mesh.virtualIpRanges.get(meshKey)), []);
  const claims = new Map([...mesh.virtualIpClaims.values()].map(({ key }) => [key, true]));
  const written = new Map([...mesh.reservedAddresses.values()].map(({ address, services }) => [address, services]));
  book.update({ claims, written }, 0);
  engine.batch(() => {
    for (const lease of book.leases()) leases.set(lease);
  });
  return book.findings();
}

function rangesOf(ranges: VirtualIpRanges | undefined): VirtualIpRanges {
  return ranges ?? defaultRanges;
}

/**
 * Needs the files to have been read: their MeshConfig says from which ranges addresses come. When that changes later, the
 * new ranges hold for what is leased from then on. `isLive` tells whether all that could claim an address has been seen: only
 * then does a lease that nobody claims become a tombstone. Throws STATE where the leases cannot be read.
 */
export async function startLeaseKeeping(
  pipeline: Pipeline,
  folder: StateFolder,
  isLive: () => boolean,
  log: Logger,
): Promise<LeaseKeeping> {
  const keeping = new Keeping(pipeline, folder, isLive, log);
  await keeping.open();
  return keeping;
}

class Keeping implements LeaseKeeping {
  readonly #pipeline: Pipeline;
  readonly #folder: StateFolder;
  readonly #isLive: () => boolean;
  readonly #log: Logger;
  #keeper: LeaseKeeper | undefined;
  /** The keeper's. */
  #book: VirtualIps | undefined;
  readonly #stops: (() => void)[] = [];
  /** Of the sinks that feed the keeper. */
  #unplug: () => void = () => {};
  #released = false;
  /** One change of the ranges after the other. */
  #changing = Promise.resolve();

  constructor(pipeline: Pipeline, folder: StateFolder, isLive: () => boolean, log: Logger) {
    this.#pipeline = pipeline;
    this.#folder = folder;
    this.#isLive = isLive;
    this.#log = log;
  }

  async open(): Promise<void> {
    await this.#openKeeper();
    const { engine, mesh, sourced } = this.#pipeline;
    let first = true;
    this.#stops.push(
      engine.sink(mesh.virtualIpRanges, () => {
        if (!first) this.#changeRanges();
        first = false;
      }),
      engine.sink(sourced.state, () => this.#releaseOnceLive()),
      engine.sink(mesh.virtualIpClaims, () => this.#releaseOnceLive()),
    );
    this.#releaseOnceLive();
  }

  all(): readonly ShownLease[] {
    return sortedValues(this.#pipeline.leases).map((lease) =>
      this.#book?.isOutside(lease.key) === true ? { ...lease, outsideRanges: true } : lease,
    );
  }

  findings(): readonly Finding[] {
    return this.#keeper?.findings() ?? [];
  }

  async settled(): Promise<void> {
    await this.#changing;
    await this.#keeper?.settled();
  }

  recheck(): void {
    this.#releaseOnceLive();
  }

  async close(): Promise<void> {
    for (const stop of this.#stops.splice(0)) stop();
    await this.#changing;
    this.#unplug();
    await this.#keeper?.close();
  }

  async #openKeeper(): Promise<void> {
    const { engine, leases } = this.#pipeline;
    this.#keeper = await LeaseKeeper.open({
      folder: this.#folder,
      createBook: this.#createBook,
      leases,
      batch: (change) => engine.batch(change),
    });
    this.#plug(this.#keeper);
  }

  readonly #createBook = (kept: Iterable<VirtualIpLease>): VirtualIps => {
    this.#book = new VirtualIps(rangesOf(this.#pipeline.mesh.virtualIpRanges.get(meshKey)), kept);
    return this.#book;
  };

  #plug(keeper: LeaseKeeper): void {
    const { engine, mesh } = this.#pipeline;
    // What users wrote comes first: it must not be handed out in the same breath.
    const stopWritten = engine.sink(mesh.reservedAddresses, keeper.acceptWritten);
    const stopClaims = engine.sink(mesh.virtualIpClaims, keeper.acceptClaims);
    this.#unplug = () => {
      stopWritten();
      stopClaims();
    };
  }

  #changeRanges(): void {
    this.#changing = this.#changing.then(async () => {
      const keeper = this.#keeper;
      if (keeper === undefined) return;
      this.#unplug();
      await keeper.changeBook(this.#createBook);
      this.#plug(keeper);
      const outside = this.all().filter(({ outsideRanges }) => outsideRanges === true).length;
      this.#log.warn({ outside }, 'the ranges of virtual IPs changed; addresses in use stay as they are');
      this.#released = false;
      this.#releaseOnceLive();
    });
  }

  #releaseOnceLive(): void {
    if (this.#released || !this.#isLive()) return;
    this.#released = true;
    this.#keeper?.releaseUnclaimed(this.#pipeline.mesh.virtualIpClaims);
  }
}
