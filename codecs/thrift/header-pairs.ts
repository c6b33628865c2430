/**
 * The key-values of a THeader, pair by pair and without making strings of those that nobody asks for. Blocks of unknown
 * kinds end the list: nothing says how long they are.
 */
import { CodecError } from '../codec.ts';
import { VarintReader } from './varint.ts';

/** Key-values of this one message, and those that persist on the connection. */
export const InfoKind = { own: 1, persistent: 2 } as const;

const maxPairs = 1000;

/** Stands on one pair; offsets are absolute in the bytes. One object is reused for many headers. */
export class PairCursor {
  readonly #varints = new VarintReader();
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;
  #end = 0;
  #remaining = 0;
  kind: number = InfoKind.own;
  keyAt = 0;
  keyEnd = 0;
  valueAt = 0;
  valueEnd = 0;

  /** Before the first pair of the info blocks in bytes[at, end). */
  open(bytes: Buffer, at: number, end: number): void {
    this.#bytes = bytes;
    this.#at = at;
    this.#end = end;
    this.#remaining = 0;
  }

  /** False: there is no further pair. Throws CodecError. */
  next(): boolean {
    while (this.#remaining === 0) if (!this.#enterBlock()) return false;
    this.#remaining--;
    this.keyEnd = this.#textEnd();
    this.keyAt = this.keyEnd - this.#varints.value;
    this.valueEnd = this.#textEnd();
    this.valueAt = this.valueEnd - this.#varints.value;
    return true;
  }

  #enterBlock(): boolean {
    if (this.#at >= this.#end) return false;
    const kind = this.#number();
    if (kind !== InfoKind.own && kind !== InfoKind.persistent) return false;
    const count = this.#number();
    if (count > maxPairs) throw new CodecError('too-large', `The header says it has ${count} key-values.`);
    this.kind = kind;
    this.#remaining = count;
    return true;
  }

  #textEnd(): number {
    const length = this.#number();
    if (length > this.#end - this.#at) throw new CodecError('malformed', 'The header ends in the middle of a text.');
    this.#at += length;
    return this.#at;
  }

  #number(): number {
    if (!this.#varints.read(this.#bytes, this.#at, this.#end))
      throw new CodecError('malformed', 'The header ends in the middle of a number.');
    this.#at = this.#varints.next;
    return this.#varints.value;
  }
}
