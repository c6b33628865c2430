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
  readonly #claims = new Map<string, Claim<T> | readonly Claim<T>[]>();
  /** Keys that each owner claims, in the order in which it gave them. */
  readonly #owned = new Map<string, readonly string[]>();

  constructor(equals: ((a: T, b: T) => boolean) | undefined) {
    this.#equals = equals ?? equal;
  }

  /** The value that stands under a key, and whose it is. */
  winner(key: string): Claim<T> | undefined {
    const held = this.#claims.get(key);
    return isList(held) ? held[0] : held;
  }

  /** Every value claimed under a key, the standing one first; undefined when nobody contests it. */
  contest(key: string): readonly T[] | undefined {
    const held = this.#claims.get(key);
    return isList(held) ? held.map((claim) => claim.value) : undefined;
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
    const all = isList(held) ? held : [held];
    const mine = all.find((other) => other.owner === claim.owner);
    if (mine !== undefined && this.#equals(mine.value, claim.value)) return false;
    const others = all.filter((other) => other !== mine);
    const at = others.findIndex((other) => other.owner > claim.owner);
    this.#store(key, others.toSpliced(at === -1 ? others.length : at, 0, claim));
    return true;
  }

  #withdraw(owner: string, key: string): void {
    const held = this.#claims.get(key);
    const left = isList(held) ? held.filter((claim) => claim.owner !== owner) : [];
    this.#store(key, left);
  }

  #store(key: string, claims: readonly Claim<T>[]): void {
    const [only, second] = claims;
    if (only === undefined) this.#claims.delete(key);
    else this.#claims.set(key, second === undefined ? only : claims);
  }
}

function isList<T>(held: Claim<T> | readonly Claim<T>[] | undefined): held is readonly Claim<T>[] {
  return Array.isArray(held);
}
