/**
 * One request on its way: who asked, under which id, and what an answer made here would need. Calls are recycled, since
 * there is one for each request; whoever ends a call gives it back, exactly once, and keeps no reference.
 */
import type { Frame, Mutation, ReplyReason } from '../../../codecs/codec.ts';
import type { ClusterStats } from '../observation/stats.ts';

export interface CallRoute {
  readonly name: string;
  readonly requestMutation: Mutation;
  readonly responseMutation: Mutation;
}

export interface CallCluster {
  readonly name: string;
  readonly stats: ClusterStats;
}

/** The connection that a reply came on, which can be stopped when the reply's receiver cannot take more. */
export interface ReplySource {
  readonly localAddress: string;
  hold(): void;
  unhold(): void;
}

/** Who a call belongs to. Each of the three ends the upstream's part in the call. */
export interface CallOwner {
  /** False once nobody waits for the answer any more. */
  readonly waiting: boolean;
  /** The bytes belong to the receiver; `from` may be held back by it when it cannot keep up. */
  onReply(call: Call, bytes: Buffer, start: number, frame: Frame, from: ReplySource): void;
  onFailure(call: Call, reason: ReplyReason, message: string, detail: string): void;
  /** No byte of the call has left: it may be sent elsewhere. `bytes[start, start + length)` is the whole request. */
  onUnsent(call: Call): void;
  /** The call has waited for its upstream and may be sent again. */
  onRetry(call: Call): void;
}

const nothing = Buffer.alloc(0);

export class Call {
  owner: CallOwner | undefined;
  route: CallRoute | undefined;
  cluster: CallCluster | undefined;
  host: { readonly key: string } | undefined;
  /** The request, or only its header once it has been handed to a connection. */
  bytes: Buffer = nothing;
  start = 0;
  length = 0;
  headerLength = 0;
  /** The id by which the caller knows it. */
  idHigh = 0;
  idLow = 0;
  oneway = false;
  /** Milliseconds on the turn's clock. */
  startedAt = 0;
  attempts = 0;
  /** When a connection for it first failed; 0 while none has. On the turn's clock. */
  unsentSince = 0;
  hash = 0;
  /** Size of the request as the caller sent it. */
  requestBytes = 0;
  /** Values of the properties that each access log names. */
  logged: readonly (readonly (string | undefined)[])[] | undefined;
  /** For protocols answered in order: the answer, while earlier ones are outstanding. */
  answer: Buffer | undefined;
  answered = false;
}

export class CallPool {
  /** Calls in flight that callers have left behind, ever. */
  abandoned = 0;
  readonly #free: Call[] = [];

  acquire(): Call {
    return this.#free.pop() ?? new Call();
  }

  release(call: Call): void {
    call.owner = undefined;
    call.route = undefined;
    call.cluster = undefined;
    call.host = undefined;
    call.bytes = nothing;
    call.logged = undefined;
    call.answer = undefined;
    call.answered = false;
    call.oneway = false;
    call.attempts = 0;
    call.unsentSince = 0;
    if (this.#free.length < 4096) this.#free.push(call);
  }
}
