/**
 * One xDS stream: requests come in, at most one response a type goes out.
 *
 *   bytes --> request --> (first: node -> admission) --> exchange of its type --+
 *   view ----- names that changed -----------------> exchange of their type --+--> push() --> frames
 *
 * push() is called by the scheduler, never from here. Clusters go first, then endpoints, listeners, routes; listeners
 * and routes wait for the clusters' acknowledgement, which Envoy gives once they are warm; removals of clusters and
 * endpoints go last. Nothing is queued: while the client does not read, changes merge.
 */
import { randomBytes } from 'node:crypto';
import { IsthmusError } from '../../model/errors.ts';
import type { ProxyNode } from '../../model/proxy.ts';
import type { Admission } from './admission.ts';
import { type DiscoveryRequest, type RequestBounds, readRequest } from './discovery-request.ts';
import { Exchange } from './exchange.ts';
import type { FrameCache } from './frame-cache.ts';
import type { XdsObserver } from './observer.ts';
import type { RefusedResponse } from './refused-response.ts';
import type { ResourceSource, ResourceView } from './resource-source.ts';
import { clusterType, pushOrder, removesLast, waitsForClusters } from './resource-types.ts';
import { type Dialect, nonceLength, type ResponseContent, tailOf } from './response-frame.ts';
import { type Call, type CallHandler, StatusCode } from './transport.ts';

/** What all streams of a server share. */
export interface StreamSurroundings {
  readonly source: ResourceSource;
  readonly frames: FrameCache;
  readonly observer: XdsObserver;
  readonly bounds: RequestBounds;
  /** Longest wait of listeners and routes for clusters, in milliseconds. */
  readonly clusterWaitMs: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  admit(stream: XdsStream, node: Uint8Array): Admission | Promise<Admission>;
  /** Undoes an admission: the stream is over. */
  release(node: ProxyNode): void;
  /** Asks for push() to be called soon. */
  schedule(stream: XdsStream): void;
  /** The refusals or the unserved types of a stream have changed. */
  reportChanged(stream: XdsStream): void;
  closed(stream: XdsStream): void;
}

/** Types that a stream asks for and nobody serves: more than this is no proxy. */
const MAX_UNSERVED = 64;

export class XdsStream implements CallHandler {
  readonly call: Call;
  readonly dialect: Dialect;
  /** The one type of a per-type service; undefined for the aggregated one. */
  readonly onlyType: string | undefined;
  readonly connectedAt: number;
  readonly #around: StreamSurroundings;
  readonly #noncePrefix = randomBytes(4).toString('hex');
  /** In push order. */
  #exchanges: readonly Exchange[] = [];
  readonly #unserved = new Set<string>();
  #admission:
    | { readonly node: ProxyNode; readonly view: ResourceView; readonly types: ReadonlySet<string> }
    | undefined;
  /** Messages that arrive while admission is decided. */
  #early: Uint8Array[] | undefined;
  #unsubscribe: () => void = () => {};
  #responses = 0;
  #blocked = false;
  #over = false;
  #clusterWait: NodeJS.Timeout | undefined;
  #clusterWaitOver = false;

  constructor(
    call: Call,
    kind: { readonly dialect: Dialect; readonly onlyType: string | undefined },
    around: StreamSurroundings,
  ) {
    this.call = call;
    this.dialect = kind.dialect;
    this.onlyType = kind.onlyType;
    this.#around = around;
    this.connectedAt = around.now();
  }

  /** Undefined until the first request was admitted. */
  get node(): ProxyNode | undefined {
    return this.#admission?.node;
  }
  get view(): ResourceView | undefined {
    return this.#admission?.view;
  }
  get exchanges(): readonly Exchange[] {
    return this.#exchanges;
  }
  /** Types asked for that the source does not serve to this proxy. */
  get unserved(): ReadonlySet<string> {
    return this.#unserved;
  }

  message(bytes: Uint8Array): void {
    if (this.#over) return;
    if (this.#early !== undefined) {
      this.#early.push(bytes);
      return;
    }
    try {
      const request = readRequest(this.dialect, bytes, this.#around.bounds);
      if (this.#admission === undefined) this.#admit(request);
      else this.#take(request, this.#admission);
    } catch (error) {
      this.fail(error);
    }
  }

  drained(): void {
    this.#blocked = false;
    if (this.#hasWork()) this.#around.schedule(this);
  }

  finished(): void {
    this.end(StatusCode.ok, '');
  }

  closed(): void {
    this.#over = true;
    clearTimeout(this.#clusterWait);
    this.#unsubscribe();
    if (this.#admission !== undefined) {
      this.#around.release(this.#admission.node);
      this.#around.observer.streamClosed(this.#admission.node);
    }
    this.#around.closed(this);
  }

  end(code: number, message: string): void {
    if (this.#over) return;
    this.#over = true;
    this.#unsubscribe();
    this.call.end({ code, message });
  }

  /** A client's mistake ends its stream, and so does ours; no other stream is touched. */
  fail(error: unknown): void {
    if (error instanceof IsthmusError && error.code === 'BAD_DATA') {
      this.end(StatusCode.invalidArgument, error.message);
      return;
    }
    this.end(StatusCode.internal, 'A fault of isthmus ended this stream.');
    this.#around.observer.failed(error);
  }

  /** Sends what is due, as far as the client reads and has answered. */
  push(): void {
    const view = this.#admission?.view;
    if (view === undefined) return;
    for (const exchange of this.#exchanges) {
      if (this.#over || this.#blocked) return;
      if (!exchange.hasChanges || exchange.awaitsAnswer || this.#waitsForClusters(exchange)) continue;
      this.#send(exchange, exchange.make(view, this.#isReferredTo(exchange)));
    }
    if (this.#exchanges.some((exchange) => exchange.hasChanges || exchange.awaitsAnswer)) return;
    for (const exchange of this.#exchanges.toReversed()) {
      if (this.#over || this.#blocked) return;
      if (exchange.hasRemovals) this.#send(exchange, exchange.break(view));
    }
  }

  #hasWork(): boolean {
    return !this.#over && this.#exchanges.some((exchange) => exchange.hasChanges || exchange.hasRemovals);
  }

  #admit(request: DiscoveryRequest): void {
    if (request.node === undefined) {
      throw new IsthmusError('BAD_DATA', 'The first request of a stream must carry the node.');
    }
    const admission = this.#around.admit(this, request.node);
    if (!(admission instanceof Promise)) {
      this.#admitted(request, admission);
      return;
    }
    this.#early = [];
    this.call.pause();
    admission.then(
      (decided) => this.#resumeWith(request, decided),
      (error: unknown) => this.fail(error),
    );
  }

  #resumeWith(request: DiscoveryRequest, admission: Admission): void {
    const early = this.#early ?? [];
    this.#early = undefined;
    if (this.#over) {
      if (admission.kind === 'admitted') this.#around.release(admission.node);
      return;
    }
    try {
      this.#admitted(request, admission);
    } catch (error) {
      this.fail(error);
    }
    for (const bytes of early) this.message(bytes);
    this.call.resume();
  }

  #admitted(request: DiscoveryRequest, admission: Admission): void {
    if (admission.kind === 'refused') {
      this.end(admission.status.code, admission.status.message);
      return;
    }
    const { node } = admission;
    const view = this.#around.source.view(node);
    this.#admission = { node, view, types: new Set(this.#around.source.types(node)) };
    this.#unsubscribe = view.subscribe((typeUrl, names) => this.#changed(typeUrl, names));
    this.#around.observer.streamOpened(node);
    this.#take(request, this.#admission);
  }

  #changed(typeUrl: string, names: readonly string[]): void {
    const exchange = this.#exchange(typeUrl);
    if (exchange?.changed(names, this.#around.now())) this.#around.schedule(this);
  }

  #exchange(typeUrl: string): Exchange | undefined {
    return this.#exchanges.find((exchange) => exchange.typeUrl === typeUrl);
  }

  #take(
    request: DiscoveryRequest,
    admission: { readonly view: ResourceView; readonly types: ReadonlySet<string> },
  ): void {
    const typeUrl = this.#typeOf(request);
    if (!admission.types.has(typeUrl)) {
      this.#unservedType(typeUrl);
      return;
    }
    const known = this.#exchange(typeUrl);
    const exchange = known ?? this.#open(typeUrl);
    const refusal = exchange.refusal;
    const honoured = known === undefined || this.#settle(known, request);
    if (honoured) this.#subscribe(exchange, request, known === undefined, admission.view);
    if (exchange.refusal !== refusal) this.#around.reportChanged(this);
    if (this.#hasWork()) this.#around.schedule(this);
  }

  #typeOf({ typeUrl }: DiscoveryRequest): string {
    if (this.onlyType === undefined && typeUrl === '') {
      throw new IsthmusError('BAD_DATA', 'A request on an aggregated stream must carry a type URL.');
    }
    if (this.onlyType !== undefined && typeUrl !== '' && typeUrl !== this.onlyType) {
      throw new IsthmusError('BAD_DATA', `This service serves ${this.onlyType} only.`);
    }
    return typeUrl === '' ? (this.onlyType ?? '') : typeUrl;
  }

  #unservedType(typeUrl: string): void {
    if (this.#unserved.has(typeUrl)) return;
    if (this.#unserved.size >= MAX_UNSERVED) {
      this.end(
        StatusCode.resourceExhausted,
        `This stream asked for more than ${MAX_UNSERVED} types that nobody serves.`,
      );
      return;
    }
    this.#unserved.add(typeUrl);
    this.#around.reportChanged(this);
  }

  #open(typeUrl: string): Exchange {
    const exchange = new Exchange(typeUrl, this.dialect);
    this.#exchanges = [...this.#exchanges, exchange].sort((a, b) => pushOrder(a.typeUrl) - pushOrder(b.typeUrl));
    return exchange;
  }

  /** Whether the request's names count: a stale state-of-the-world request is void, a delta request's names never are. */
  #settle(exchange: Exchange, { nonce, error }: DiscoveryRequest): boolean {
    if (nonce === '') return true;
    const { observer, now } = this.#around;
    const settled = exchange.settle(nonce, error, now());
    if (settled.kind === 'acknowledged') observer.acknowledged(exchange.typeUrl, (now() - settled.since) / 1000);
    else if (settled.kind === 'refused') observer.refused(exchange.typeUrl);
    else observer.nonceIgnored(exchange.typeUrl, settled.kind);
    if (exchange.typeUrl === clusterType && !exchange.awaitsAnswer) this.#endClusterWait();
    return settled.kind !== 'stale' || this.dialect === 'delta';
  }

  #subscribe(exchange: Exchange, request: DiscoveryRequest, first: boolean, view: ResourceView): void {
    const { subscription } = exchange;
    const now = this.#around.now();
    if (this.dialect === 'sotw') {
      exchange.asked(subscription.restate(request.subscribe), now);
      if (first) exchange.resumeWhole(request.version, view);
    } else {
      exchange.asked(subscription.amend(request.subscribe, request.unsubscribe), now);
      if (first) exchange.resume(request.initialVersions);
    }
    if (subscription.size > this.#around.bounds.names) {
      throw new IsthmusError('BAD_DATA', `A subscription may hold at most ${this.#around.bounds.names} names.`);
    }
  }

  #send(exchange: Exchange, content: ResponseContent | undefined): void {
    if (content === undefined) return;
    const { frames, observer, now } = this.#around;
    const frame = frames.frame(this.dialect, content);
    const counter = (++this.#responses).toString(16).padStart(nonceLength - this.#noncePrefix.length, '0');
    const nonce = this.#noncePrefix + counter;
    const tail = tailOf(exchange.subscription.version, nonce);
    exchange.dispatched(nonce, content, now());
    this.#blocked = !this.call.write([frame, tail]);
    const { typeUrl, resources } = content;
    observer.pushed({ typeUrl, resources: resources.length, bytes: frame.length + tail.length });
  }

  /** Whether listeners or routes that are about to change may still refer to what is gone. */
  #isReferredTo(exchange: Exchange): boolean {
    if (!removesLast(exchange.typeUrl)) return false;
    return this.#exchanges.some((other) => waitsForClusters(other.typeUrl) && (other.hasChanges || other.awaitsAnswer));
  }

  /** Bounded, so that a cluster that never warms cannot keep routes from a proxy for ever. */
  #waitsForClusters(exchange: Exchange): boolean {
    if (!waitsForClusters(exchange.typeUrl) || this.#clusterWaitOver) return false;
    if (!this.#exchange(clusterType)?.awaitsAnswer) return false;
    this.#clusterWait ??= setTimeout(() => {
      this.#clusterWaitOver = true;
      this.#around.schedule(this);
    }, this.#around.clusterWaitMs).unref();
    return true;
  }

  #endClusterWait(): void {
    clearTimeout(this.#clusterWait);
    this.#clusterWait = undefined;
    this.#clusterWaitOver = false;
  }
}

/** Refusals in force on a stream, with their types. */
export function refusalsOf(
  stream: XdsStream,
): readonly { readonly typeUrl: string; readonly refusal: RefusedResponse }[] {
  return stream.exchanges.flatMap(({ typeUrl, refusal }) => (refusal === undefined ? [] : [{ typeUrl, refusal }]));
}
