/**
 * Pending calls by slot: the request's id is overwritten with `generation << 16 | slot` and restored in the reply, so
 * that callers with equal or constant ids can share a connection and replies may come in any order. A slot's generation
 * moves on with each use, and the slot that has been free longest is used next: an answer that comes late or twice meets
 * no call, unless it comes 32,767 times as many requests later as slots rest.
 */
import type { Codec, Frame } from '../../../codecs/codec.ts';
import type { Call } from '../connections/call.ts';
import type { PendingCalls } from './pending-calls.ts';

const SLOT_BITS = 16;
const SLOT_MASK = 0xffff;
const MAX_CALLS = 16_384;
/** Ids stay below 2^31: a protocol may treat its ids as signed. Generation 0 is never used: 0 may mean "no id". */
const GENERATIONS = 0x7fff;
/** No slot has this number: the id of requests that get no answer. */
const ONEWAY_ID = (1 << SLOT_BITS) | SLOT_MASK;

export class SlotTable implements PendingCalls {
  size = 0;
  readonly #codec: Codec;
  readonly #resting: number;
  readonly #calls: (Call | undefined)[] = [];
  readonly #generations: number[] = [];
  /** Free slots, the longest free first: each names the next. */
  readonly #next: number[] = [];
  #longestFree = 0;
  #lastFreed = 0;

  /** No slot is used again while fewer than `resting` are free; at least 1, and with the calls in flight below 2^16. */
  constructor(codec: Codec, resting: number) {
    this.#codec = codec;
    this.#resting = resting;
  }

  get room(): number {
    return MAX_CALLS - this.size;
  }

  add(call: Call, bytes: Buffer, start: number, frame: Frame): void {
    let slot = this.#calls.length;
    if (slot - this.size >= this.#resting) {
      slot = this.#longestFree;
      this.#longestFree = this.#next[slot] ?? 0;
      this.#calls[slot] = call;
    } else {
      this.#calls.push(call);
      this.#generations.push(1);
      this.#next.push(0);
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
    // First, since a codec that throws here must not cost the call: it ends with its connection.
    if (frame.rewritable) this.#codec.rewriteId(bytes, start, frame, call.idHigh, call.idLow);
    this.#release(slot);
    return call;
  }

  isStale(): boolean {
    return true;
  }

  remove(isOver: (call: Call) => boolean, removed: (call: Call) => void): void {
    for (let slot = 0; slot < this.#calls.length; slot++) {
      const call = this.#calls[slot];
      if (call === undefined || !isOver(call)) continue;
      this.#release(slot);
      removed(call);
    }
  }

  drain(each: (call: Call) => void): void {
    this.remove(() => true, each);
  }

  #release(slot: number): void {
    this.#calls[slot] = undefined;
    this.#generations[slot] = ((this.#generations[slot] ?? 0) % GENERATIONS) + 1;
    if (this.#calls.length === this.size) this.#longestFree = slot;
    else this.#next[this.#lastFreed] = slot;
    this.#lastFreed = slot;
    this.size--;
  }
}
