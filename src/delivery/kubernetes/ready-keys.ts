/**
 * Keys whose work may begin, in two lines: what somebody waits for, and what follows from something else and may be much.
 * Where both wait, three turns of four go to the first line: neither ever waits for the end of the other.
 */

/** awaited: somebody waits for it. routine: nobody does. */
export type Urgency = 'awaited' | 'routine';

const awaitedInRow = 3;

export class ReadyKeys {
  readonly #lines: Readonly<Record<Urgency, Line>> = { awaited: new Line(), routine: new Line() };
  /** Turns of the first line since one of the second. */
  #inRow = 0;

  get size(): number {
    return this.#lines.awaited.size + this.#lines.routine.size;
  }

  urgencyOf(key: string): Urgency | undefined {
    if (this.#lines.awaited.has(key)) return 'awaited';
    return this.#lines.routine.has(key) ? 'routine' : undefined;
  }

  /** At the end of its line, unless it is in it, or in the better one. */
  add(key: string, urgency: Urgency): void {
    if (this.#lines.awaited.has(key)) return;
    if (urgency === 'awaited') this.#lines.routine.delete(key);
    this.#lines[urgency].add(key);
  }

  delete(key: string): void {
    for (const line of Object.values(this.#lines)) line.delete(key);
  }

  /** Whose turn it is; it waits no more. A turn is over when `spend` says so. */
  take(): { readonly key: string; readonly urgency: Urgency } | undefined {
    const { awaited, routine } = this.#lines;
    const urgency = awaited.size === 0 || (this.#inRow >= awaitedInRow && routine.size > 0) ? 'routine' : 'awaited';
    const key = this.#lines[urgency].take();
    return key === undefined ? undefined : { key, urgency };
  }

  spend(urgency: Urgency): void {
    this.#inRow = urgency === 'awaited' ? this.#inRow + 1 : 0;
  }

  clear(): void {
    for (const line of Object.values(this.#lines)) line.clear();
  }
}

/** Keys in the order in which they came, each once. */
class Line {
  readonly #keys = new Set<string>();
  /** Goes on where it was, over what is added meanwhile: to begin anew each time would pass all that was taken before. */
  #walk = this.#keys.values();

  get size(): number {
    return this.#keys.size;
  }

  has(key: string): boolean {
    return this.#keys.has(key);
  }

  add(key: string): void {
    this.#keys.add(key);
  }

  delete(key: string): void {
    this.#keys.delete(key);
  }

  take(): string | undefined {
    if (this.#keys.size === 0) return undefined;
    let next = this.#walk.next();
    if (next.done === true) {
      this.#walk = this.#keys.values();
      next = this.#walk.next();
    }
    if (next.value !== undefined) this.#keys.delete(next.value);
    return next.value;
  }

  clear(): void {
    this.#keys.clear();
  }
}
