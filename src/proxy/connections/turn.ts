/**
 * One turn of the event loop. All that the sockets of a turn read is worked on before anything is written: each output
 * that got bytes is flushed once, at the turn's end, so that the requests of many callers leave in one system call.
 * The clock is read once a turn; that is as exact as the requests of one turn can be told apart.
 */

export interface Flushable {
  flush(): void;
}

export class Turn {
  /** Monotonic milliseconds at the beginning of this turn. */
  now = performance.now();
  #open = false;
  #dirty: Flushable[] = [];
  #flushing: Flushable[] = [];
  readonly #end = (): void => this.#close();

  /** Every socket event begins with this. */
  begin(): void {
    if (this.#open) return;
    this.#open = true;
    this.now = performance.now();
    setImmediate(this.#end);
  }

  /** Has `flushable` flushed at the end of the turn; to be called once a turn for each. */
  flushAtEnd(flushable: Flushable): void {
    this.begin();
    this.#dirty.push(flushable);
  }

  #close(): void {
    this.#open = false;
    const flushing = this.#dirty;
    this.#dirty = this.#flushing;
    this.#flushing = flushing;
    for (let index = 0; index < flushing.length; index++) flushing[index]?.flush();
    flushing.length = 0;
  }
}
