/** ZooKeeper's encoding: what requests are written by and answers are read by. Big-endian, texts and bytes by length. */
import { IsthmusError } from '../../../model/errors.ts';

export const int = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};

export const long = (value: bigint): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(value);
  return bytes;
};

export const bool = (value: boolean): Buffer => Buffer.of(value ? 1 : 0);

export const bytes = (value: Buffer): Buffer => Buffer.concat([int(value.length), value]);

export const text = (value: string): Buffer => bytes(Buffer.from(value));

/** Throws UNAVAILABLE where a message ends before what it says is in it. */
export class JuteReader {
  readonly #message: Buffer;
  #at = 0;

  constructor(message: Buffer) {
    this.#message = message;
  }

  int(): number {
    return this.#take(4).readInt32BE();
  }

  long(): bigint {
    return this.#take(8).readBigInt64BE();
  }

  /** Of a length below zero, which stands for none: nothing. */
  bytes(): Buffer {
    return this.#take(Math.max(0, this.int()));
  }

  text(): string {
    return this.bytes().toString();
  }

  bool(): boolean {
    return this.#take(1)[0] === 1;
  }

  texts(): readonly string[] {
    const count = Math.max(0, this.int());
    // Each takes four bytes at least: a count that lies reserves nothing.
    if (count > this.#message.length / 4) throw cutShort();
    return Array.from({ length: count }, () => this.text());
  }

  skip(length: number): this {
    this.#take(length);
    return this;
  }

  #take(length: number): Buffer {
    const end = this.#at + length;
    if (end > this.#message.length) throw cutShort();
    const taken = this.#message.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }
}

function cutShort(): IsthmusError {
  return new IsthmusError('UNAVAILABLE', 'the server sends what is no message of ZooKeeper');
}
