/** One address family of the lease book: which slots are taken, by leases or because a user wrote them. */
import type { ServiceKey } from '../../model/service.ts';
import type { VirtualIpLease } from '../../model/virtual-ip.ts';
import type { LeaseTable } from './lease-table.ts';
import { createHolders, type Holders } from './virtual-ip-holders.ts';
import type { AddressPool, SlotInterval } from './virtual-ip-pool.ts';

export type AddressFamily = 'ipv4' | 'ipv6';

interface Written {
  readonly intervals: readonly SlotInterval[];
  readonly owners: readonly ServiceKey[];
}

export class FamilyBook {
  readonly name: AddressFamily;
  readonly #pool: AddressPool;
  readonly #holders: Holders;
  /** How often a slot is written as an address of its own. */
  readonly #writtenSlots = new Map<number, number>();
  /** Written CIDRs with several slots, by text. */
  readonly #writtenIntervals = new Map<string, readonly SlotInterval[]>();
  /** All that is written and means this pool, by text. */
  readonly #written = new Map<string, Written>();
  /** Set when a search found nothing, until something becomes free. */
  #isFull = false;

  constructor(name: AddressFamily, pool: AddressPool) {
    this.name = name;
    this.#pool = pool;
    this.#holders = createHolders(pool.size);
  }

  get isOff(): boolean {
    return this.#pool.size === 0;
  }

  /** Makes room for so many more hosts. */
  reserve(more: number): void {
    this.#holders.reserve(Math.min(more, this.#pool.size));
  }

  addressIn(lease: VirtualIpLease | undefined): string | undefined {
    return lease?.[this.name];
  }

  isOutside(lease: VirtualIpLease): boolean {
    const address = this.addressIn(lease);
    return address !== undefined && this.#pool.slotOf(address) === undefined;
  }

  /** Notes the address of a lease from an earlier run; false where it has one that lies outside of the ranges. */
  add(lease: VirtualIpLease): boolean {
    const address = this.addressIn(lease);
    if (address === undefined) return true;
    const slot = this.#pool.slotOf(address);
    if (slot !== undefined) this.#holders.set(slot, lease.key);
    return slot !== undefined;
  }

  remove(lease: VirtualIpLease): void {
    const slot = this.#slotIn(lease);
    if (slot === undefined || this.#holders.get(slot) !== lease.key) return;
    this.#holders.delete(slot);
    this.#isFull = false;
  }

  /** Takes the first free address from the one on that the hash prefers. */
  takeFree(key: ServiceKey, hash: number): string | undefined {
    const { size } = this.#pool;
    if (this.#isFull || size === 0) return undefined;
    let slot = (hash >>> 0) % size;
    const isWritten = this.#writtenSlots.size > 0 || this.#writtenIntervals.size > 0;
    for (let tried = 0; tried < size; tried++) {
      const lastWritten = isWritten ? this.#lastWritten(slot) : undefined;
      if (lastWritten === undefined && this.#holders.add(slot, key) === undefined) return this.#pool.addressOf(slot);
      const last = lastWritten ?? slot;
      tried += last - slot;
      slot = last + 1 === size ? 0 : last + 1;
    }
    this.#isFull = true;
    return undefined;
  }

  /** The slot of a tombstone that may go to another host. */
  reusableSlot(lease: VirtualIpLease): number | undefined {
    const slot = this.#slotIn(lease);
    return slot === undefined || this.#lastWritten(slot) !== undefined ? undefined : slot;
  }

  /** Takes a slot that is free; gives its address. */
  take(slot: number, key: ServiceKey): string {
    this.#holders.set(slot, key);
    return this.#pool.addressOf(slot);
  }

  /** Notes who wrote an address or CIDR (nobody any more: none); gives the hosts that hold part of it. */
  setWritten(text: string, owners: readonly ServiceKey[]): readonly ServiceKey[] {
    this.#forgetWritten(text);
    if (owners.length === 0) return [];
    const intervals = this.#intervalsOf(text);
    if (intervals.length === 0) return [];
    this.#written.set(text, { intervals, owners });
    const counted = intervals.filter(({ coversRange }) => !coversRange);
    const wide = counted.filter(({ first, last }) => last > first);
    if (wide.length > 0) this.#writtenIntervals.set(text, wide);
    for (const { first, last } of counted) if (first === last) this.#countWritten(first, 1);
    return counted.flatMap((interval) => this.#holdersIn(interval));
  }

  /** Written addresses that are leased to a host other than those they are written for. */
  conflicts(leases: LeaseTable) {
    return [...this.#written].flatMap(([address, { intervals, owners }]) =>
      intervals
        .filter(({ coversRange }) => !coversRange)
        .flatMap((interval) => this.#holdersIn(interval))
        .filter((holder) => leases.get(holder)?.state === 'bound' && !owners.includes(holder))
        .flatMap((holder) => owners.map((owner) => ({ address, owner, holder }))),
    );
  }

  coveringCidrs() {
    return [...this.#written].flatMap(([cidr, { intervals, owners }]) => {
      const [owner] = owners;
      return owner !== undefined && intervals.some(({ coversRange }) => coversRange) ? [{ cidr, owner }] : [];
    });
  }

  #forgetWritten(text: string): void {
    const written = this.#written.get(text);
    if (written === undefined) return;
    this.#written.delete(text);
    this.#writtenIntervals.delete(text);
    for (const { first, last, coversRange } of written.intervals) {
      if (first === last && !coversRange) this.#countWritten(first, -1);
    }
    this.#isFull = false;
  }

  #intervalsOf(text: string): readonly SlotInterval[] {
    if (text.includes('/')) return this.#pool.slotsIn(text);
    const slot = this.#pool.slotOf(text);
    return slot === undefined ? [] : [{ first: slot, last: slot, coversRange: false }];
  }

  #countWritten(slot: number, by: number): void {
    const count = (this.#writtenSlots.get(slot) ?? 0) + by;
    if (count === 0) this.#writtenSlots.delete(slot);
    else this.#writtenSlots.set(slot, count);
  }

  #holdersIn({ first, last }: SlotInterval): readonly ServiceKey[] {
    if (first === last) {
      const holder = this.#holders.get(first);
      return holder === undefined ? [] : [holder];
    }
    return [...this.#holders].flatMap(([slot, holder]) => (slot >= first && slot <= last ? [holder] : []));
  }

  /** For a slot that is written: the last one of the written address or CIDR around it. */
  #lastWritten(slot: number): number | undefined {
    let end = this.#writtenSlots.size > 0 && this.#writtenSlots.has(slot) ? slot : undefined;
    if (this.#writtenIntervals.size === 0) return end;
    for (const intervals of this.#writtenIntervals.values()) {
      for (const { first, last } of intervals) if (slot >= first && slot <= last) end = Math.max(end ?? slot, last);
    }
    return end;
  }

  #slotIn(lease: VirtualIpLease): number | undefined {
    const address = this.addressIn(lease);
    return address === undefined ? undefined : this.#pool.slotOf(address);
  }
}
