/**
 * One xDS stream: requests come in, and are taken to the exchange of their type.
 *
 *   bytes --> request --> (first: node -> admission) --> exchange of its type --+
 *   view ----- names that changed -----------------> exchange of their type --+--> scheduler --> push() --> outbound
 *
 * A client's mistake ends its stream with INVALID_ARGUMENT and words that say what was wrong; ours ends it with
 * INTERNAL. Either way no other stream is touched.
 */
import { IsthmusError } from '../../../model/errors.ts';
import type { ProxyNode } from '../../../model/proxy.ts';
import type { ResourceSource, ResourceView } from '../resources/resource-source.ts';
import type { Dialect } from '../resources/response-frame.ts';
import { type Call, type CallHandler, StatusCode } from '../transport/transport.ts';
import type { Admission } from './admission.ts';
import { type DiscoveryRequest, type RequestBounds, readRequest } from './discovery-request.ts';
import type { Exchange } from './exchange.ts';
import type { OpeningTurns } from './opening-turns.ts';
import { Outbound, type OutboundSurroundings } from './outbound.ts';
import type { RefusedResponse } from './refused-response.ts';
import type { RemovalTurns } from './removal-turns.ts';

/** What all streams of a server share. */
export interface StreamSurroundings extends Omit<OutboundSurroundings, 'mayBreak'> {
  readonly source: ResourceSource;
  readonly bounds: RequestBounds;
  /** How long a stream may stay without a first request, in milliseconds. */
  readonly firstRequestMs: number;
  admit(stream: XdsStream, node: Uint8Array): Admission | Promise<Admission>;
  readonly openings: Pick<OpeningTurns, 'take'>;
  /** Undoes an admission: the stream is over. */
  release(node: ProxyNode): void;
  /** Asks for push() to be called soon. */
  schedule(stream: XdsStream): void;
  /** When streams may be told what is gone. */
  readonly removals: RemovalTurns<XdsStream>;
  /** The refusals or the unserved types of a stream have changed. */
  reportChanged(stream: XdsStream): void;
  closed(stream: XdsStream): void;
}

interface Admitted {
  readonly node: ProxyNode;
  readonly view: ResourceView;
  readonly types: ReadonlySet<string>;
  readonly unsubscribe: () => void;
}

/** Types that a stream asks for and nobody serves: more than this is no proxy. */
const MAX_UNSERVED = 64;

export class XdsStream implements CallHandler {
  readonly call: Call;
  readonly dialect: Dialect;
  /** The one type of a per-type service; undefined for the aggregated one. */
  readonly onlyType: string | undefined;
  /** It came where only sidecars of istiod come. */
  readonly isIstios: boolean;
  readonly connectedAt: number;
  readonly #around: StreamSurroundings;
  readonly #outbound: Outbound;
  readonly #unserved = new Set<string>();
  readonly #firstRequest: NodeJS.Timeout;
  #admitted: Admitted | undefined;
  /** Messages that arrive while admission is decided. */
  #early: Uint8Array[] | undefined;
  #over = false;

  constructor(
    call: Call,
    kind: { readonly dialect: Dialect; readonly onlyType: string | undefined; readonly isIstios: boolean },
    around: StreamSurroundings,
  ) {
    this.call = call;
    this.dialect = kind.dialect;
    this.onlyType = kind.onlyType;
    this.isIstios = kind.isIstios;
    this.#around = around;
    this.connectedAt = around.now();
    const own = { ...around, mayBreak: () => around.removals.mayBreak(this) };
    this.#outbound = new Outbound(call, kind.dialect, own, () => around.schedule(this));
    this.#firstRequest = setTimeout(() => {
      this.end(StatusCode.deadlineExceeded, `No request came within ${around.firstRequestMs} ms.`);
    }, around.firstRequestMs).unref();
  }

  /** Undefined until the first request was admitted. */
  get node(): ProxyNode | undefined {
    return this.#admitted?.node;
  }
  get view(): ResourceView | undefined {
    return this.#admitted?.view;
  }
  get exchanges(): readonly Exchange[] {
    return this.#outbound.exchanges;
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
      if (this.#admitted === undefined) this.#admit(request);
      else this.#take(request, this.#admitted);
    } catch (error) {
      this.fail(error);
    }
  }

  push(): void {
    if (this.#over || this.#admitted === undefined) return;
    this.#outbound.push(this.#admitted.view);
    this.#noteProgress();
  }

  drained(): void {
    this.#outbound.drained();
    this.#scheduleWork();
  }

  finished(): void {
    this.end(StatusCode.ok, '');
  }

  closed(): void {
    this.#stop();
    if (this.#admitted !== undefined) {
      this.#around.release(this.#admitted.node);
      this.#around.observer.streamClosed(this.#admitted.node);
    }
    this.#around.closed(this);
  }

  end(code: number, message: string): void {
    if (this.#over) return;
    this.#stop();
    this.call.end({ code, message });
  }

  fail(error: unknown): void {
    if (error instanceof IsthmusError && error.code === 'BAD_DATA') {
      this.end(StatusCode.invalidArgument, error.message);
      return;
    }
    this.end(StatusCode.internal, 'A fault of isthmus ended this stream.');
    this.#around.observer.failed(error);
  }

  #stop(): void {
    this.#over = true;
    clearTimeout(this.#firstRequest);
    this.#outbound.stop();
    this.#around.removals.forget(this);
    this.#admitted?.unsubscribe();
  }

  #noteProgress(): void {
    this.#around.removals.note(this, this.#outbound.isMaking, this.#outbound.hasRemovals);
  }

  #scheduleWork(): void {
    if (this.#outbound.hasWork) this.#around.schedule(this);
  }

  #admit(request: DiscoveryRequest): void {
    clearTimeout(this.#firstRequest);
    if (request.node === undefined) {
      throw new IsthmusError('BAD_DATA', 'The first request of a stream must carry the node.');
    }
    const { node } = request;
    const isInTurn = this.#around.openings.take(() => this.#open(request, node));
    if (!isInTurn) this.#wait();
  }

  /** Further messages come later. */
  #wait(): void {
    this.#early ??= [];
    this.call.pause();
  }

  #open(request: DiscoveryRequest, node: Uint8Array): void {
    if (this.#over) return;
    try {
      const admission = this.#around.admit(this, node);
      if (admission instanceof Promise) this.#await(request, admission);
      else this.#resumeWith(request, admission);
    } catch (error) {
      this.fail(error);
    }
  }

  #await(request: DiscoveryRequest, admission: Promise<Admission>): void {
    this.#wait();
    admission.then(
      (decided) => this.#around.openings.take(() => this.#resumeWith(request, decided)),
      (error: unknown) => this.fail(error),
    );
  }

  #resumeWith(request: DiscoveryRequest, admission: Admission): void {
    const early = this.#early;
    this.#early = undefined;
    if (this.#over) {
      if (admission.kind === 'admitted') this.#around.release(admission.node);
      return;
    }
    try {
      this.#decided(request, admission);
    } catch (error) {
      this.fail(error);
    }
    if (early === undefined) return;
    for (const bytes of early) this.message(bytes);
    this.call.resume();
  }

  #decided(request: DiscoveryRequest, admission: Admission): void {
    if (admission.kind === 'refused') {
      this.end(admission.status.code, admission.status.message);
      return;
    }
    const { node } = admission;
    const { source, observer } = this.#around;
    const view = source.view(node);
    const unsubscribe = view.subscribe((typeUrl, names) => this.#changed(typeUrl, names));
    this.#admitted = { node, view, types: new Set(source.types(node)), unsubscribe };
    observer.streamOpened(node);
    this.#take(request, this.#admitted);
  }

  #changed(typeUrl: string, names: readonly string[]): void {
    if (this.#outbound.exchange(typeUrl)?.changed(names, this.#around.now()) !== true) return;
    this.#around.removals.note(this, true, this.#outbound.hasRemovals);
    this.#around.schedule(this);
  }

  #take(request: DiscoveryRequest, { node, view, types }: Admitted): void {
    const typeUrl = this.#typeOf(request);
    if (!types.has(typeUrl)) {
      this.#unservedType(typeUrl);
      return;
    }
    const known = this.#outbound.exchange(typeUrl);
    if (known === undefined) this.#around.observer.asked(typeUrl, node);
    const exchange = known ?? this.#outbound.open(typeUrl);
    const { refusal } = exchange;
    const honoured = known === undefined || this.#settle(known, request);
    if (honoured) this.#subscribe(exchange, request, known === undefined, view);
    if (exchange.refusal !== refusal) this.#around.reportChanged(this);
    this.#noteProgress();
    this.#scheduleWork();
  }

  #typeOf({ typeUrl }: DiscoveryRequest): string {
    if (this.onlyType === undefined && typeUrl === '') {
      throw new IsthmusError('BAD_DATA', 'A request on an aggregated stream must carry a type URL.');
    }
    if (this.onlyType !== undefined && typeUrl !== '' && typeUrl !== this.onlyType) {
      throw new IsthmusError('BAD_DATA', `This service serves ${this.onlyType} only.`);
    }
    return this.onlyType ?? typeUrl;
  }

  #unservedType(typeUrl: string): void {
    if (this.#unserved.has(typeUrl)) return;
    if (this.#unserved.size >= MAX_UNSERVED) {
      const message = `This stream asked for more than ${MAX_UNSERVED} types that nobody serves.`;
      this.end(StatusCode.resourceExhausted, message);
      return;
    }
    this.#unserved.add(typeUrl);
    this.#around.reportChanged(this);
  }

  /** Whether the request's names count: a stale state-of-the-world request is void, a delta request's names never are. */
  #settle(exchange: Exchange, { nonce, error }: DiscoveryRequest): boolean {
    if (nonce === '') return true;
    const { observer, now } = this.#around;
    const settled = exchange.settle(nonce, error, now());
    if (settled.kind === 'acknowledged')
      observer.acknowledged(exchange.typeUrl, (now() - settled.since) / 1000, this.#admitted?.node);
    else if (settled.kind === 'refused') observer.refused(exchange.typeUrl);
    else observer.nonceIgnored(exchange.typeUrl, settled.kind);
    this.#outbound.settled(exchange);
    return settled.kind !== 'stale' || this.dialect === 'delta';
  }

  #subscribe(exchange: Exchange, request: DiscoveryRequest, first: boolean, view: ResourceView): void {
    const { subscription } = exchange;
    const now = this.#around.now();
    if (this.dialect === 'sotw') {
      exchange.asked(subscription.restate(request.subscribe), now);
      if (first) exchange.resumeWhole(request.version, view);
    } else if (first || request.subscribe.length > 0 || request.unsubscribe.length > 0) {
      // A thousand proxies name the same resources: each name is kept once, as the resource's own.
      const names = request.subscribe.map((name) => view.get(exchange.typeUrl, name)?.name ?? name);
      exchange.asked(subscription.amend(names, request.unsubscribe), now);
      if (first) exchange.resume(request.initialVersions);
    }
    if (subscription.size > this.#around.bounds.names) {
      throw new IsthmusError('BAD_DATA', `A subscription may hold at most ${this.#around.bounds.names} names.`);
    }
  }
}

/** Refusals in force on a stream, with their types. */
export function refusalsOf(
  stream: XdsStream,
): readonly { readonly typeUrl: string; readonly refusal: RefusedResponse }[] {
  return stream.exchanges.flatMap(({ typeUrl, refusal }) => (refusal === undefined ? [] : [{ typeUrl, refusal }]));
}
