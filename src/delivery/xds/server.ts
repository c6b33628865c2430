/**
 * The xDS server: proxies' streams in, resources out.
 *
 *   transport --call--> method of its path --+--> XdsStream -- first request --> admission --> view of the source
 *                                            +--> client status (CSDS)
 *   view --names that changed--> streams --> scheduler --> push, in slices
 *
 * It knows nothing of meshes: a ResourceSource says what each proxy may see. It never queues responses, never resends
 * what a proxy refused, never removes what the source has not removed, and one stream's fault ends that stream alone.
 */
import { IsthmusError } from '../../model/errors.ts';
import type { Finding } from '../../model/finding.ts';
import { isLoopback } from '../../model/loopback.ts';
import { type ProxyNode, proxyKey } from '../../model/proxy.ts';
import { serveClientStatus } from './reports/client-status.ts';
import type { OriginsOf } from './reports/refusal-origins.ts';
import { type ResourceStatus, resourceStatuses, type StreamStatus, streamStatus } from './reports/status.ts';
import { findingsOf } from './reports/stream-findings.ts';
import { type Refusal, refusalsIn } from './reports/stream-refusals.ts';
import { FrameCache } from './resources/frame-cache.ts';
import type { ResourceSource } from './resources/resource-source.ts';
import { routeType } from './resources/resource-types.ts';
import { methodOf, routeMethodOf } from './services.ts';
import { Admissions, type Authorize, type IdentityOf } from './streams/admission.ts';
import type { RequestBounds } from './streams/discovery-request.ts';
import { serveFetch } from './streams/fetch.ts';
import { silentObserver, type XdsObserver } from './streams/observer.ts';
import { OpeningTurns } from './streams/opening-turns.ts';
import { PushScheduler } from './streams/push-scheduler.ts';
import { RemovalTurns } from './streams/removal-turns.ts';
import { type StreamSurroundings, XdsStream } from './streams/stream.ts';
import { defaultTransportLimits, listenHttp2, type TransportLimits } from './transport/http2-transport.ts';
import type { ServerTls } from './transport/server-tls.ts';
import {
  type Address,
  type Call,
  type CallHandler,
  type Status,
  StatusCode,
  type Transport,
} from './transport/transport.ts';

export interface XdsServerOptions {
  readonly source: ResourceSource;
  readonly observer?: Partial<XdsObserver>;
  /** Whether a peer may speak for a node; everyone may when absent, which is why plaintext stays on loopback. */
  readonly authorize?: Authorize;
  /** Which workload's resources an authorized node may see; those of none when absent. */
  readonly identityOf?: IdentityOf;
  /** What findings say that a refused resource is made of; nothing when absent. */
  readonly originsOf?: OriginsOf;
  /** Other calls that are answered at the same address, by `/package.Service/Method`. */
  readonly calls?: ReadonlyMap<string, (call: Call) => CallHandler | Status>;
  /** Printed by clients beside their configuration, e.g. the name of this replica. */
  readonly controlPlane?: string;
  readonly limits?: Partial<XdsLimits>;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

export interface XdsLimits extends RequestBounds, TransportLimits {
  readonly streams: number;
  /** Deployed MetaProtocol proxies open one stream for each route configuration. */
  readonly streamsPerNode: number;
  /** Longest wait of listeners and routes for the acknowledgement of clusters, in milliseconds. */
  readonly clusterWaitMs: number;
  /** Longest wait of what is gone until all proxies have taken what is new, in milliseconds. */
  readonly removalWaitMs: number;
  /** And beyond that, for requests that are under way, in milliseconds. */
  readonly removalGraceMs: number;
  /** How long a stream may stay without a first request, in milliseconds. */
  readonly firstRequestMs: number;
}

export interface ListenOptions extends Address {
  /** Absent: plaintext, on loopback. */
  readonly tls?: ServerTls;
  /** Only sidecars of istiod come here, and are given routes of MetaProtocol alone, whatever their nodes say. */
  readonly isIstios?: boolean;
  /** `isthmus run --insecure-xds`: serve in plaintext on an address that is not loopback. */
  readonly allowPlaintextBeyondLoopback?: boolean;
}

export interface XdsServer {
  /** Port 0 takes a free one. Throws USAGE beyond loopback unless allowed, UNAVAILABLE when the address is taken. */
  listen(options: ListenOptions): Promise<Address>;
  /** Ends all streams with UNAVAILABLE, so that clients reconnect elsewhere; cuts connections after `graceMs`. */
  close(graceMs?: number): Promise<void>;
  /** All admitted streams, in order of arrival. */
  streams(): readonly StreamStatus[];
  /** Whether any proxy is there that said which it is. */
  readonly hasProxies: boolean;
  /** What the streams of a proxy have of a type, as against what they should have. `key`: that of proxyKey. */
  resources(key: string, typeUrl: string): readonly ResourceStatus[];
  findings(): readonly Finding[];
  /** What is refused now, and whose it is as far as that can be told. */
  refusals(): readonly Refusal[];
  /** Proxies that have yet to answer what changed at this time or before; milliseconds since the epoch. */
  laggards(time: number): readonly ProxyNode[];
}

const defaultLimits: XdsLimits = {
  ...defaultTransportLimits,
  names: 100_000,
  nameBytes: 4096,
  nodeBytes: 512 * 1024,
  streams: 50_000,
  streamsPerNode: 1000,
  clusterWaitMs: 5000,
  removalWaitMs: 1000,
  removalGraceMs: 200,
  firstRequestMs: 15_000,
};

/** A sidecar of istiod opens a connection for each route configuration. */
const istiosLimits = { maxConnections: 100_000, maxConnectionsOfOne: 50_000, maxStreamsOfOne: 50_000 };

const DEFAULT_GRACE_MS = 2000;

export function createXdsServer(options: XdsServerOptions): XdsServer {
  return new Server(options);
}

class Server implements XdsServer {
  readonly #limits: XdsLimits;
  readonly #observer: XdsObserver;
  readonly #admissions: Admissions;
  readonly #streams = new Set<XdsStream>();
  readonly #around: StreamSurroundings;
  readonly #calls: ReadonlyMap<string, (call: Call) => CallHandler | Status>;
  readonly #originsOf: OriginsOf;
  readonly #transports: Transport[] = [];
  #closing = false;
  #reporting = false;

  constructor(options: XdsServerOptions) {
    const now = options.now ?? Date.now;
    this.#limits = { ...defaultLimits, ...options.limits };
    this.#observer = { ...silentObserver, ...options.observer };
    const authorize = options.authorize ?? (() => undefined);
    this.#admissions = new Admissions({
      streamsPerNode: this.#limits.streamsPerNode,
      authorize,
      identityOf: options.identityOf ?? (() => undefined),
      now,
      refusedChanged: () => this.#reportFindings(),
    });
    this.#around = this.#surroundings(options, now);
    this.#calls = options.calls ?? new Map();
    this.#originsOf = options.originsOf ?? (() => []);
  }

  #surroundings({ source, controlPlane = 'isthmus' }: XdsServerOptions, now: () => number): StreamSurroundings {
    const frames = new FrameCache(controlPlane);
    const scheduler = new PushScheduler(() => frames.clear());
    const { clusterWaitMs, firstRequestMs, names, nameBytes, nodeBytes } = this.#limits;
    return {
      source,
      frames,
      removals: this.#removalTurns(scheduler),
      observer: this.#observer,
      bounds: { names, nameBytes, nodeBytes },
      clusterWaitMs,
      firstRequestMs,
      now,
      admit: ({ call, onlyType, isIstios }, node) =>
        this.#admissions.admit(call.peer, node, { isForRoutes: onlyType === routeType, isIstios }),
      openings: new OpeningTurns(),
      release: (node) => this.#admissions.release(node),
      schedule: (stream) => scheduler.schedule(stream),
      reportChanged: () => this.#reportFindings(),
      closed: (stream) => {
        scheduler.forget(stream);
        this.#streams.delete(stream);
        if (hasFindings(stream)) this.#reportFindings();
      },
    };
  }

  #removalTurns(scheduler: PushScheduler): RemovalTurns<XdsStream> {
    const { removalWaitMs: waitMs, removalGraceMs: graceMs } = this.#limits;
    return new RemovalTurns({
      waitMs,
      graceMs,
      now: () => performance.now(),
      wake: (stream) => scheduler.schedule(stream),
    });
  }

  async listen({
    host,
    port,
    tls,
    isIstios = false,
    allowPlaintextBeyondLoopback = false,
  }: ListenOptions): Promise<Address> {
    if (tls === undefined && !isLoopback(host) && !allowPlaintextBeyondLoopback) {
      throw new IsthmusError(
        'USAGE',
        `xDS is plaintext and ${host} is not loopback: whoever reaches it can pose as any proxy. Listen on 127.0.0.1, or accept that with --insecure-xds.`,
      );
    }
    const transport = await listenHttp2(
      { host, port },
      (call) => this.#accept(call, isIstios),
      isIstios ? { ...this.#limits, ...istiosLimits } : this.#limits,
      tls,
    );
    this.#transports.push(transport);
    return transport.address;
  }

  async close(graceMs = DEFAULT_GRACE_MS): Promise<void> {
    this.#closing = true;
    for (const stream of this.#streams) stream.end(StatusCode.unavailable, 'The control plane is shutting down.');
    await Promise.all(this.#transports.splice(0).map((transport) => transport.close(graceMs)));
  }

  get hasProxies(): boolean {
    for (const { node } of this.#streams) if (node !== undefined) return true;
    return false;
  }

  streams(): readonly StreamStatus[] {
    return [...this.#streams].flatMap((stream) => streamStatus(stream) ?? []);
  }

  resources(key: string, typeUrl: string): readonly ResourceStatus[] {
    return [...this.#streams].flatMap((stream) =>
      stream.node !== undefined && proxyKey(stream.node) === key ? resourceStatuses(stream, typeUrl) : [],
    );
  }

  findings(): readonly Finding[] {
    return findingsOf(this.#streams, this.#admissions.refused, this.#originsOf);
  }

  refusals(): readonly Refusal[] {
    return [...this.#streams].flatMap((stream) => refusalsIn(stream, this.#originsOf));
  }

  laggards(time: number): readonly ProxyNode[] {
    const isDue = ({ dueSince }: { readonly dueSince: number | undefined }) =>
      dueSince !== undefined && dueSince <= time;
    return [...this.#streams].flatMap(({ node, exchanges }) =>
      node !== undefined && exchanges.some(isDue) ? [node] : [],
    );
  }

  /** Once a turn of the loop: a bad resource is refused by a thousand proxies at a time. */
  #reportFindings(): void {
    if (this.#reporting) return;
    this.#reporting = true;
    setImmediate(() => {
      this.#reporting = false;
      this.#observer.findingsChanged();
    });
  }

  #accept(call: Call, isIstios: boolean): CallHandler | Status {
    if (this.#closing) return { code: StatusCode.unavailable, message: 'The control plane is shutting down.' };
    const other = isIstios ? undefined : this.#calls.get(call.path);
    if (other !== undefined) return other(call);
    const method = isIstios ? routeMethodOf(call.path) : methodOf(call.path);
    if (method.kind === 'refused') return method.status;
    if (method.kind === 'client-status') return serveClientStatus(call, () => this.#streams);
    if (method.kind === 'fetch') return this.#poll(call, method.onlyType, isIstios);
    if (this.#streams.size >= this.#limits.streams) {
      return { code: StatusCode.resourceExhausted, message: `There are ${this.#streams.size} streams already.` };
    }
    const stream = new XdsStream(call, { ...method, isIstios }, this.#around);
    this.#streams.add(stream);
    return stream;
  }

  #poll(call: Call, onlyType: string, isIstios: boolean): CallHandler {
    const entrance = { isForRoutes: onlyType === routeType, isIstios };
    return serveFetch(call, onlyType, {
      ...this.#around,
      admit: (node) => this.#admissions.admit(call.peer, node, entrance),
    });
  }
}

function hasFindings(stream: XdsStream): boolean {
  return stream.unserved.size > 0 || stream.exchanges.some((exchange) => exchange.refusal !== undefined);
}
