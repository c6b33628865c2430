/** Cuts a stream of bytes into messages, each with its length before it. */
import { IsthmusError } from '../../../model/errors.ts';

export class FrameReader {
  readonly #maxBytes: number;
  #chunks: Buffer[] = [];
  #size = 0;
  /** How many bytes have to be there before there is something to cut. */
  #needed = 4;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** The messages that are whole now. Throws UNAVAILABLE for one that is longer than is taken. */
  *push(chunk: Buffer): Generator<Buffer> {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    while (this.#size >= this.#needed) {
      const [only] = this.#chunks;
      const all = this.#chunks.length === 1 && only !== undefined ? only : Buffer.concat(this.#chunks);
      const length = all.readInt32BE();
      if (length < 0 || length > this.#maxBytes)
        throw new IsthmusError('UNAVAILABLE', `the server sends a message of ${length} bytes`);
      const end = 4 + length;
      const isWhole = all.length >= end;
      const rest = isWhole ? all.subarray(end) : all;
      this.#chunks = [rest];
      this.#size = rest.length;
      this.#needed = isWhole ? 4 : end;
      if (isWhole) yield all.subarray(4, end);
    }
  }
}
