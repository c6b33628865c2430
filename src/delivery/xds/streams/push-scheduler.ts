/**
 * Streams that have something to send take turns. A slice of the event loop serves two dozen and then lets sockets be
 * read, so that acknowledgements, new streams and everything else go on while a thousand proxies are told of a change.
 */
interface Pushable {
  push(): void;
  fail(error: unknown): void;
}

/**
 * Few, though a slice costs a turn of the loop: what is written leaves when the slice ends, and by then the state of all its streams
 * should still be in the processor's cache, as it should when their acknowledgements come.
 */
const SLICE_STREAMS = 24;
const SLICE_MS = 5;

export class PushScheduler {
  /** In order of arrival; a stream stands here once. */
  readonly #pending = new Set<Pushable>();
  readonly #idle: () => void;
  #running = false;

  /** `idle` is called whenever no stream is left to serve. */
  constructor(idle: () => void) {
    this.#idle = idle;
  }

  schedule(stream: Pushable): void {
    this.#pending.add(stream);
    this.#run();
  }

  forget(stream: Pushable): void {
    this.#pending.delete(stream);
  }

  #run(): void {
    if (this.#running) return;
    this.#running = true;
    setImmediate(() => this.#slice());
  }

  #slice(): void {
    const end = performance.now() + SLICE_MS;
    let served = 0;
    for (const stream of this.#pending) {
      this.#pending.delete(stream);
      try {
        stream.push();
      } catch (error) {
        stream.fail(error);
      }
      if (++served >= SLICE_STREAMS || performance.now() >= end) break;
    }
    this.#running = false;
    if (this.#pending.size > 0) this.#run();
    else this.#idle();
  }
}
