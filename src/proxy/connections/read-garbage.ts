/**
 * Bytes that were read are garbage once they have been forwarded. V8 counts them as memory outside its heap, and when
 * there is much of it starts to mark the whole heap, again and again under load: at a third of all that metaproxy does.
 * What dies that young is found without: so the young generation is collected for each so many bytes that were read.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Below what V8 begins to mark for, and so many that a collection, of less than a millisecond, is rare. */
const BYTES_BETWEEN = 16 * 1024 * 1024;

export class ReadGarbage {
  readonly #collect: () => void;
  #bytes = 0;

  constructor(collect: () => void) {
    this.#collect = collect;
  }

  /** Called before a buffer of that size is made for what was read. */
  note(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes < BYTES_BETWEEN) return;
    this.#bytes = 0;
    this.#collect();
  }
}

/** Of this thread's young generation; nothing where V8 does not let it be collected. */
export function youngCollector(): () => void {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('typeof gc === "function" ? gc : undefined');
  return typeof collect === 'function' ? () => void collect({ type: 'minor', execution: 'sync' }) : () => {};
}
