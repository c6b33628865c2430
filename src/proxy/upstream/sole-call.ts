/**
 * The one call in flight on a pooled connection. Where the protocol has ids and the frame lets it, the request goes out
 * under a number of the connection's own: callers all begin to count at the same ids, and by that number an answer that
 * comes twice or late, or to a request that should get none, is told from the one that the next caller waits for.
 */
import type { Codec, Frame } from '../../../codecs/codec.ts';
import type { Call } from '../connections/call.ts';
import type { PendingCalls } from './pending-calls.ts';

/** The id of requests that get no answer. Ids stay below 2^31: a protocol may treat its ids as signed. */
const ONEWAY_ID = 0x7fff_ffff;

export class SoleCall implements PendingCalls {
  readonly #codec: Codec;
  readonly #byId: boolean;
  #call: Call | undefined;
  #remapped = false;
  #lastId = 0;

  constructor(codec: Codec) {
    this.#codec = codec;
    this.#byId = codec.capabilities.correlation === 'id';
  }

  get size(): number {
    return this.#call === undefined ? 0 : 1;
  }

  get room(): number {
    return 1 - this.size;
  }

  add(call: Call, bytes: Buffer, start: number, frame: Frame): void {
    this.#call = call;
    this.#remapped = this.#byId && frame.rewritable;
    if (!this.#remapped) return;
    this.#lastId = (this.#lastId + 1) % ONEWAY_ID || 1;
    this.#codec.rewriteId(bytes, start, frame, 0, this.#lastId);
  }

  passOneway(bytes: Buffer, start: number, frame: Frame): void {
    if (this.#byId && frame.rewritable) this.#codec.rewriteId(bytes, start, frame, 0, ONEWAY_ID);
  }

  take(bytes: Buffer, start: number, frame: Frame): Call | undefined {
    const call = this.#call;
    if (call === undefined || !this.#answers(frame, call)) return undefined;
    if (this.#remapped && frame.rewritable) this.#codec.rewriteId(bytes, start, frame, call.idHigh, call.idLow);
    this.#call = undefined;
    return call;
  }

  isStale({ idHigh, idLow }: Frame): boolean {
    if (!this.#byId || idHigh !== 0 || idLow === 0) return false;
    return idLow === ONEWAY_ID || idLow <= this.#lastId;
  }

  remove(isOver: (call: Call) => boolean, removed: (call: Call) => void): void {
    const call = this.#call;
    if (call === undefined || !isOver(call)) return;
    this.#call = undefined;
    removed(call);
  }

  drain(each: (call: Call) => void): void {
    this.remove(() => true, each);
  }

  #answers({ idHigh, idLow }: Frame, call: Call): boolean {
    if (this.#remapped) return idHigh === 0 && idLow === this.#lastId;
    return !this.#byId || (idHigh === call.idHigh && idLow === call.idLow);
  }
}
