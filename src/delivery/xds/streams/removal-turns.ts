/**
 * When streams may be told what is gone: once every stream has taken what is new. A caller's proxy has to be led elsewhere before
 * the proxy of a workload closes its doors, and the two are told on streams of their own.
 *
 *   stream with something new under way --note--> making --none left, a moment later--> wake those that wait with removals
 *
 * A stream that takes nothing holds up the others for a moment and no longer, nor does a mesh that changes without end.
 */
export interface RemovalTurnsOptions<Stream> {
  /** Longest wait of a removal, in milliseconds. */
  readonly waitMs: number;
  /** After another has taken what is new: requests that it sent the old way are still under way. In milliseconds. */
  readonly graceMs: number;
  /** Milliseconds of any clock that goes on. */
  readonly now: () => number;
  /** It may be told what is gone. */
  readonly wake: (stream: Stream) => void;
}

interface Done<Stream> {
  readonly stream: Stream;
  readonly at: number;
}

export class RemovalTurns<Stream> {
  readonly #options: RemovalTurnsOptions<Stream>;
  /** Since when, oldest first. */
  readonly #making = new Map<Stream, number>();
  /** Those that have been making for too long, until they are done. */
  readonly #stalled = new Set<Stream>();
  readonly #waiting = new Map<Stream, number>();
  /** Which was done last, and which other one before it. */
  #last: Done<Stream> | undefined;
  #lastOther: Done<Stream> | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: RemovalTurnsOptions<Stream>) {
    this.#options = options;
  }

  /** Whether something new is on its way to the stream or waits for its answer; and whether it holds what is gone. */
  note(stream: Stream, isMaking: boolean, hasRemovals: boolean): void {
    if (!hasRemovals) this.#waiting.delete(stream);
    if (isMaking) {
      if (!this.#stalled.has(stream) && !this.#making.has(stream)) this.#making.set(stream, this.#options.now());
      return;
    }
    this.#stalled.delete(stream);
    if (!this.#making.delete(stream)) return;
    if (this.#last?.stream !== stream) this.#lastOther = this.#last;
    this.#last = { stream, at: this.#options.now() };
    if (this.#making.size === 0 && this.#waiting.size > 0) this.#wakeAfter(this.#options.graceMs);
  }

  /** Whether a stream may be told what is gone; if not, it is woken when it may. */
  mayBreak(stream: Stream): boolean {
    const now = this.#options.now();
    this.#setStalledAside(now);
    const { waitMs, graceMs } = this.#options;
    const others = this.#making.size - (this.#making.has(stream) ? 1 : 0);
    const done = this.#last?.stream === stream ? this.#lastOther : this.#last;
    const other = done?.at ?? Number.NEGATIVE_INFINITY;
    const since = this.#waiting.get(stream) ?? now;
    if (now - since >= waitMs || (others === 0 && now - other >= graceMs)) {
      this.#waiting.delete(stream);
      return true;
    }
    this.#waiting.set(stream, since);
    if (others === 0) this.#wakeAfter(graceMs - (now - other));
    else if (this.#timer === undefined) this.#wakeAfter(waitMs - (now - since));
    return false;
  }

  forget(stream: Stream): void {
    this.note(stream, false, false);
  }

  #setStalledAside(now: number): void {
    for (const [stream, since] of this.#making) {
      if (now - since < this.#options.waitMs) return;
      this.#making.delete(stream);
      this.#stalled.add(stream);
    }
  }

  /** A little late, so that the time is over by any clock. */
  #wakeAfter(milliseconds: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      for (const stream of this.#waiting.keys()) this.#options.wake(stream);
    }, milliseconds + 1).unref();
  }
}
