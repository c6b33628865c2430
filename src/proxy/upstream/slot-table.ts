/**
 * Pending calls by slot: the request's id is overwritten with `generation << 16 | slot` and restored in the reply, so
 * that callers with equal or constant ids can share a connection and replies may come in any order. A slot's generation
 * moves on with each use: an answer that comes late or twice meets no call.
 */
import type { Codec, Frame } from '../../../codecs/codec.ts';
import type { Call } from '../connections/call.ts';
import type { PendingCalls } from './pending-calls.ts';

const SLOT_BITS = 16;
const SLOT_MASK = 0xffff;
const MAX_SLOTS = 16_384;
/** Ids stay below 2^31: a protocol may treat its ids as signed. Generation 0 is never used: 0 may mean "no id". */
const GENERATIONS = 0x7fff;
/** No slot has this number: the id of requests that get no answer. */
const ONEWAY_ID = (1 << SLOT_BITS) | SLOT_MASK;

export class SlotTable implements PendingCalls {
  size = 0;
  readonly #codec: Codec;
  readonly #calls: (Call | undefined)[] = [];
  readonly #generations: number[] = [];
  readonly #free: number[] = [];

  constructor(codec: Codec) {
    this.#codec = codec;
  }

  get full(): boolean {
    return this.size >= MAX_SLOTS;
  }

  add(call: Call, bytes: Buffer, start: number, frame: Frame): void {
    let slot = this.#free.pop();
    if (slot === undefined) {
      slot = this.#calls.length;
      this.#calls.push(call);
      this.#generations.push(1);
    } else {
      this.#calls[slot] = call;
    }
    this.size++;
    this.#codec.rewriteId(bytes, start, frame, 0, ((this.#generations[slot] ?? 1) << SLOT_BITS) | slot);
  }

  passOneway(bytes: Buffer, start: number, frame: Frame): void {
    if (frame.rewritable) this.#codec.rewriteId(bytes, start, frame, 0, ONEWAY_ID);
  }

  take(bytes: Buffer, start: number, frame: Frame): Call | undefined {
    const slot = frame.idLow & SLOT_MASK;
    if (frame.idHigh !== 0 || this.#generations[slot] !== frame.idLow >>> SLOT_BITS) return undefined;
    const call = this.#calls[slot];
    if (call === undefined) return undefined;
    this.#release(slot);
    if (frame.rewritable) this.#codec.rewriteId(bytes, start, frame, call.idHigh, call.idLow);
    return call;
  }

  expire(before: number, expired: (call: Call) => void): void {
    for (let slot = 0; slot < this.#calls.length; slot++) {
      const call = this.#calls[slot];
      if (call === undefined || call.startedAt >= before) continue;
      this.#release(slot);
      expired(call);
    }
  }

  drain(each: (call: Call) => void): void {
    this.expire(Number.POSITIVE_INFINITY, each);
  }

  #release(slot: number): void {
    this.#calls[slot] = undefined;
    this.#generations[slot] = ((this.#generations[slot] ?? 0) % GENERATIONS) + 1;
    this.#free.push(slot);
    this.size--;
  }
}
