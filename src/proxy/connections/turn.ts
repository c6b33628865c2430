/**
 * When what is to be written is written. An output that many callers' requests meet in is flushed once, at the end of
 * the event loop's turn, so that they leave in one system call. An output that serves one caller has nobody to wait
 * for: it is flushed once the chunk that was read has been worked on.
 * The clock is read once a turn, or once a chunk; that is as exact as the requests of one chunk can be told apart.
 */

export interface Flushable {
  flush(): void;
}

/** Outputs that have something to write, each once. */
class FlushList {
  readonly #flushables: (Flushable | undefined)[] = [];
  #count = 0;

  add(flushable: Flushable): void {
    this.#flushables[this.#count++] = flushable;
  }

  /** Also those that are added meanwhile: a flush may let go on who waited for it. */
  flush(): void {
    for (let index = 0; index < this.#count; index++) {
      this.#flushables[index]?.flush();
      this.#flushables[index] = undefined;
    }
    this.#count = 0;
  }
}

export class Turn {
  /** Monotonic milliseconds at the beginning of this turn. */
  now = performance.now();
  #endAwaited = false;
  #inChunk = false;
  readonly #atEndOfTurn = new FlushList();
  readonly #atEndOfChunk = new FlushList();
  readonly #end = (): void => {
    this.#endAwaited = false;
    this.#atEndOfTurn.flush();
  };

  /** Every socket event begins with this. */
  begin(): void {
    if (!this.#endAwaited) this.now = performance.now();
  }

  /** Every chunk that is read is worked on between this and `endChunk`. */
  beginChunk(): void {
    this.begin();
    this.#inChunk = true;
  }

  endChunk(): void {
    this.#inChunk = false;
    this.#atEndOfChunk.flush();
  }

  /** Has `flushable` flushed at the end of the turn; to be called once until then. */
  flushAtEnd(flushable: Flushable): void {
    this.#atEndOfTurn.add(flushable);
    if (this.#endAwaited) return;
    this.#endAwaited = true;
    setImmediate(this.#end);
  }

  /** Has `flushable` flushed at the end of the chunk, where one is being worked on; to be called once until then. */
  flushSoon(flushable: Flushable): void {
    if (this.#inChunk) this.#atEndOfChunk.add(flushable);
    else this.flushAtEnd(flushable);
  }
}
