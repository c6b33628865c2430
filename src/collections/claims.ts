/**
 * Values under keys that several owners may want: the smallest owner's value stands, and the next owner's takes its place
 * when it goes, whatever the order in which they came.
 */
import { equal } from './equality.ts';

interface Claim<T> {
  readonly owner: string;
  readonly value: T;
}

export class Claims<T> {
  readonly #equals: (a: T, b: T) => boolean;
  /** Claims on a key, sorted by owner; nearly always one, which then stands alone. */
  readonly #claims = new Map<string, Claim<T> | Claim<T>[]>();
  /** Keys that each owner claims, in the order in which it gave them. */
  readonly #owned = new Map<string, readonly string[]>();

  constructor(equals: ((a: T, b: T) => boolean) | undefined) {
    this.#equals = equals ?? equal;
  }

  /** The value that stands under a key, and whose it is. */
  winner(key: string): Claim<T> | undefined {
    const held = this.#claims.get(key);
    return Array.isArray(held) ? held[0] : held;
  }

  /** Every value claimed under a key, the standing one first; undefined when nobody contests it. */
  contest(key: string): readonly T[] | undefined {
    const held = this.#claims.get(key);
    return Array.isArray(held) ? held.map((claim) => claim.value) : undefined;
  }

  /** Replaces all that an owner claims; `touched` gets the keys whose claims changed. */
  replace(owner: string, values: ReadonlyMap<string, T>, touched: Set<string>): void {
    for (const key of this.#owned.get(owner) ?? []) {
      if (values.has(key)) continue;
      this.#withdraw(owner, key);
      touched.add(key);
    }
    for (const [key, value] of values) {
      if (this.#put({ owner, value }, key)) touched.add(key);
    }
    if (values.size === 0) this.#owned.delete(owner);
    else this.#owned.set(owner, [...values.keys()]);
  }

  #put(claim: Claim<T>, key: string): boolean {
    const held = this.#claims.get(key);
    if (held === undefined) {
      this.#claims.set(key, claim);
      return true;
    }
    const all = Array.isArray(held) ? held : [held];
    const at = position(all, claim.owner);
    const known = all[at];
    const isMine = known?.owner === claim.owner;
    if (isMine && this.#equals(known.value, claim.value)) return false;
    all.splice(at, isMine ? 1 : 0, claim);
    this.#claims.set(key, all.length === 1 ? claim : all);
    return true;
  }

  #withdraw(owner: string, key: string): void {
    const held = this.#claims.get(key);
    if (!Array.isArray(held)) {
      this.#claims.delete(key);
      return;
    }
    held.splice(position(held, owner), 1);
    const [only, second] = held;
    if (only !== undefined && second === undefined) this.#claims.set(key, only);
  }
}

/** The first place whose owner is not smaller. */
function position(claims: readonly Claim<unknown>[], owner: string): number {
  let low = 0;
  let high = claims.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((claims[middle]?.owner ?? '') < owner) low = middle + 1;
    else high = middle;
  }
  return low;
}
