/**
 * Virtual IPs around the pipeline: claims go to the keeper of leases, durable leases come back. Offline, nothing is kept:
 * every host gets its preferred address.
 */

import { LeaseKeeper } from '../../delivery/lease-keeper.ts';
import { meshKey } from '../../mesh/settings.ts';
import {
  type DeclaredBy,
  defaultRanges,
  type VirtualIpRanges,
  VirtualIps,
} from '../../mesh/virtual-ips/virtual-ips.ts';
import { systemClock } from '../../model/clock.ts';
import type { Finding } from '../../model/finding.ts';
import type { ServiceKey } from '../../model/service.ts';
import type { ShownLease, VirtualIpLease } from '../../model/virtual-ip.ts';
import type { Logger } from '../../operations/log.ts';
import type { Pipeline } from '../pipeline.ts';
import { sortedValues } from '../views/admin-views.ts';
import type { KeptLeases, LeasePlace } from './lease-place.ts';

export interface LeaseKeeping {
  all(): readonly ShownLease[];
  findings(): readonly Finding[];
  /**
   * Resolves when every host that can have an address has one that would survive a restart; where another replica gives
   * addresses, it is not waited for without end.
   */
  settled(): Promise<void>;
  /** To be called when `isLive` may have become true. */
  recheck(): void;
  close(): Promise<void>;
}

export function allocateForOffline({ engine, mesh, leases, addressless }: Pipeline): readonly Finding[] {
  const book = new VirtualIps(rangesOf(mesh.virtualIpRanges.get(meshKey)), [], declaredIn(mesh));
  const claims = new Map([...mesh.virtualIpClaims.values()].map(({ key }) => [key, true]));
  const written = new Map([...mesh.reservedAddresses.values()].map(({ address, services }) => [address, services]));
  book.update({ claims, written }, 0);
  engine.batch(() => {
    for (const lease of book.leases()) leases.set(lease);
    for (const key of book.waiting()) addressless.set(key);
  });
  return book.findings();
}

function rangesOf(ranges: VirtualIpRanges | undefined): VirtualIpRanges {
  return ranges ?? defaultRanges;
}

function declaredIn({ services }: Pipeline['mesh']): DeclaredBy {
  return (key) => services.get(key)?.provenance.object;
}

/**
 * Needs the files to have been read: their MeshConfig says from which ranges addresses come. When that changes later, the
 * new ranges hold for what is leased from then on. `isLive` tells whether all that could claim an address has been seen: only
 * then does a lease that nobody claims become a tombstone. Throws STATE where the leases cannot be read.
 */
export async function startLeaseKeeping(
  pipeline: Pipeline,
  place: LeasePlace,
  isLive: () => boolean,
  log: Logger,
): Promise<LeaseKeeping> {
  const keeping = new Keeping(pipeline, place, isLive, log);
  await keeping.open();
  return keeping;
}

class Keeping implements LeaseKeeping {
  readonly #pipeline: Pipeline;
  readonly #place: LeasePlace;
  readonly #isLive: () => boolean;
  readonly #log: Logger;
  #store: KeptLeases | undefined;
  #keeper: LeaseKeeper | undefined;
  /** The keeper's. */
  #book: VirtualIps | undefined;
  readonly #stops: (() => void)[] = [];
  /** Of the sinks that feed the keeper. */
  #unplug: () => void = () => {};
  #released = false;
  #isPlugged = false;
  /** One after the other. */
  #changing = Promise.resolve();
  /** How many were asked for since the last one began. */
  #begins = 0;

  constructor(pipeline: Pipeline, place: LeasePlace, isLive: () => boolean, log: Logger) {
    this.#pipeline = pipeline;
    this.#place = place;
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
      this.#place.writership.onChange((isWriter) => (isWriter ? this.#begin() : this.#pause())),
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
    const kept = this.#isPlugged ? this.#keeper?.findings() : this.#store?.findings(undefined);
    return [...(kept ?? []), ...(this.#isPlugged ? [] : this.#place.waiting([...this.#waiting()]))];
  }

  async settled(): Promise<void> {
    await this.#changing;
    if (!this.#isPlugged) await this.#untilOthersGave();
    await this.#changing;
    if (this.#isPlugged) await this.#keeper?.settled();
  }

  recheck(): void {
    this.#releaseOnceLive();
  }

  async close(): Promise<void> {
    for (const stop of this.#stops.splice(0)) stop();
    await this.#changing;
    this.#unplug();
    await this.#keeper?.close();
    await this.#store?.close();
  }

  /** Hosts that have no address yet. */
  *#waiting(): Iterable<ServiceKey> {
    const { mesh, leases } = this.#pipeline;
    for (const { key } of mesh.virtualIpClaims.values()) if (leases.get(key)?.state !== 'bound') yield key;
  }

  /** Until they have given all addresses, or it is for us to do so, or long enough. */
  async #untilOthersGave(): Promise<void> {
    const { engine, leases } = this.#pipeline;
    const given = Promise.withResolvers<void>();
    const look = (): void => {
      if (this.#waiting()[Symbol.iterator]().next().done === true) given.resolve();
    };
    const stops = [
      systemClock.after(this.#place.waitMs, () => given.resolve()),
      engine.sink(leases, look),
      this.#place.writership.onChange(() => given.resolve()),
    ];
    this.#stops.push(() => given.resolve());
    look();
    await given.promise;
    for (const stop of stops) stop();
  }

  async #openKeeper(): Promise<void> {
    const { engine, leases, addressless } = this.#pipeline;
    this.#store = await this.#place.open(this.#pipeline, {
      onMoved: () => this.#begin(),
      onLost: (changes) => {
        if (this.#isPlugged) this.#keeper?.restore(changes);
      },
    });
    this.#keeper = new LeaseKeeper({
      store: this.#store,
      createBook: this.#createBook,
      leases,
      addressless,
      batch: (change) => engine.batch(change),
      onOutdated: () => this.#begin(),
    });
    if (this.#place.writership.isWriter) this.#plug(this.#keeper);
    else this.#keeper.outdate();
    this.#keeper.restore(this.#store.lost());
  }

  readonly #createBook = (kept: Iterable<VirtualIpLease>): VirtualIps => {
    const { mesh } = this.#pipeline;
    this.#book = new VirtualIps(
      rangesOf(mesh.virtualIpRanges.get(meshKey)),
      kept,
      declaredIn(mesh),
      this.#place.mayReuse,
    );
    const reserved = this.#store?.reserved() ?? new Map();
    if (reserved.size > 0) this.#book.update({ claims: new Map(), written: reserved }, systemClock.now());
    return this.#book;
  };

  #plug(keeper: LeaseKeeper): void {
    const { engine, mesh } = this.#pipeline;
    // What users wrote comes first: it must not be handed out in the same breath.
    const stopWritten = engine.sink(mesh.reservedAddresses, keeper.acceptWritten);
    const stopClaims = engine.sink(mesh.virtualIpClaims, keeper.acceptClaims);
    this.#isPlugged = true;
    this.#unplug = () => {
      this.#isPlugged = false;
      stopWritten();
      stopClaims();
    };
  }

  #changeRanges(): void {
    this.#begin(() => {
      const outside = this.all().filter(({ outsideRanges }) => outsideRanges === true).length;
      this.#log.warn({ outside }, 'the ranges of virtual IPs changed; addresses in use stay as they are');
    });
  }

  /** Decides anew from what is kept and what is wanted now, where it is for us to decide. Several in one go are one. */
  #begin(then: () => void = () => {}): void {
    const isNext = this.#begins++ === 0;
    this.#changing = this.#changing.then(async () => {
      if (isNext) await this.#beginNow();
      then();
    });
  }

  async #beginNow(): Promise<void> {
    this.#begins = 0;
    const [keeper, store] = [this.#keeper, this.#store];
    if (keeper === undefined || store === undefined || !this.#place.writership.isWriter) return;
    this.#unplug();
    if (this.#place.isShared) keeper.outdate();
    await keeper.changeBook(this.#createBook);
    this.#plug(keeper);
    keeper.restore(store.lost());
    this.#released = false;
    this.#releaseOnceLive();
  }

  /** Another replica may decide from now on. */
  #pause(): void {
    this.#changing = this.#changing.then(() => {
      if (this.#place.writership.isWriter) return;
      this.#unplug();
      this.#keeper?.outdate();
    });
  }

  #releaseOnceLive(): void {
    if (this.#released || !this.#isPlugged || !this.#isLive()) return;
    this.#released = true;
    this.#keeper?.releaseUnclaimed(this.#pipeline.mesh.virtualIpClaims);
  }
}
