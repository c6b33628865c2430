/**
 * Pending calls in the order they were sent, their ids untouched. A reply answers the oldest call; where the protocol
 * has ids, the oldest of the same id, which is right for servers that answer in order under constant ids and for those
 * that answer out of order under unique ones.
 */
import type { Frame } from '../../../codecs/codec.ts';
import { Call } from '../connections/call.ts';
import type { PendingCalls } from './pending-calls.ts';

const MAX_CALLS = 16_384;

export class CallQueue implements PendingCalls {
  readonly #byId: boolean;
  readonly #calls: Call[] = [];
  /** Calls before this index are done. */
  #head = 0;

  /** `byId`: whether replies carry the id of their request. */
  constructor(byId: boolean) {
    this.#byId = byId;
  }

  get size(): number {
    return this.#calls.length - this.#head;
  }

  get room(): number {
    return MAX_CALLS - this.size;
  }

  add(call: Call): void {
    this.#calls.push(call);
  }

  /** All requests here are of one caller: an answer that none should get can be taken for another of its own only. */
  passOneway(): void {}

  take(_bytes: Buffer, _start: number, frame: Frame): Call | undefined {
    for (let index = this.#head; index < this.#calls.length; index++) {
      const call = this.#calls[index];
      if (call === undefined) break;
      if (this.#byId && (call.idLow !== frame.idLow || call.idHigh !== frame.idHigh)) continue;
      this.#remove(index);
      return call;
    }
    return undefined;
  }

  isStale(): boolean {
    return false;
  }

  /** A removed call keeps its place, so that its late answer is not taken for the next one's. */
  remove(isOver: (call: Call) => boolean, removed: (call: Call) => void): void {
    for (let index = this.#head; index < this.#calls.length; index++) {
      const call = this.#calls[index];
      if (call?.owner === undefined || !isOver(call)) continue;
      this.#calls[index] = tombstone(call);
      removed(call);
    }
  }

  drain(each: (call: Call) => void): void {
    const calls = this.#calls.splice(this.#head);
    this.#calls.length = 0;
    this.#head = 0;
    for (const call of calls) if (call.owner !== undefined) each(call);
  }

  #remove(index: number): void {
    if (index > this.#head) {
      this.#calls.splice(index, 1);
    } else {
      this.#head++;
      if (this.#head < 64 && this.#head < this.#calls.length) return;
      this.#calls.splice(0, this.#head);
      this.#head = 0;
    }
  }
}

function tombstone(call: Call): Call {
  const stone = new Call();
  stone.idHigh = call.idHigh;
  stone.idLow = call.idLow;
  return stone;
}
