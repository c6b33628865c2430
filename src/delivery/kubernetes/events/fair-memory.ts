/** A bounded number of values by key. Where there are too many, the group that has the most gives up its longest unchanged. */
export class FairMemory<T> {
  readonly #most: number;
  readonly #groupOf: (key: string) => string;
  /** None is empty; the longest unchanged first. */
  readonly #groups = new Map<string, Map<string, T>>();
  #size = 0;

  constructor(most: number, groupOf: (key: string) => string) {
    this.#most = most;
    this.#groupOf = groupOf;
  }

  get(key: string): T | undefined {
    return this.#groups.get(this.#groupOf(key))?.get(key);
  }

  /** Gives the key that is forgotten for it, if any. */
  set(key: string, value: T): string | undefined {
    const name = this.#groupOf(key);
    const group = this.#groups.get(name) ?? new Map<string, T>();
    this.#groups.set(name, group);
    if (!group.delete(key)) this.#size++;
    group.set(key, value);
    return this.#size > this.#most ? this.#forgetOne() : undefined;
  }

  /** Changes a value that is there, and counts as no change of it. */
  amend(key: string, change: (value: T) => T): void {
    const group = this.#groups.get(this.#groupOf(key));
    const value = group?.get(key);
    if (value !== undefined) group?.set(key, change(value));
  }

  #forgetOne(): string | undefined {
    let largest: readonly [string, Map<string, T>] | undefined;
    for (const one of this.#groups) if (one[1].size > (largest?.[1].size ?? 0)) largest = one;
    if (largest === undefined) return undefined;
    const [name, group] = largest;
    const [oldest] = group.keys();
    if (oldest !== undefined && group.delete(oldest)) this.#size--;
    if (group.size === 0) this.#groups.delete(name);
    return oldest;
  }
}
