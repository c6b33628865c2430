/**
 * What one socket has to write. Slices gather during a turn, or a chunk, and leave in one write at its end: adjacent
 * slices of one buffer as one, many small ones copied together, few or large ones as they are. Bytes handed over belong
 * to the output until they are written: nobody changes them afterwards.
 */
import type { Socket } from 'node:net';
import type { Turn } from './turn.ts';

/** Above this a copy costs more than a vectored write. */
const GATHER_BYTES = 64 * 1024;
const GATHER_PIECES = 4;
/** Room for this many slices stays, so that it need not be made anew each time. */
const KEPT_PIECES = 64;

/** With the end of the chunk that was read, or with the end of the turn, together with what others have read. */
export type Gathering = 'chunk' | 'turn';

const nothing = Buffer.alloc(0);

/** Somebody who stops reading while an output has more to write than it should. */
export interface Source {
  resume(): void;
}

export class Output {
  /** True from a write that the socket could not take at once until it has drained. */
  blocked = false;
  /** Bytes gathered and not written yet. */
  queued = 0;
  /** Whether the socket has ever been given anything. */
  written = false;
  readonly #socket: Socket;
  readonly #turn: Turn;
  readonly #gathering: Gathering;
  readonly #highWaterBytes: number;
  /** Slices, of which the first `#pieces` are to be written; the arrays keep their room. */
  readonly #buffers: Buffer[] = [];
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  #pieces = 0;
  #sources: Source[] = [];

  constructor(socket: Socket, turn: Turn, highWaterBytes: number, gathering: Gathering) {
    this.#socket = socket;
    this.#turn = turn;
    this.#highWaterBytes = highWaterBytes;
    this.#gathering = gathering;
    socket.on('drain', () => {
      this.blocked = false;
      this.relieve();
    });
  }

  /** Whether those who write should stop reading. */
  get crowded(): boolean {
    return this.blocked || this.queued > this.#highWaterBytes;
  }

  /** Has `source` resumed once, when the output is crowded no more. */
  resumeLater(source: Source): void {
    if (!this.#sources.includes(source)) this.#sources.push(source);
  }

  /** Resumes everybody who waits; also for the end of the socket, when there is nothing left to wait for. */
  relieve(): void {
    if (this.#sources.length === 0) return;
    const sources = this.#sources;
    this.#sources = [];
    for (const source of sources) source.resume();
  }

  /** Bytes that are not with the kernel yet. */
  get pending(): number {
    return this.queued + this.#socket.writableLength;
  }

  push(buffer: Buffer, start: number, end: number): void {
    const pieces = this.#pieces;
    this.queued += end - start;
    if (pieces === 0) {
      if (this.#gathering === 'chunk') this.#turn.flushSoon(this);
      else this.#turn.flushAtEnd(this);
    } else if (this.#buffers[pieces - 1] === buffer && this.#ends[pieces - 1] === start) {
      this.#ends[pieces - 1] = end;
      return;
    }
    this.#buffers[pieces] = buffer;
    this.#starts[pieces] = start;
    this.#ends[pieces] = end;
    this.#pieces = pieces + 1;
  }

  flush(): void {
    const pieces = this.#pieces;
    if (pieces === 0) return;
    if (this.#socket.writable && !this.#write(pieces)) this.blocked = true;
    this.#forget(pieces);
    this.queued = 0;
    if (!this.blocked) this.relieve();
  }

  #forget(pieces: number): void {
    this.#pieces = 0;
    if (pieces > KEPT_PIECES) {
      this.#buffers.length = 0;
      this.#starts.length = 0;
      this.#ends.length = 0;
    } else for (let index = 0; index < pieces; index++) this.#buffers[index] = nothing;
  }

  /** False when the socket holds more than it should. */
  #write(pieces: number): boolean {
    this.written = true;
    if (pieces === 1) return this.#socket.write(this.#piece(0));
    if (pieces > GATHER_PIECES && this.queued <= GATHER_BYTES) return this.#socket.write(this.#gathered(pieces));
    this.#socket.cork();
    let taken = true;
    for (let index = 0; index < pieces; index++) taken = this.#socket.write(this.#piece(index));
    this.#socket.uncork();
    return taken;
  }

  #gathered(pieces: number): Buffer {
    const whole = Buffer.allocUnsafe(this.queued);
    let at = 0;
    for (let index = 0; index < pieces; index++) {
      const buffer = this.#buffers[index];
      const end = this.#ends[index] ?? 0;
      if (buffer !== undefined) at += buffer.copy(whole, at, this.#starts[index] ?? 0, end);
    }
    return whole;
  }

  #piece(index: number): Buffer {
    const buffer = this.#buffers[index] ?? nothing;
    const start = this.#starts[index] ?? 0;
    const end = this.#ends[index] ?? 0;
    return start === 0 && end === buffer.length ? buffer : buffer.subarray(start, end);
  }
}
