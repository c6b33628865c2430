/**
 * The lease book of virtual IPs: who has which address, and who gets the next.
 *
 *   claims, written addresses --update--> changed leases, in the order in which they must be written down
 *
 * A host's preferred slot is the hash of its key, so that a book that was lost fills up nearly the same again; the next
 * free slot after it is taken otherwise. New hosts are served in order of their keys: the order of events does not matter.
 * What never happens: a lease that moves while its host exists, whatever users write and settings say; an address that a
 * user wrote handed out to anybody, or one in a CIDR that a user wrote while others are free; a tombstone's address reused
 * before the quarantine is over, or while others are free.
 * Deterministic: time is an input, and there is no other.
 */

import { fairShare } from '../../model/fair-share.ts';
import { type Finding, finding, type ObjectRef } from '../../model/finding.ts';
import type { ServiceKey } from '../../model/service.ts';
import type { LeaseChange, LeaseDemand, VirtualIpLease } from '../../model/virtual-ip.ts';
import { hashOf, LeaseTable } from './lease-table.ts';
import { type AddressFamily, FamilyBook } from './virtual-ip-family.ts';
import { ipv4Pool, ipv6Pool } from './virtual-ip-pool.ts';

export interface VirtualIpRanges {
  /** CIDRs; none switches the family off. */
  readonly ipv4: readonly string[];
  readonly ipv6: readonly string[];
  /** Milliseconds for which a gone host's address is not given to another one. */
  readonly quarantine: number;
}

export const defaultRanges: VirtualIpRanges = {
  ipv4: ['240.241.0.0/16'],
  ipv6: ['2001:2:1::/48'],
  quarantine: 24 * 60 * 60 * 1000,
};

/** Beyond so many, the oldest hosts that are gone are forgotten: hosts that come and go must not fill the memory. */
const maxTombstones = 65_536;
/** Nobody tells when objects are let go. */
const lookAgainMs = 10_000;
const maxFindings = 100;

/** Who declared the service of a host, for findings; undefined where there is none at present. */
export type DeclaredBy = (key: ServiceKey) => ObjectRef | undefined;

export class VirtualIps {
  readonly #declaredBy: DeclaredBy;
  readonly #mayReuse: () => boolean;
  readonly #quarantine: number;
  readonly #ipv4: FamilyBook;
  readonly #ipv6: FamilyBook;
  readonly #families: readonly FamilyBook[];
  readonly #leases = new LeaseTable();
  /** Hosts that want an address and lack one of some family. */
  readonly #waiting = new Set<ServiceKey>();
  /** Hosts whose addresses lay outside of the ranges when the book was opened. */
  readonly #outsiders = new Set<ServiceKey>();
  /** Addresses that users wrote, and the hosts they wrote them for. */
  readonly #written = new Map<string, readonly ServiceKey[]>();
  /** Hosts that want no lease, since the address of theirs is written for them. */
  readonly #writtenOut = new Set<ServiceKey>();
  #tombstones = 0;
  /** Tombstones that may give their addresses away, while an update runs. */
  #candidates: VirtualIpLease[] | undefined;

  /** `mayReuse`: whether addresses of hosts that are gone may be given away: not while objects that name them are held. */
  constructor(
    ranges: VirtualIpRanges,
    leases: Iterable<VirtualIpLease>,
    declaredBy: DeclaredBy = () => undefined,
    mayReuse: () => boolean = () => true,
  ) {
    this.#declaredBy = declaredBy;
    this.#mayReuse = mayReuse;
    this.#quarantine = ranges.quarantine;
    this.#ipv4 = new FamilyBook('ipv4', ipv4Pool(ranges.ipv4));
    this.#ipv6 = new FamilyBook('ipv6', ipv6Pool(ranges.ipv6));
    this.#families = [this.#ipv4, this.#ipv6];
    for (const lease of leases) this.#restore(lease);
  }

  get(key: ServiceKey): VirtualIpLease | undefined {
    return this.#leases.get(key);
  }

  leases(): IterableIterator<VirtualIpLease> {
    return this.#leases.values();
  }

  /** Follows a change of what is wanted. */
  update(demand: LeaseDemand, now: number): readonly LeaseChange[] {
    const changes: LeaseChange[] = [];
    for (const [address, owners] of demand.written) this.#write(address, owners, changes);
    const hungry: ServiceKey[] = [];
    /** What the hungry have already; nearly all have nothing, and are not looked up again. */
    const partial = new Map<ServiceKey, VirtualIpLease>();
    const judge = (key: ServiceKey, lease: VirtualIpLease | undefined): void => {
      if (lease !== undefined && this.#isComplete(lease)) return;
      hungry.push(key);
      if (lease !== undefined) partial.set(key, lease);
    };
    demand.claims.forEach((isWanted, key) => {
      if (isWanted) this.#writtenOut.delete(key);
      if (!isWanted) this.#release(key, now, changes);
      // Those who had an address before come first: a new host must not take it from them.
      else if (!this.#waiting.has(key)) judge(key, this.#rebind(key, now, changes));
    });
    for (const key of this.#waiting) judge(key, this.#leases.get(key));
    for (const key of this.#writtenOut) if (!this.#isWrittenOut(key)) this.#release(key, now, changes);
    this.#leases.reserve(hungry.length);
    for (const family of this.#families) family.reserve(hungry.length);
    for (const key of sorted(hungry)) {
      this.#feed(key, partial.size === 0 ? undefined : partial.get(key), now, changes);
    }
    this.#candidates = undefined;
    this.#forgetOldest(changes);
    return changes;
  }

  /** When a host that waits may be served by time alone; undefined when it takes a change. */
  nextChance(now: number): number | undefined {
    if (this.#waiting.size === 0) return undefined;
    if (!this.#mayReuse()) return now + lookAgainMs;
    const ends = this.#tombstonesByAge().map(({ since }) => since + this.#quarantine);
    return ends.find((end) => end > now);
  }

  /** Hosts that lack an address of some family, since none is free. */
  waiting(): IterableIterator<ServiceKey> {
    return this.#waiting.values();
  }

  /** What users should know of addresses; at most a hundred of each kind, of which each namespace has its share. */
  findings(): readonly Finding[] {
    const waiting = fairShare([...this.#waiting].sort(), namespaceOf, maxFindings);
    const shown = <C extends { readonly owner: ServiceKey }>(found: readonly C[]): readonly C[] =>
      fairShare(found, ({ owner }) => namespaceOf(owner), maxFindings);
    const conflicts = shown(this.#families.flatMap((family) => family.conflicts(this.#leases)));
    const ranges = shown(this.#families.flatMap((family) => family.rangeConflicts(this.#leases)));
    return [
      ...waiting.map((key) => noAddress(this.#objectOf(key), this.#waiting.size)),
      ...conflicts.map(({ owner, ...conflict }) => takenAddress(this.#objectOf(owner), conflict)),
      ...ranges.map(({ owner, ...conflict }) => leasedInRange(this.#objectOf(owner), conflict)),
      ...this.#outside(),
    ];
  }

  #objectOf(key: ServiceKey): ObjectRef {
    return this.#declaredBy(key) ?? { kind: 'VirtualIp', namespace: namespaceOf(key), name: hostOf(key) };
  }

  /** Whether a host keeps an address that the ranges of today would not give it. */
  isOutside(key: ServiceKey): boolean {
    const lease = this.#outsiders.has(key) ? this.#leases.get(key) : undefined;
    return lease?.state === 'bound' && this.#families.some((family) => family.isOutside(lease));
  }

  #outside(): readonly Finding[] {
    const outside = [...this.#outsiders].filter((key) => this.isOutside(key));
    return fairShare(outside, namespaceOf, maxFindings).map((key) => {
      const { ipv4, ipv6 } = this.#leases.get(key) ?? {};
      const addresses = [ipv4, ipv6].filter((address) => address !== undefined).join(' and ');
      return finding('ISTH0403', { object: this.#objectOf(key), message: `${hostOf(key)} keeps ${addresses}.` });
    });
  }

  /** An address that a user wrote is nobody's, not even the tombstone's that has it; one in a CIDR is still the tombstone's. */
  #write(address: string, owners: readonly ServiceKey[], changes: LeaseChange[]): void {
    if (owners.length === 0) this.#written.delete(address);
    else this.#written.set(address, owners);
    for (const family of this.#families) {
      const key = family.setWritten(address, owners);
      const lease = key === undefined || owners.includes(key) ? undefined : this.#leases.get(key);
      if (lease?.state === 'tombstone') this.#change(without(lease, family.name), lease.key, changes);
    }
  }

  /**
   * Where somebody wrote for a host what is leased to it, that is no farewell: it has the address still, and keeps it without
   * a moment's gap when it is not written any more, as when a bridge's object is taken over.
   */
  #release(key: ServiceKey, now: number, changes: LeaseChange[]): void {
    this.#waiting.delete(key);
    if (this.#isWrittenOut(key)) {
      this.#writtenOut.add(key);
      return;
    }
    this.#writtenOut.delete(key);
    const lease = this.#leases.get(key);
    if (lease?.state === 'bound') this.#change({ ...lease, state: 'tombstone', since: now }, key, changes);
  }

  #isWrittenOut(key: ServiceKey): boolean {
    const { ipv4, ipv6 } = this.#leases.get(key) ?? {};
    return [ipv4, ipv6].some((address) => address !== undefined && this.#written.get(address)?.includes(key) === true);
  }

  /** Gives a host back what it had; undefined where nothing is left of it. */
  #rebind(key: ServiceKey, now: number, changes: LeaseChange[]): VirtualIpLease | undefined {
    const lease = this.#leases.get(key);
    if (lease === undefined || lease.state === 'bound') return lease;
    const isOver = lease.since + this.#quarantine <= now;
    // What lies outside of the ranges was to be given up: the quarantine is the time to come back for it.
    let kept: VirtualIpLease | undefined = lease;
    for (const family of this.#families) {
      if (kept !== undefined && isOver && family.isOutside(kept)) kept = without(kept, family.name);
    }
    const bound: VirtualIpLease | undefined = kept && { ...kept, state: 'bound', since: now };
    this.#change(bound, key, changes);
    return bound;
  }

  #isComplete(lease: VirtualIpLease): boolean {
    return (lease.ipv4 !== undefined || this.#ipv4.isOff) && (lease.ipv6 !== undefined || this.#ipv6.isOff);
  }

  /** Gives a host what it lacks; where that is not to be had, it waits. */
  #feed(key: ServiceKey, before: VirtualIpLease | undefined, now: number, changes: LeaseChange[]): void {
    const hash = hashOf(key);
    const ipv4 = before?.ipv4 ?? this.#ipv4.takeFree(key, hash) ?? this.#takeOld(this.#ipv4, key, now, changes);
    const ipv6 = before?.ipv6 ?? this.#ipv6.takeFree(key, hash) ?? this.#takeOld(this.#ipv6, key, now, changes);
    const lease = leaseOf(key, ipv4, ipv6, before?.since ?? now);
    if (!this.#isComplete(lease)) this.#waiting.add(key);
    else if (this.#waiting.size > 0) this.#waiting.delete(key);
    if (ipv4 === before?.ipv4 && ipv6 === before?.ipv6) return;
    this.#leases.set(lease, hash);
    changes.push({ key, lease });
  }

  /** Where no address is free: that of the host that has been gone the longest. */
  #takeOld(family: FamilyBook, key: ServiceKey, now: number, changes: LeaseChange[]): string | undefined {
    if (family.isOff || !this.#mayReuse()) return undefined;
    this.#candidates ??= this.#tombstonesByAge().filter(({ since }) => since + this.#quarantine <= now);
    const at = this.#candidates.findIndex(
      (one) => this.#leases.get(one.key) === one && family.reusableSlot(one) !== undefined,
    );
    const donor = at === -1 ? undefined : this.#candidates.splice(at, 1)[0];
    const slot = donor === undefined ? undefined : family.reusableSlot(donor);
    if (donor === undefined || slot === undefined) return undefined;
    this.#change(undefined, donor.key, changes);
    return family.take(slot, key);
  }

  #tombstonesByAge(): VirtualIpLease[] {
    if (this.#tombstones === 0) return [];
    return [...this.#leases.values()]
      .filter(({ state }) => state === 'tombstone')
      .sort((a, b) => a.since - b.since || (a.key < b.key ? -1 : 1));
  }

  #forgetOldest(changes: LeaseChange[]): void {
    if (this.#tombstones <= maxTombstones || !this.#mayReuse()) return;
    for (const { key } of this.#tombstonesByAge().slice(0, this.#tombstones - maxTombstones)) {
      this.#change(undefined, key, changes);
    }
  }

  #change(lease: VirtualIpLease | undefined, key: ServiceKey, changes: LeaseChange[]): void {
    const before = this.#leases.get(key);
    if (before !== undefined) {
      if (before.state === 'tombstone') this.#tombstones--;
      for (const family of this.#families) {
        if (lease === undefined || family.addressIn(lease) === undefined) family.remove(before);
      }
    }
    if (lease === undefined) this.#leases.delete(key);
    else this.#leases.set(lease);
    if (lease?.state === 'tombstone') this.#tombstones++;
    changes.push({ key, lease });
  }

  #restore(lease: VirtualIpLease): void {
    this.#leases.set(lease);
    if (lease.state === 'tombstone') this.#tombstones++;
    for (const family of this.#families) if (!family.add(lease)) this.#outsiders.add(lease.key);
  }
}

function leaseOf(key: ServiceKey, ipv4: string | undefined, ipv6: string | undefined, since: number): VirtualIpLease {
  if (ipv4 === undefined)
    return ipv6 === undefined ? { key, state: 'bound', since } : { key, ipv6, state: 'bound', since };
  return ipv6 === undefined ? { key, ipv4, state: 'bound', since } : { key, ipv4, ipv6, state: 'bound', since };
}

/** Undefined when nothing is left of it. */
function without(lease: VirtualIpLease, family: AddressFamily): VirtualIpLease | undefined {
  const { ipv4, ipv6, ...rest } = lease;
  const left = family === 'ipv4' ? ipv6 : ipv4;
  if (left === undefined) return undefined;
  return family === 'ipv4' ? { ...rest, ipv6: left } : { ...rest, ipv4: left };
}

/** Claims mostly come sorted; then there is nothing to do. */
function sorted(keys: readonly ServiceKey[]): readonly ServiceKey[] {
  const isSorted = keys.every((key, at) => at === 0 || (keys[at - 1] ?? '') < key);
  return isSorted ? keys : keys.toSorted();
}

function namespaceOf(key: ServiceKey): string {
  return key.slice(0, key.indexOf('/'));
}

function hostOf(key: ServiceKey): string {
  return key.slice(key.indexOf('/') + 1);
}

function noAddress(object: ObjectRef, count: number): Finding {
  const message = `All addresses of the ranges are taken; ${count} host${count === 1 ? '' : 's'} wait for one.`;
  return finding('ISTH0401', { object, message });
}

function takenAddress(
  object: ObjectRef,
  { address, holder }: { readonly address: string; readonly holder: ServiceKey },
): Finding {
  const message = `${address} is the virtual IP of ${holder}, which keeps it.`;
  return finding('ISTH0402', { object, path: 'spec.addresses', message });
}

function leasedInRange(
  object: ObjectRef,
  { cidr, holder }: { readonly cidr: string; readonly holder: ServiceKey },
): Finding {
  const message = `${cidr} is written, and virtual IPs of others lie in it, such as that of ${holder}.`;
  return finding('ISTH0404', { object, path: 'spec.addresses', message });
}
