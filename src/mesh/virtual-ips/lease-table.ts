/**
 * Leases by the key of their host. They stand at the key's hash, which every new host's preferred slot needs anyway: whoever
 * has it hands it in, and the key is not read again.
 */
import type { ServiceKey } from '../../model/service.ts';
import type { VirtualIpLease } from '../../model/virtual-ip.ts';
import { IntegerMap } from './integer-map.ts';

export class LeaseTable {
  readonly #byHash = new IntegerMap<VirtualIpLease>();
  /** Those whose hash was another key's already. */
  readonly #others = new Map<ServiceKey, VirtualIpLease>();

  get size(): number {
    return this.#byHash.size + this.#others.size;
  }

  /** Makes room for so many more. */
  reserve(more: number): void {
    this.#byHash.reserve(more);
  }

  get(key: ServiceKey): VirtualIpLease | undefined {
    if (this.#byHash.size > 0) {
      const lease = this.#byHash.get(hashOf(key));
      if (lease?.key === key) return lease;
    }
    return this.#others.size === 0 ? undefined : this.#others.get(key);
  }

  set(lease: VirtualIpLease, hash = hashOf(lease.key)): void {
    const { key } = lease;
    if (this.#others.size > 0 && this.#others.has(key)) {
      this.#others.set(key, lease);
      return;
    }
    const holder = this.#byHash.add(hash, lease);
    if (holder === undefined) return;
    if (holder.key === key) this.#byHash.set(hash, lease);
    else this.#others.set(key, lease);
  }

  delete(key: ServiceKey): void {
    const hash = hashOf(key);
    if (this.#byHash.get(hash)?.key === key) this.#byHash.delete(hash);
    else this.#others.delete(key);
  }

  *values(): IterableIterator<VirtualIpLease> {
    for (const [, lease] of this.#byHash) yield lease;
    yield* this.#others.values();
  }
}

/**
 * 32 bits, signed: V8 keeps such numbers without an object. Two UTF-16 units at a step, rotated and multiplied, then Murmur3's finisher so that near keys do not get near
 * slots. Leases outlive a change of this; a book that was lost would fill up otherwise.
 */
export function hashOf(key: string): number {
  let hash = 0x811c9dc5;
  const pairs = key.length & ~1;
  for (let at = 0; at < pairs; at += 2) {
    hash ^= key.charCodeAt(at) | (key.charCodeAt(at + 1) << 16);
    hash = Math.imul((hash << 13) | (hash >>> 19), 0x9e3779b1);
  }
  if (pairs < key.length) hash = Math.imul(hash ^ key.charCodeAt(pairs), 0x9e3779b1);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
