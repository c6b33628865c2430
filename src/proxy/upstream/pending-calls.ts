/** How an upstream connection finds the call that a reply answers. */
import type { Frame } from '../../../codecs/codec.ts';
import type { Call } from '../connections/call.ts';

export interface PendingCalls {
  /** Calls that an answer is awaited for. */
  readonly size: number;
  /** How many more it can take in. */
  readonly room: number;
  /** Takes a request in, before its bytes are handed to the output; may change the id in them. */
  add(call: Call, bytes: Buffer, start: number, frame: Frame): void;
  /** Makes sure that an answer to this request, which should get none, is never taken for another's. */
  passOneway(bytes: Buffer, start: number, frame: Frame): void;
  /** The call that this reply answers, with its own id restored in the bytes; undefined when nobody waits for it. */
  take(bytes: Buffer, start: number, frame: Frame): Call | undefined;
  /** Whether a reply that answers nobody is certainly one to an earlier request, so that it can be dropped. */
  isStale(frame: Frame): boolean;
  /** Removes the calls that are over; a late answer to one of them is dropped. */
  remove(isOver: (call: Call) => boolean, removed: (call: Call) => void): void;
  /** Removes them all. */
  drain(each: (call: Call) => void): void;
}
