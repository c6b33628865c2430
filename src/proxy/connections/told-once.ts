/** What an operator has been told already. Bounded, so that news that differ each time fill neither memory nor log. */

const MOST = 100;

export class ToldOnce {
  readonly #told = new Set<string>();

  /** True for the first of its kind; false for what was told, and for everything beyond the bound. */
  isNew(kind: string): boolean {
    if (this.#told.has(kind) || this.#told.size >= MOST) return false;
    this.#told.add(kind);
    return true;
  }
}
