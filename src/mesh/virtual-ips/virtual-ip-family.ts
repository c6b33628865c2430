/** One address family of the lease book: which slots are taken, by leases or because a user wrote them. */
import type { ServiceKey } from '../../model/service.ts';
import type { VirtualIpLease } from '../../model/virtual-ip.ts';
import type { LeaseTable } from './lease-table.ts';
import { firstAt, SlotRanges } from './slot-ranges.ts';
import { createHolders, type Holders } from './virtual-ip-holders.ts';
import type { AddressPool, PoolMeaning, SlotInterval } from './virtual-ip-pool.ts';

export type AddressFamily = 'ipv4' | 'ipv6';

interface Written {
  readonly meaning: PoolMeaning;
  readonly owners: readonly ServiceKey[];
}

type Holding = readonly [slot: number, holder: ServiceKey];

export class FamilyBook {
  readonly name: AddressFamily;
  readonly #pool: AddressPool;
  readonly #holders: Holders;
  /** How often a slot is written as an address of its own. */
  readonly #writtenSlots = new Map<number, number>();
  /** All that is written and means this pool, by text. */
  readonly #written = new Map<string, Written>();
  /** Written CIDRs; undefined until it is asked for, after one came or went. */
  #ranges: SlotRanges | undefined;
  /** What a search found nothing in, until something becomes free: all but what is in written CIDRs, or all. */
  #exhausted: 'nothing' | 'outside' | 'all' = 'nothing';

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
    this.#exhausted = 'nothing';
  }

  /** Takes the first free address from the one on that the hash prefers; one in a written CIDR only where no other is free. */
  takeFree(key: ServiceKey, hash: number): string | undefined {
    const { size } = this.#pool;
    if (this.#exhausted === 'all' || size === 0) return undefined;
    const preferred = (hash >>> 0) % size;
    const ranges = this.#writtenRanges();
    if (this.#exhausted === 'nothing') {
      const taken = this.#takeFrom(preferred, key, ranges.isEmpty ? undefined : ranges);
      if (taken !== undefined) return taken;
      this.#exhausted = 'outside';
    }
    const taken = ranges.isEmpty ? undefined : this.#takeFrom(preferred, key, undefined);
    if (taken === undefined) this.#exhausted = 'all';
    return taken;
  }

  #takeFrom(preferred: number, key: ServiceKey, avoided: SlotRanges | undefined): string | undefined {
    const { size } = this.#pool;
    const isWritten = this.#writtenSlots.size > 0;
    let slot = preferred;
    for (let tried = 0; tried < size; tried++) {
      const lastAvoided = avoided?.lastFrom(slot);
      const isTaken = lastAvoided !== undefined || (isWritten && this.#writtenSlots.has(slot));
      if (!isTaken && this.#holders.add(slot, key) === undefined) return this.#pool.addressOf(slot);
      const last = lastAvoided ?? slot;
      tried += last - slot;
      slot = last + 1 === size ? 0 : last + 1;
    }
    return undefined;
  }

  /** The slot of a tombstone that may go to another host. */
  reusableSlot(lease: VirtualIpLease): number | undefined {
    const slot = this.#slotIn(lease);
    return slot === undefined || this.#writtenSlots.has(slot) ? undefined : slot;
  }

  /** Takes a slot that is free; gives its address. */
  take(slot: number, key: ServiceKey): string {
    this.#holders.set(slot, key);
    return this.#pool.addressOf(slot);
  }

  /** Notes who wrote an address or CIDR (nobody any more: none); gives the host that holds just that address. */
  setWritten(text: string, owners: readonly ServiceKey[]): ServiceKey | undefined {
    this.#forgetWritten(text);
    const meaning = owners.length === 0 ? undefined : this.#pool.meaningOf(text);
    if (meaning === undefined) return undefined;
    this.#written.set(text, { meaning, owners });
    if (meaning.kind === 'range') {
      this.#ranges = undefined;
      return undefined;
    }
    this.#countWritten(meaning.slot, 1);
    return this.#holders.get(meaning.slot);
  }

  /** Written addresses that are leased to a host other than those they are written for. */
  conflicts(leases: LeaseTable) {
    return [...this.#written].flatMap(([address, { meaning, owners }]) => {
      const holder = meaning.kind === 'address' ? this.#holders.get(meaning.slot) : undefined;
      if (holder === undefined || leases.get(holder)?.state !== 'bound' || owners.includes(holder)) return [];
      return owners.map((owner) => ({ address, owner, holder }));
    });
  }

  /** Written CIDRs in which a host other than those they are written for has its address, with the first such host. */
  rangeConflicts(leases: LeaseTable) {
    if (this.#writtenRanges().isEmpty) return [];
    const bound = [...this.#holders].filter(([, holder]) => leases.get(holder)?.state === 'bound');
    bound.sort(([a], [b]) => a - b);
    return [...this.#written].flatMap(([cidr, { meaning, owners }]) => {
      const holder = meaning.kind === 'range' ? firstStranger(bound, meaning.intervals, owners) : undefined;
      return holder === undefined ? [] : owners.map((owner) => ({ cidr, owner, holder }));
    });
  }

  #forgetWritten(text: string): void {
    const meaning = this.#written.get(text)?.meaning;
    if (meaning === undefined) return;
    this.#written.delete(text);
    if (meaning.kind === 'address') this.#countWritten(meaning.slot, -1);
    else this.#ranges = undefined;
    this.#exhausted = 'nothing';
  }

  #writtenRanges(): SlotRanges {
    this.#ranges ??= new SlotRanges(
      [...this.#written.values()].flatMap(({ meaning }) => (meaning.kind === 'range' ? meaning.intervals : [])),
    );
    return this.#ranges;
  }

  #countWritten(slot: number, by: number): void {
    const count = (this.#writtenSlots.get(slot) ?? 0) + by;
    if (count === 0) this.#writtenSlots.delete(slot);
    else this.#writtenSlots.set(slot, count);
  }

  #slotIn(lease: VirtualIpLease): number | undefined {
    const address = this.addressIn(lease);
    return address === undefined ? undefined : this.#pool.slotOf(address);
  }
}

/** `bound`: in the order of slots. */
function firstStranger(
  bound: readonly Holding[],
  intervals: readonly SlotInterval[],
  owners: readonly ServiceKey[],
): ServiceKey | undefined {
  for (const { first, last } of intervals) {
    let at = firstAt(bound.length, (index) => (bound[index]?.[0] ?? 0) >= first);
    for (let one = bound[at]; one !== undefined && one[0] <= last; one = bound[++at]) {
      if (!owners.includes(one[1])) return one[1];
    }
  }
  return undefined;
}
