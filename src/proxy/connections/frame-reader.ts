/**
 * Cuts one direction of a connection into frames. Whole frames are handed on where they lie in the chunk that was
 * read; a frame torn over chunks is put together in a buffer of its own, which grows with what has arrived and never
 * with what a length field merely claims. The bytes handed to the sink are its own: it may change them and keep them.
 */
import { CodecError, type Decoder, Frame } from '../../../codecs/codec.ts';

export interface FrameSink {
  onFrame(bytes: Buffer, start: number, frame: Frame): void;
  /** The decoder has thrown, or found what cannot be: nothing more is read. */
  onUndecodable(error: unknown): void;
}

const FIRST_PARTIAL_BYTES = 1024;
/**
 * A frame whose length the codec cannot tell beforehand is looked at again with every chunk. A peer that sends such a
 * frame in tiny pieces would make that quadratic: past this many bytes looked at in vain it is cut off.
 */
const VAIN_BYTES = 256 * 1024 * 1024;

export class FrameReader {
  /** Set to stop in the middle of a chunk for good, when the connection has been given up. */
  stopped = false;
  /** Set to stop after the frame at hand; what has been read beyond it waits for `resume`. */
  held = false;
  readonly #decoder: Decoder;
  readonly #sink: FrameSink;
  readonly #frame = new Frame();
  #partial: Buffer | undefined;
  #partialLength = 0;
  /** The whole length of the partial frame; 0 while unknown. */
  #needed = 0;
  #vain = 0;
  #waiting: Buffer | undefined;

  constructor(decoder: Decoder, sink: FrameSink) {
    this.#decoder = decoder;
    this.#sink = sink;
  }

  /** Whether the last chunk ended within a frame. */
  get inFrame(): boolean {
    return this.#partialLength > 0;
  }

  /** Bytes that were read and not looked at, because the reader was held. */
  get waits(): boolean {
    return this.#waiting !== undefined;
  }

  /** Goes on where it was held. Throws nothing but what the sink throws. */
  resume(): void {
    this.held = false;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting !== undefined) this.read(waiting);
  }

  /** Throws nothing but what the sink throws. */
  read(chunk: Buffer): void {
    if (this.stopped) return;
    if (this.held) {
      this.#waiting = this.#waiting === undefined ? chunk : Buffer.concat([this.#waiting, chunk]);
      return;
    }
    if (this.#partialLength === 0) {
      this.#scan(chunk, 0, chunk.length);
      return;
    }
    const taken = this.#complete(chunk);
    if (taken < chunk.length) this.read(taken === 0 ? chunk : chunk.subarray(taken));
  }

  #scan(bytes: Buffer, from: number, end: number): void {
    const frame = this.#frame;
    let start = from;
    while (start < end && !this.stopped) {
      if (this.held) {
        this.#waiting = bytes.subarray(start, end);
        return;
      }
      let whole = false;
      try {
        whole = this.#decoder.decode(bytes, start, end, frame);
      } catch (error) {
        this.#fail(error);
        return;
      }
      if (!whole) {
        this.#keep(bytes, start, end, frame.needed);
        return;
      }
      const { length } = frame;
      // A codec that finds nothing, again and again, or more than there is, would keep the thread for ever.
      if (!(length > 0 && length <= end - start)) {
        this.#fail(new RangeError(`decode found a frame of ${length} bytes in ${end - start}`));
        return;
      }
      this.#sink.onFrame(bytes, start, frame);
      start += length;
    }
  }

  #fail(error: unknown): void {
    this.stopped = true;
    this.#sink.onUndecodable(error);
  }

  /** Adds to the partial frame; returns how much of the chunk that took. */
  #complete(chunk: Buffer): number {
    if (this.#needed > 0) {
      const taken = Math.min(this.#needed - this.#partialLength, chunk.length);
      this.#append(chunk, 0, taken);
      if (this.#partialLength === this.#needed) this.#rescan();
      return taken;
    }
    this.#vain += this.#partialLength;
    if (this.#vain > VAIN_BYTES) {
      this.#fail(new CodecError('too-large', 'A frame arrives in too many pieces.'));
      return chunk.length;
    }
    this.#append(chunk, 0, chunk.length);
    this.#rescan();
    return chunk.length;
  }

  #rescan(): void {
    const bytes = this.#partial ?? Buffer.alloc(0);
    const length = this.#partialLength;
    this.#partial = undefined;
    this.#partialLength = 0;
    this.#needed = 0;
    this.#scan(bytes, 0, length);
    if (this.#partialLength === 0) this.#vain = 0;
  }

  #keep(bytes: Buffer, start: number, end: number, needed: number): void {
    this.#needed = needed > end - start ? needed : 0;
    this.#append(bytes, start, end);
  }

  #append(bytes: Buffer, start: number, end: number): void {
    const length = this.#partialLength + end - start;
    if (this.#partial === undefined || this.#partial.length < length) {
      const doubled = Math.max(FIRST_PARTIAL_BYTES, 2 * length);
      const grown = Buffer.allocUnsafe(this.#needed > 0 ? Math.min(this.#needed, doubled) : doubled);
      this.#partial?.copy(grown, 0, 0, this.#partialLength);
      this.#partial = grown;
    }
    bytes.copy(this.#partial, this.#partialLength, start, end);
    this.#partialLength = length;
  }
}
