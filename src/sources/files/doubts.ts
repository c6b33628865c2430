/** What was seen and does not count yet, because it may be a mishap: it has to stand still first. */
import type { Clock } from '../../model/clock.ts';

interface Doubt {
  /** Of the content; undefined for a file that is gone. */
  readonly fingerprint: string | undefined;
  readonly reason: string;
  /** When it counts, in milliseconds since the epoch; undefined for what no waiting makes good. */
  readonly due: number | undefined;
}

export class Doubts {
  readonly #clock: Clock;
  readonly #settleMs: number;
  readonly #doubts = new Map<string, Doubt>();
  /** Until when a path is not to be read again. */
  readonly #resting = new Map<string, number>();

  constructor(clock: Clock, settleMs: number) {
    this.#clock = clock;
    this.#settleMs = settleMs;
  }

  get size(): number {
    return this.#doubts.size;
  }

  entries(): IterableIterator<[string, { readonly reason: string; readonly due: number | undefined }]> {
    return this.#doubts.entries();
  }

  /** Paths whose wait is over. */
  due(): readonly string[] {
    const now = this.#clock.now();
    const rested = [...this.#resting].flatMap(([path, until]) => (until <= now ? [path] : []));
    for (const path of rested) this.#resting.delete(path);
    return [
      ...rested,
      ...[...this.#doubts].flatMap(([path, { due }]) => (due !== undefined && due <= now ? [path] : [])),
    ];
  }

  /** Lets a path rest: one that is large and written slowly would else be read again and again. */
  rest(path: string, ms: number): void {
    this.#resting.set(path, this.#clock.now() + ms);
  }

  isResting(path: string): boolean {
    return (this.#resting.get(path) ?? 0) > this.#clock.now();
  }

  /** Whether it is doubted that the file is gone, rather than its content. */
  isAbsence(path: string): boolean {
    const doubt = this.#doubts.get(path);
    return doubt !== undefined && doubt.fingerprint === undefined;
  }

  /** When the next wait is over. */
  nextDue(): number | undefined {
    const dues = [...this.#doubts.values()].flatMap(({ due }) => (due === undefined ? [] : [due]));
    const times = [...dues, ...this.#resting.values()];
    return times.length === 0 ? undefined : Math.min(...times);
  }

  /** Whether this very content is waiting, so that there is no need to read it again. */
  isWaiting(path: string, fingerprint: string): boolean {
    const doubt = this.#doubts.get(path);
    if (doubt === undefined || doubt.fingerprint !== fingerprint) return false;
    return doubt.due === undefined || doubt.due > this.#clock.now();
  }

  /** True once what is seen of a path has stood still long enough; until then it is remembered as doubtful. */
  hasSettled(path: string, fingerprint: string | undefined, reason: string): boolean {
    const doubt = this.#doubts.get(path);
    const now = this.#clock.now();
    if (doubt?.due !== undefined && doubt.fingerprint === fingerprint && doubt.due <= now) {
      this.#doubts.delete(path);
      return true;
    }
    if (doubt?.due === undefined || doubt.fingerprint !== fingerprint) {
      this.#doubts.set(path, { fingerprint, reason, due: now + this.#settleMs });
    }
    return false;
  }

  /** Never counts, however long it stands. */
  hold(path: string, fingerprint: string, reason: string): void {
    this.#doubts.set(path, { fingerprint, reason, due: undefined });
  }

  /** What is seen of the path is beyond doubt. */
  clear(path: string): void {
    this.#doubts.delete(path);
  }
}
