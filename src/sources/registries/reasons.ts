/** Why something is not as it should be, by what it concerns. Knows whether anything changed without being read. */
import { equal } from '../../collections/equality.ts';

export class Reasons<T> {
  readonly #reasons = new Map<string, T>();
  #version = 0;

  /** Another number after each change. */
  get version(): number {
    return this.#version;
  }

  get size(): number {
    return this.#reasons.size;
  }

  set(concern: string, reason: T): void {
    if (this.#reasons.has(concern) && equal(this.#reasons.get(concern), reason)) return;
    this.#reasons.set(concern, reason);
    this.#version++;
  }

  delete(concern: string): void {
    if (this.#reasons.delete(concern)) this.#version++;
  }

  get(concern: string): T | undefined {
    return this.#reasons.get(concern);
  }

  [Symbol.iterator](): IterableIterator<[string, T]> {
    return this.#reasons.entries();
  }

  values(): IterableIterator<T> {
    return this.#reasons.values();
  }
}
