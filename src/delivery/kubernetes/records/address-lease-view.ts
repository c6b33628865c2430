/**
 * The AddressLeases that there are, by host. Where there are two for one host, every replica goes by the same one: that in use
 * before a tombstone, then the older, then the first by name. So it is of two leases of different hosts that have an address in
 * common: the other one does not count, and its host gets another address.
 */
import { isNewerVersion } from '../../../kubernetes-api/resource-version.ts';
import { type Finding, finding } from '../../../model/finding.ts';
import type { ServiceKey } from '../../../model/service.ts';
import type { VirtualIpLease } from '../../../model/virtual-ip.ts';
import type { AddressLease } from './address-lease.ts';

export class AddressLeaseView {
  readonly #objects = new Map<string, AddressLease>();
  readonly #byHost = new Map<ServiceKey, readonly AddressLease[]>();
  readonly #byAddress = new Map<string, readonly AddressLease[]>();

  get(name: string): AddressLease | undefined {
    return this.#objects.get(name);
  }

  objects(): IterableIterator<AddressLease> {
    return this.#objects.values();
  }

  hosts(): IterableIterator<ServiceKey> {
    return this.#byHost.keys();
  }

  /** The one that counts. */
  of(key: ServiceKey): AddressLease | undefined {
    return this.#byHost.get(key)?.find((one) => this.#overruledBy(one) === undefined);
  }

  /** The hosts concerned; none for what is older than what is known, unless what is known is of another history of the store. */
  take(object: AddressLease, isOtherHistory = false): readonly ServiceKey[] {
    const known = this.#objects.get(object.name);
    const isNewer = known?.uid !== object.uid || isNewerVersion(object.version, known.version);
    if (!isNewer && !isOtherHistory) return [];
    const before = known === undefined ? [] : this.#concerned(known);
    if (known !== undefined) this.#unlist(known);
    this.#objects.set(object.name, object);
    this.#list(object);
    return hostsOf(...before, ...this.#concerned(object));
  }

  /** The hosts concerned. `uid`: of the object that is gone; another one of that name stays. */
  drop(name: string, uid: string | undefined): readonly ServiceKey[] {
    const known = this.#objects.get(name);
    if (known === undefined || (uid !== undefined && known.uid !== uid)) return [];
    const concerned = this.#concerned(known);
    this.#objects.delete(name);
    this.#unlist(known);
    return hostsOf(...concerned);
  }

  /** Addresses that no host has, and that nobody may be given: of leases that do not count. */
  reserved(): ReadonlyMap<string, readonly ServiceKey[]> {
    const reserved = new Map<string, readonly ServiceKey[]>();
    for (const object of this.#objects.values()) {
      const { lease, name } = object;
      if (lease !== undefined && this.of(lease.key) === object) continue;
      const addresses = lease === undefined ? [name.replaceAll('-', '.')] : [lease.ipv4, lease.ipv6];
      for (const address of addresses)
        if (address !== undefined && !this.#isInUse(address))
          reserved.set(address, [lease?.key ?? `AddressLease/${name}`]);
    }
    return reserved;
  }

  findings(): readonly Finding[] {
    return [...this.#objects.values()].flatMap((one) => this.#faultOf(one)).slice(0, maxFindings);
  }

  #faultOf(one: AddressLease): readonly Finding[] {
    const object = { kind: 'AddressLease', name: one.name };
    const { lease } = one;
    if (lease === undefined) return [finding('ISTH1503', { object, message: 'It does not say whose address it is.' })];
    const holder = this.#overruledBy(one);
    if (holder !== undefined) {
      const message = `${holder.lease?.key} has its address by ${holder.name}, which counts; ${lease.key} gets another.`;
      return [finding('ISTH1504', { object, message })];
    }
    const counting = this.of(lease.key);
    if (counting === undefined || counting === one) return [];
    const message = `${lease.key} has ${counting.name} already, which counts.`;
    return [finding('ISTH1504', { object, message })];
  }

  /** The lease of another host that counts, and has an address of this one. Who overrules comes first: there is an end to it. */
  #overruledBy(object: AddressLease): AddressLease | undefined {
    return this.#sharersOf(object).find(
      (one) => byPrecedence(one, object) < 0 && one.lease !== undefined && this.of(one.lease.key) === one,
    );
  }

  /** Leases of other hosts that have an address of this one. */
  #sharersOf(object: AddressLease): readonly AddressLease[] {
    return addressesOf(object).flatMap((address) =>
      (this.#byAddress.get(address) ?? []).filter(({ lease }) => lease?.key !== object.lease?.key),
    );
  }

  /** All for which it may matter: of its host, of its addresses, and so on. */
  #concerned(object: AddressLease): readonly AddressLease[] {
    const concerned = new Set([object]);
    for (const one of concerned) {
      const ofHost = one.lease === undefined ? [] : (this.#byHost.get(one.lease.key) ?? []);
      for (const other of [...ofHost, ...this.#sharersOf(one)]) concerned.add(other);
    }
    return [...concerned];
  }

  #isInUse(address: string): boolean {
    return (this.#byAddress.get(address) ?? []).some(({ lease }) => {
      const counting = lease === undefined ? undefined : this.of(lease.key)?.lease;
      return counting?.ipv4 === address || counting?.ipv6 === address;
    });
  }

  #list(object: AddressLease): void {
    const key = object.lease?.key;
    if (key === undefined) return;
    add(this.#byHost, key, object);
    for (const address of addressesOf(object)) add(this.#byAddress, address, object);
  }

  #unlist(object: AddressLease): void {
    const key = object.lease?.key;
    if (key === undefined) return;
    remove(this.#byHost, key, object);
    for (const address of addressesOf(object)) remove(this.#byAddress, address, object);
  }
}

const maxFindings = 100;

type Listed<K> = Map<K, readonly AddressLease[]>;

function add<K>(listed: Listed<K>, key: K, object: AddressLease): void {
  listed.set(key, [...(listed.get(key) ?? []), object].sort(byPrecedence));
}

function remove<K>(listed: Listed<K>, key: K, object: AddressLease): void {
  const left = (listed.get(key) ?? []).filter((one) => one !== object);
  if (left.length === 0) listed.delete(key);
  else listed.set(key, left);
}

function addressesOf({ lease }: AddressLease): readonly string[] {
  return [lease?.ipv4, lease?.ipv6].filter((address) => address !== undefined);
}

function hostsOf(...objects: readonly (AddressLease | undefined)[]): readonly ServiceKey[] {
  return [...new Set(objects.flatMap((object) => object?.lease?.key ?? []))];
}

function byPrecedence(a: AddressLease, b: AddressLease): number {
  return rankOf(a.lease) - rankOf(b.lease) || a.created - b.created || (a.name < b.name ? -1 : 1);
}

function rankOf(lease: VirtualIpLease | undefined): number {
  return lease?.state === 'bound' ? 0 : 1;
}
