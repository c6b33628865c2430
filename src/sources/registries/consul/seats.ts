/**
 * Who has a blocking query of its own: everybody as long as there are seats, and else who changed last, since it is the
 * most likely to change again.
 */

export class Seats<T> {
  readonly #most: number;
  /** The last to change is the last. */
  readonly #seated = new Set<T>();
  /** Of those, without a query just now. */
  readonly #idle = new Set<T>();

  constructor(most: number) {
    this.#most = most;
  }

  get most(): number {
    return this.#most;
  }

  has(one: T): boolean {
    return this.#seated.has(one);
  }

  /** The next whose query is to begin. */
  get idle(): T | undefined {
    const [next] = this.#idle;
    return next;
  }

  /** Fills free seats; of those that get one, who is ready has no query. */
  fill(all: Iterable<T>, count: number, isReady: (one: T) => boolean): void {
    if (this.#seated.size >= Math.min(this.#most, count)) return;
    for (const one of all) {
      if (this.#seated.size >= this.#most) return;
      if (this.#seated.has(one)) continue;
      this.#seated.add(one);
      if (isReady(one)) this.#idle.add(one);
    }
  }

  /** It changed: it gets the seat of whoever has not for longest. */
  promote(one: T): void {
    this.#seated.delete(one);
    this.#seated.add(one);
    const [oldest] = this.#seated;
    if (this.#seated.size > this.#most && oldest !== undefined) this.leave(oldest);
  }

  /** Its query begins, or something else is asked of it. */
  begin(one: T): void {
    this.#idle.delete(one);
  }

  /** Its query ended, and may begin again where it has a seat. */
  end(one: T): void {
    if (this.#seated.has(one)) this.#idle.add(one);
  }

  leave(one: T): void {
    this.#seated.delete(one);
    this.#idle.delete(one);
  }
}
