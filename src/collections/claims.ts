/**
 * Values under keys that several owners may want: the smallest owner's value stands, and the next owner's takes its place
 * when it goes, whatever the order in which they came.
 */
import { equal } from './equality.ts';

/** Its value is replaced in place, through its owner: most changes are of values alone, and tables of claims are large. */
interface Claim<T> {
  readonly owner: string;
  readonly key: string;
  value: T;
}

export class Claims<T> {
  readonly #equals: (a: T, b: T) => boolean;
  /** Claims on a key, sorted by owner; nearly always one, which then stands alone. */
  readonly #claims = new Map<string, Claim<T> | Claim<T>[]>();
  /** What each owner claims, in the order in which it gave it. */
  readonly #owned = new Map<string, readonly Claim<T>[]>();

  constructor(equals: ((a: T, b: T) => boolean) | undefined) {
    this.#equals = equals ?? equal;
  }

  /** The value that stands under a key, and whose it is. */
  winner(key: string): Readonly<Claim<T>> | undefined {
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
    const owned = this.#owned.get(owner);
    if (owned !== undefined && haveKeys(owned, values)) {
      for (const claim of owned) this.#amend(claim, values.get(claim.key), touched);
      return;
    }
    const known = new Map((owned ?? []).map((claim) => [claim.key, claim]));
    for (const key of known.keys()) {
      if (values.has(key)) continue;
      this.#withdraw(owner, key);
      touched.add(key);
    }
    const now = [...values].map(([key, value]) => {
      const claim = known.get(key);
      if (claim === undefined) return this.#put({ owner, key, value }, touched);
      this.#amend(claim, value, touched);
      return claim;
    });
    if (now.length > 0) this.#owned.set(owner, now);
    else if (owned !== undefined) this.#owned.delete(owner);
  }

  #amend(claim: Claim<T>, value: T | undefined, touched: Set<string>): void {
    if (value === undefined || this.#equals(claim.value, value)) return;
    claim.value = value;
    touched.add(claim.key);
  }

  #put(claim: Claim<T>, touched: Set<string>): Claim<T> {
    const held = this.#claims.get(claim.key);
    if (held === undefined) {
      this.#claims.set(claim.key, claim);
    } else {
      const all = Array.isArray(held) ? held : [held];
      all.splice(position(all, claim.owner), 0, claim);
      this.#claims.set(claim.key, all);
    }
    touched.add(claim.key);
    return claim;
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

/** In the same order. */
function haveKeys(owned: readonly Claim<unknown>[], values: ReadonlyMap<string, unknown>): boolean {
  if (owned.length !== values.size) return false;
  let at = 0;
  for (const key of values.keys()) if (owned[at++]?.key !== key) return false;
  return true;
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
