/** Cuts gRPC messages out of a byte stream: one flag byte, four length bytes, the message. */
import { type Status, StatusCode } from './transport.ts';

const PREFIX_LENGTH = 5;
const nothing = Buffer.alloc(0);

export class MessageReader {
  readonly #maxBytes: number;
  /** The beginning of a message, copied: a slice of one byte would keep the whole block alive that it was read into. */
  #held: Buffer = nothing;
  #length = 0;
  #wanted = PREFIX_LENGTH;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** What the beginning of a message takes of memory; 0 between messages. */
  get heldBytes(): number {
    return this.#held.length;
  }

  /** Hands each complete message to `deliver`; returns what is wrong, after which nothing more may be read. */
  read(chunk: Buffer, deliver: (message: Buffer) => void): Status | undefined {
    if (this.#length === 0) return this.#cut(chunk, deliver);
    this.#hold(chunk);
    if (this.#length < this.#wanted) return undefined;
    const held = this.#held.subarray(0, this.#length);
    this.stop();
    return this.#cut(held, deliver);
  }

  /** Gives up what is held. */
  stop(): void {
    this.#held = nothing;
    this.#length = 0;
  }

  #cut(bytes: Buffer, deliver: (message: Buffer) => void): Status | undefined {
    let rest = bytes;
    this.#wanted = PREFIX_LENGTH;
    while (rest.length >= PREFIX_LENGTH) {
      const fault = this.#faultOf(rest);
      if (fault !== undefined) return fault;
      const end = PREFIX_LENGTH + rest.readUInt32BE(1);
      if (rest.length < end) {
        this.#wanted = end;
        break;
      }
      deliver(rest.subarray(PREFIX_LENGTH, end));
      rest = rest.subarray(end);
    }
    if (rest.length > 0) this.#hold(rest);
    return undefined;
  }

  /** Grows by doubling, so that memory follows what has come, not what a prefix announces. */
  #hold(chunk: Buffer): void {
    const length = this.#length + chunk.length;
    if (length > this.#held.length) {
      const grown = Buffer.allocUnsafe(Math.max(length, Math.min(this.#held.length * 2, this.#wanted)));
      this.#held.copy(grown, 0, 0, this.#length);
      this.#held = grown;
    }
    chunk.copy(this.#held, this.#length);
    this.#length = length;
  }

  #faultOf(prefix: Buffer): Status | undefined {
    if (prefix[0] !== 0) {
      return {
        code: StatusCode.unimplemented,
        message: 'Compressed messages are not read: send grpc-encoding identity.',
      };
    }
    const length = prefix.readUInt32BE(1);
    if (length <= this.#maxBytes) return undefined;
    const message = `A message of ${length} bytes is too large: at most ${this.#maxBytes} are read.`;
    return { code: StatusCode.resourceExhausted, message };
  }
}
