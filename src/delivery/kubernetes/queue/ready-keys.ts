/**
 * Keys whose work may begin, in two lines: what somebody waits for, and what follows from something else and may be much.
 * Where both wait, three turns of four go to the first line: neither ever waits for the end of the other. In a line, each group has its
 * turn: who changes thousands of objects keeps nobody else waiting for them.
 */

/** awaited: somebody waits for it. routine: nobody does. */
export type Urgency = 'awaited' | 'routine';

const awaitedInRow = 3;

export class ReadyKeys {
  readonly #lines: Readonly<Record<Urgency, Line>>;
  /** Turns of the first line since one of the second. */
  #inRow = 0;

  /** Of whom a key is. */
  constructor(groupOf: (key: string) => string) {
    this.#lines = { awaited: new Line(groupOf), routine: new Line(groupOf) };
  }

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

/** Keys of a group in the order in which they came, each once; groups by turns. */
class Line {
  readonly #groupOf: (key: string) => string;
  /** Of each key, as it was when the key came: whose a key is may change while it waits. */
  readonly #groupNames = new Map<string, string>();
  /** None is empty; whose turn was last is at the end. */
  readonly #groups = new InOrder<string, InOrder<string, string>>();

  constructor(groupOf: (key: string) => string) {
    this.#groupOf = groupOf;
  }

  get size(): number {
    return this.#groupNames.size;
  }

  has(key: string): boolean {
    return this.#groupNames.has(key);
  }

  add(key: string): void {
    if (this.has(key)) return;
    const name = this.#groupOf(key);
    const group = this.#groups.get(name) ?? new InOrder<string, string>();
    group.set(key, key);
    this.#groups.set(name, group);
    this.#groupNames.set(key, name);
  }

  delete(key: string): void {
    const name = this.#groupNames.get(key);
    if (name === undefined) return;
    const group = this.#groups.get(name);
    group?.delete(key);
    if (group?.size === 0) this.#groups.delete(name);
    this.#groupNames.delete(key);
  }

  take(): string | undefined {
    const group = this.#groups.take();
    const key = group?.take();
    if (group === undefined || key === undefined) return undefined;
    const name = this.#groupNames.get(key);
    if (name !== undefined && group.size > 0) this.#groups.set(name, group);
    this.#groupNames.delete(key);
    return key;
  }

  clear(): void {
    this.#groups.clear();
    this.#groupNames.clear();
  }
}

/** What is taken is the first that came, and goes. */
class InOrder<K, V> {
  readonly #values = new Map<K, V>();
  /** Goes on where it was, over what is added meanwhile: to begin anew each time would pass all that was taken before. */
  #walk = this.#values.entries();

  get size(): number {
    return this.#values.size;
  }

  get(key: K): V | undefined {
    return this.#values.get(key);
  }

  set(key: K, value: V): void {
    this.#values.set(key, value);
  }

  delete(key: K): boolean {
    return this.#values.delete(key);
  }

  take(): V | undefined {
    if (this.#values.size === 0) return undefined;
    let next = this.#walk.next();
    if (next.done === true) {
      this.#walk = this.#values.entries();
      next = this.#walk.next();
    }
    if (next.done === true) return undefined;
    const [key, value] = next.value;
    this.#values.delete(key);
    return value;
  }

  clear(): void {
    this.#values.clear();
  }
}
