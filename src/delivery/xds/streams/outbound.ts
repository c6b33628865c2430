/**
 * What goes out of one stream: at most one response of each type awaits its answer, and nothing is queued. While the
 * client does not read, changes merge in the exchanges.
 *
 * Clusters go first, then endpoints, listeners, routes. Listeners and routes wait for the acknowledgement of clusters,
 * which Envoy gives once they are warm. What is gone goes last where something that is about to change may refer to it, here
 * or at another proxy: see removal-turns.ts.
 */
import { randomBytes } from 'node:crypto';
import type { FrameCache } from '../resources/frame-cache.ts';
import type { ResourceView } from '../resources/resource-source.ts';
import {
  clusterType,
  endpointType,
  listenerType,
  pushOrder,
  removesLast,
  waitsForClusters,
} from '../resources/resource-types.ts';
import { type Dialect, nonceLength, type ResponseContent, tailOf } from '../resources/response-frame.ts';
import type { Call } from '../transport/transport.ts';
import { Exchange } from './exchange.ts';
import type { XdsObserver } from './observer.ts';

export interface OutboundSurroundings {
  readonly frames: FrameCache;
  readonly observer: XdsObserver;
  /** Longest wait of listeners and routes for clusters, in milliseconds. */
  readonly clusterWaitMs: number;
  /** Whether this stream may be told what is gone; it is woken when it may. */
  readonly mayBreak: () => boolean;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

export class Outbound {
  readonly #call: Call;
  readonly #dialect: Dialect;
  readonly #around: OutboundSurroundings;
  /** The wait for clusters has taken too long: push again. */
  readonly #wake: () => void;
  /** Of this stream alone, so that a client which brings an old nonce to a new stream is not misunderstood. */
  readonly #noncePrefix = randomBytes(4).toString('hex');
  #exchanges: readonly Exchange[] = [];
  #responses = 0;
  #blocked = false;
  #over = false;
  #clusterWait: NodeJS.Timeout | undefined;
  #clusterWaitOver = false;

  constructor(call: Call, dialect: Dialect, around: OutboundSurroundings, wake: () => void) {
    this.#call = call;
    this.#dialect = dialect;
    this.#around = around;
    this.#wake = wake;
  }

  /** In push order. */
  get exchanges(): readonly Exchange[] {
    return this.#exchanges;
  }
  /** Something new is to be sent, or to be answered. */
  get isMaking(): boolean {
    return !this.#over && this.#exchanges.some((exchange) => exchange.isMaking);
  }
  get hasRemovals(): boolean {
    return this.#exchanges.some((exchange) => exchange.hasRemovals);
  }
  get hasWork(): boolean {
    return !this.#over && (this.hasRemovals || this.#exchanges.some((exchange) => exchange.hasChanges));
  }

  exchange(typeUrl: string): Exchange | undefined {
    return this.#exchanges.find((exchange) => exchange.typeUrl === typeUrl);
  }

  open(typeUrl: string): Exchange {
    const exchange = new Exchange(typeUrl, this.#dialect);
    this.#exchanges = [...this.#exchanges, exchange].sort((a, b) => pushOrder(a.typeUrl) - pushOrder(b.typeUrl));
    return exchange;
  }

  /** Sends what is due, as far as the client reads and has answered. */
  push(view: ResourceView): void {
    for (const exchange of this.#exchanges) {
      if (this.#over || this.#blocked) return;
      if (!exchange.hasChanges || exchange.awaitsAnswer || this.#waitsForClusters(exchange)) continue;
      const content = exchange.make(view, (isNew) => this.#keepsGone(exchange, isNew));
      this.#send(exchange, content, (content?.resources.length ?? 0) === 0);
      // An Envoy makes a changed cluster anew, which waits for endpoints that it does not ask for: it has asked already.
      if (exchange.typeUrl === clusterType) this.exchange(endpointType)?.renew(exchange.altered, view);
    }
    if (this.#exchanges.some((exchange) => exchange.hasChanges || exchange.awaitsAnswer)) return;
    for (const exchange of this.#exchanges.toReversed()) {
      if (this.#over || this.#blocked) return;
      if (exchange.hasRemovals && this.#around.mayBreak()) this.#send(exchange, exchange.break(view), true);
    }
  }

  drained(): void {
    this.#blocked = false;
  }

  /** To be called when a response was answered. */
  settled(exchange: Exchange): void {
    if (exchange.typeUrl !== clusterType || exchange.awaitsAnswer) return;
    this.#endClusterWait();
  }

  stop(): void {
    this.#over = true;
    this.#endClusterWait();
  }

  #send(exchange: Exchange, content: ResponseContent | undefined, isRemoval: boolean): void {
    if (content === undefined) return;
    const { frames, observer, now } = this.#around;
    const frame = frames.frame(this.#dialect, content);
    const counter = (++this.#responses).toString(16).padStart(nonceLength - this.#noncePrefix.length, '0');
    const nonce = this.#noncePrefix + counter;
    const { version } = exchange.subscription;
    const tail = tailOf(version, nonce);
    exchange.dispatched(nonce, version, content, now(), isRemoval);
    this.#blocked = !this.#call.write([frame, tail]);
    const { typeUrl, resources } = content;
    observer.pushed({ typeUrl, resources: resources.length, bytes: frame.length + tail.length });
  }

  /** Listeners that come may stand at the address of one that goes, so these go together. */
  #keepsGone(exchange: Exchange, isNew: boolean): boolean {
    const { typeUrl } = exchange;
    if (removesLast(typeUrl)) return this.#isReferredTo() || !this.#around.mayBreak();
    return typeUrl === listenerType && !isNew && !this.#around.mayBreak();
  }

  /** Whether listeners or routes that are about to change may still refer to what is gone. */
  #isReferredTo(): boolean {
    return this.#exchanges.some((other) => waitsForClusters(other.typeUrl) && (other.hasChanges || other.awaitsAnswer));
  }

  /** Bounded, so that a cluster that never warms cannot keep routes from a proxy for ever. */
  #waitsForClusters(exchange: Exchange): boolean {
    if (!waitsForClusters(exchange.typeUrl) || this.#clusterWaitOver) return false;
    if (!this.exchange(clusterType)?.awaitsAnswer) return false;
    this.#clusterWait ??= setTimeout(() => {
      this.#clusterWaitOver = true;
      this.#wake();
    }, this.#around.clusterWaitMs).unref();
    return true;
  }

  #endClusterWait(): void {
    clearTimeout(this.#clusterWait);
    this.#clusterWait = undefined;
    this.#clusterWaitOver = false;
  }
}
