/** Which host holds which slot of an address family. */
import type { ServiceKey } from '../../model/service.ts';
import { IntegerMap } from './integer-map.ts';

export interface Holders extends Iterable<readonly [number, ServiceKey]> {
  /** Makes room for so many more. */
  reserve(more: number): void;
  get(slot: number): ServiceKey | undefined;
  /** Takes a slot that is free; gives the holder of one that is not. */
  add(slot: number, key: ServiceKey): ServiceKey | undefined;
  set(slot: number, key: ServiceKey): void;
  delete(slot: number): void;
}

/** A pool of this size fills an array of a few megabytes, which is faster than a table. */
const maxDenseSlots = 2 ** 18;

export function createHolders(slots: number): Holders {
  return slots <= maxDenseSlots ? new DenseHolders(slots) : new IntegerMap<ServiceKey>();
}

class DenseHolders implements Holders {
  readonly #keys: (ServiceKey | undefined)[];

  constructor(slots: number) {
    this.#keys = Array<ServiceKey | undefined>(slots).fill(undefined);
  }

  reserve(): void {}

  get(slot: number): ServiceKey | undefined {
    return this.#keys[slot];
  }

  add(slot: number, key: ServiceKey): ServiceKey | undefined {
    const holder = this.#keys[slot];
    if (holder === undefined) this.#keys[slot] = key;
    return holder;
  }

  set(slot: number, key: ServiceKey): void {
    this.#keys[slot] = key;
  }

  delete(slot: number): void {
    this.#keys[slot] = undefined;
  }

  *[Symbol.iterator](): Iterator<readonly [number, ServiceKey]> {
    for (const [slot, key] of this.#keys.entries()) if (key !== undefined) yield [slot, key];
  }
}
