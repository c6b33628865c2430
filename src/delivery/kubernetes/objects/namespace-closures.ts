/** Namespaces that take no writes: they are not there, or about to go, or we may not. One tries now and then, not all. */
import { pauseAfter } from '../../../model/back-off.ts';
import type { Clock } from '../../../model/clock.ts';
import type { NamespaceTrouble } from '../../../model/cluster-writing.ts';

interface Closure {
  readonly cause: NamespaceTrouble['cause'];
  readonly message: string;
  readonly tries: number;
  readonly until: number;
  readonly cancel: () => void;
  /** Places of objects that have something to be done. */
  readonly waiting: Set<string>;
}

const pauses = { firstMs: 1_000, longestMs: 300_000 };

export class NamespaceClosures {
  readonly #clock: Clock;
  readonly #onOpen: (places: ReadonlySet<string>) => void;
  readonly #closed = new Map<string, Closure>();

  /** `onOpen`: these are to be tried again. */
  constructor(clock: Clock, onOpen: (places: ReadonlySet<string>) => void) {
    this.#clock = clock;
    this.#onOpen = onOpen;
  }

  /** Whether the place lies in a namespace that takes nothing now; it is then told of when that is to be tried again. */
  detain(place: string): boolean {
    const closure = this.#closed.get(namespaceOf(place));
    if (closure === undefined || this.#clock.now() >= closure.until) return false;
    closure.waiting.add(place);
    return true;
  }

  /** A write came back. */
  close(place: string, cause: NamespaceTrouble['cause'], message: string): void {
    const namespace = namespaceOf(place);
    const now = this.#clock.now();
    const known = this.#closed.get(namespace);
    known?.waiting.add(place);
    if (known !== undefined && now < known.until) return;
    const tries = known?.tries ?? 0;
    const pause = pauseAfter(tries, pauses);
    const cancel = this.#clock.after(pause, () => this.reopen(namespace));
    const waiting = known?.waiting ?? new Set([place]);
    const until = now + pause;
    this.#closed.set(namespace, { cause, message, tries: tries + 1, until, cancel, waiting });
  }

  /** A write came through. */
  open(place: string): void {
    const namespace = namespaceOf(place);
    const closure = this.#closed.get(namespace);
    if (closure === undefined) return;
    closure.cancel();
    this.#closed.delete(namespace);
    this.#onOpen(closure.waiting);
  }

  /** Something is known of it: what waits is tried. */
  reopen(namespace: string): void {
    const closure = this.#closed.get(namespace);
    if (closure === undefined) return;
    closure.cancel();
    this.#closed.set(namespace, { ...closure, until: this.#clock.now() });
    this.#onOpen(new Set(closure.waiting));
  }

  /** Nothing is to be done there. */
  forget(place: string): void {
    const namespace = namespaceOf(place);
    const closure = this.#closed.get(namespace);
    if (closure === undefined) return;
    closure.waiting.delete(place);
    if (closure.waiting.size > 0) return;
    closure.cancel();
    this.#closed.delete(namespace);
  }

  clear(): void {
    for (const { cancel } of this.#closed.values()) cancel();
    this.#closed.clear();
  }

  troubles(): readonly NamespaceTrouble[] {
    return [...this.#closed].map(([namespace, { cause, message, waiting }]) => ({
      namespace,
      cause,
      message,
      waiting: waiting.size,
    }));
  }
}

function namespaceOf(place: string): string {
  return place.slice(0, place.indexOf('/'));
}
