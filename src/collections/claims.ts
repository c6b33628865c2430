/**
 * Values under keys that several owners may want: the smallest owner's value stands, and the next owner's takes its place
 * when it goes, whatever the order in which they came.
 */
import { equal } from './equality.ts';

export interface Keyed<T> {
  readonly key: string;
  readonly value: T;
}

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
  /** What each owner claims, in the order in which it gave it; nearly always one, which then stands alone. */
  readonly #owned = new Map<string, Claim<T> | readonly Claim<T>[]>();

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

  /** Replaces all that an owner claims, no key twice; `touched` gets the keys whose claims changed. */
  replace(owner: string, wanted: readonly Keyed<T>[], touched: Set<string>): void {
    const owned = listOf(this.#owned.get(owner));
    if (haveKeys(owned, wanted)) {
      owned.forEach((claim, at) => {
        this.#amend(claim, wanted[at], touched);
      });
      return;
    }
    const known = new Map(owned.map((claim) => [claim.key, claim]));
    if (known.size > 0) this.#withdrawAllBut(wanted, owner, known, touched);
    const now = wanted.map((one) => {
      const claim = known.get(one.key);
      if (claim === undefined) return this.#put({ owner, key: one.key, value: one.value }, touched);
      this.#amend(claim, one, touched);
      return claim;
    });
    const [first, second] = now;
    if (first === undefined) this.#owned.delete(owner);
    else this.#owned.set(owner, second === undefined ? first : now);
  }

  #withdrawAllBut(
    wanted: readonly Keyed<T>[],
    owner: string,
    known: ReadonlyMap<string, Claim<T>>,
    touched: Set<string>,
  ): void {
    const kept = new Set(wanted.map(({ key }) => key));
    for (const key of known.keys()) {
      if (kept.has(key)) continue;
      this.#withdraw(owner, key);
      touched.add(key);
    }
  }

  #amend(claim: Claim<T>, wanted: Keyed<T> | undefined, touched: Set<string>): void {
    if (wanted === undefined || this.#equals(claim.value, wanted.value)) return;
    claim.value = wanted.value;
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

/** An owner has nothing, one claim, or several. */
function listOf<T>(owned: Claim<T> | readonly Claim<T>[] | undefined): readonly Claim<T>[] {
  if (owned === undefined) return nothing;
  return isList(owned) ? owned : [owned];
}

function isList<T>(owned: Claim<T> | readonly Claim<T>[]): owned is readonly Claim<T>[] {
  return Array.isArray(owned);
}

const nothing: readonly never[] = Object.freeze([]);

/** In the same order. */
function haveKeys(owned: readonly Claim<unknown>[], wanted: readonly Keyed<unknown>[]): boolean {
  return owned.length === wanted.length && owned.every(({ key }, at) => wanted[at]?.key === key);
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
