/**
 * What a server said: all instances, and the services that they are members of. A table is filled by a full read, beside the
 * one before it, of which it keeps what did not change; deltas then change it in place.
 */
import { equal } from '../../../collections/equality.ts';
import type { RegistryInstance, RegistryService, RegistryServiceName } from '../../../model/registry.ts';
import type { Membership } from './eureka-mapping.ts';
import type { InstanceRecord } from './instance-record.ts';

export interface TableOptions {
  /** The services of an instance. */
  readonly membershipsOf: (record: InstanceRecord) => readonly Membership[];
  /** Others are counted, and not kept. */
  readonly isSelected: (name: RegistryServiceName) => boolean;
}

interface Entry {
  readonly status: string;
  readonly updatedAt: number;
  readonly memberships: readonly Membership[];
  readonly bytes: number;
}

/**
 * What an instance takes of the heap, at most: each membership is an object, perhaps with a service of its own, and each
 * entry of metadata two texts. The caller bounds the sum, since a server may answer nothing but what is costly to keep.
 */
export function bytesOf({ application, id, address, status, metadata }: InstanceRecord, memberships = 1): number {
  let bytes = 512 + 1024 * memberships + 2 * (application.length + id.length) + address.length + status.length;
  for (const key in metadata) bytes += 64 + key.length + (metadata[key]?.length ?? 0);
  return bytes;
}

type Members = Map<string, RegistryInstance>;

export class InstanceTable {
  readonly #options: TableOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #services = new Map<string, Members>();
  readonly #counts = new Map<string, number>();
  #bytes = 0;

  constructor(options: TableOptions) {
    this.#options = options;
  }

  /** Of instances, those that are not selected among them. */
  get size(): number {
    return this.#entries.size;
  }

  /** Of the heap, about. */
  get bytes(): number {
    return this.#bytes;
  }

  get services(): readonly RegistryServiceName[] {
    return [...this.#services.keys()].map(nameOf);
  }

  /** As the server counts it: `DOWN_1_UP_3_`; statuses in the order of Java's strings. */
  get hash(): string {
    const counts = [...this.#counts].filter(([, count]) => count > 0);
    return counts
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([status, count]) => `${status}_${count}_`)
      .join('');
  }

  /** Whether a server that counts so has these, and besides so many as nobody could read. */
  isCountedAs(hash: string, unread: number): boolean {
    if (unread === 0) return hash === this.hash;
    const theirs = new Map(
      [...hash.matchAll(/([^_]\w*?)_(\d{1,9})_/gy)].map(([, status = '', count]) => [status, Number(count)]),
    );
    let rest = 0;
    for (const [status, count] of theirs) rest += count - (this.#counts.get(status) ?? 0);
    const isWithin = [...this.#counts].every(([status, count]) => count <= (theirs.get(status) ?? 0));
    return isWithin && rest === unread;
  }

  /** Undefined for what it does not hold. */
  service(name: string): RegistryService | undefined {
    const members = this.#services.get(name);
    if (members === undefined) return undefined;
    return { ...nameOf(name), metadata: {}, instances: [...members.values()], isProtected: false };
  }

  has(key: string): boolean {
    return this.#entries.has(key);
  }

  /** Whether a change has been applied: servers tell of each for minutes. */
  knows(record: InstanceRecord): boolean {
    const known = this.#entries.get(keyOf(record));
    const { updatedAt, status, isDeleted } = record;
    return !isDeleted && updatedAt > 0 && known?.updatedAt === updatedAt && known.status === status;
  }

  keys(): IterableIterator<string> {
    return this.#entries.keys();
  }

  /** `before`: a table that may know the same of it. Gives the services that changed since. */
  put(record: InstanceRecord, before: InstanceTable = this): readonly string[] {
    const key = keyOf(record);
    const known = before.#entries.get(key);
    const { isSelected } = this.#options;
    const fresh = this.#options.membershipsOf(record).filter(({ service }) => isSelected(nameOf(service)));
    const memberships = known !== undefined && equal(known.memberships, fresh) ? known.memberships : fresh;
    const changed = memberships === known?.memberships ? [] : namesOf([...(known?.memberships ?? []), ...fresh]);
    this.#forget(key);
    const bytes = bytesOf(record, memberships.length);
    this.#entries.set(key, { status: record.status, updatedAt: record.updatedAt, memberships, bytes });
    this.#bytes += bytes;
    this.#count(record.status, 1);
    for (const { service, instance } of memberships) {
      const members = this.#services.get(service);
      if (members === undefined) this.#services.set(service, new Map([[key, instance]]));
      else members.set(key, instance);
    }
    return changed;
  }

  /** Of a delta, which may be older than what is known. Gives the services that changed. */
  apply(record: InstanceRecord): readonly string[] {
    const key = keyOf(record);
    const known = this.#entries.get(key);
    if (known !== undefined && record.updatedAt < known.updatedAt) return [];
    if (!record.isDeleted) return this.put(record);
    this.#forget(key);
    return namesOf(known?.memberships ?? []);
  }

  /** Services that `before` has otherwise, or has not, or alone has. */
  changesSince(before: InstanceTable): readonly string[] {
    const changed = [...before.#services.keys()].filter((name) => !this.#services.has(name));
    for (const [name, members] of this.#services) {
      const old = before.#services.get(name);
      const isSame = old?.size === members.size && [...members].every(([key, one]) => old.get(key) === one);
      if (!isSame) changed.push(name);
    }
    return changed;
  }

  #forget(key: string): void {
    const known = this.#entries.get(key);
    if (known === undefined) return;
    this.#entries.delete(key);
    this.#bytes -= known.bytes;
    this.#count(known.status, -1);
    for (const { service } of known.memberships) {
      const members = this.#services.get(service);
      members?.delete(key);
      if (members?.size === 0) this.#services.delete(service);
    }
  }

  #count(status: string, by: number): void {
    this.#counts.set(status, (this.#counts.get(status) ?? 0) + by);
  }
}

export function keyOf({ application, id }: Pick<InstanceRecord, 'application' | 'id'>): string {
  return `${application}/${id}`;
}

/** Eureka has no namespaces and no groups. */
function nameOf(name: string): RegistryServiceName {
  return { namespace: '', group: '', name };
}

function namesOf(memberships: readonly Membership[]): readonly string[] {
  return [...new Set(memberships.map(({ service }) => service))];
}
