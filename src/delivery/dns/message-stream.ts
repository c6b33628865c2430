/** DNS over TCP: messages with their length before them, however the bytes are split (RFC 1035 4.2.2). */
const LENGTH_BYTES = 2;

export class MessageStream {
  readonly #maxBytes: number;
  #lengthBytes = 0;
  #length = 0;
  #message: Buffer | undefined;
  #filled = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** The messages that this chunk completes; undefined when one is longer than allowed. No copy outlives its message. */
  push(chunk: Buffer): readonly Buffer[] | undefined {
    const messages: Buffer[] = [];
    for (let at = 0; at < chunk.length; ) {
      if (this.#message === undefined) {
        this.#length = ((this.#length << 8) | (chunk[at++] ?? 0)) & 0xffff;
        if (++this.#lengthBytes < LENGTH_BYTES) continue;
        if (this.#length > this.#maxBytes) return undefined;
        this.#message = Buffer.alloc(this.#length);
        this.#filled = 0;
      } else {
        const taken = chunk.copy(this.#message, this.#filled, at);
        at += taken;
        this.#filled += taken;
      }
      if (this.#filled < this.#message.length) continue;
      messages.push(this.#message);
      this.#message = undefined;
      this.#lengthBytes = 0;
      this.#length = 0;
    }
    return messages;
  }
}

/** A message as it goes over a stream. */
export function withLength(message: Buffer): Buffer {
  const framed = Buffer.allocUnsafe(LENGTH_BYTES + message.length);
  framed.writeUInt16BE(message.length, 0);
  message.copy(framed, LENGTH_BYTES);
  return framed;
}
