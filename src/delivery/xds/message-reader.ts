/** Cuts gRPC messages out of a byte stream: one flag byte, four length bytes, the message. */
import { type Status, StatusCode } from './transport.ts';

const PREFIX_LENGTH = 5;
const nothing = Buffer.alloc(0);

export class MessageReader {
  readonly #maxBytes: number;
  /** What is left of earlier chunks; joined only once a message is complete, so that small chunks cost no copies. */
  #chunks: Buffer[] = [];
  #length = 0;
  #wanted = PREFIX_LENGTH;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Hands each complete message to `deliver`; returns what is wrong, after which nothing more may be read. */
  read(chunk: Buffer, deliver: (message: Buffer) => void): Status | undefined {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    if (this.#length < this.#wanted) return undefined;
    let rest = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks, this.#length);
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
    this.#chunks = rest.length === 0 ? [] : [rest];
    this.#length = rest.length;
    return undefined;
  }

  /** Gives up what is held. */
  stop(): void {
    this.#chunks = [nothing];
    this.#length = 0;
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
