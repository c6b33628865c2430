/**
 * One listening socket and the connections that came through it. A new plan for the same address replaces the old one
 * under live connections; a listener that goes stops accepting, and its connections finish what is in flight.
 */
import { createServer, type Server, type Socket } from 'node:net';
import type { ClusterDirectory } from '../clusters/cluster-directory.ts';
import type { ListenAddress, ListenerPlan, TcpPlan } from '../config/listener-plan.ts';
import type { Runtime } from '../connections/runtime.ts';
import { DownstreamConnection } from '../downstream/downstream-connection.ts';
import type { Site } from '../downstream/site.ts';
import { WeightedPlaces } from '../routing/route-table.ts';
import { relay } from './tcp-relay.ts';

/** What a listener does with a connection: a private protocol, or bytes. */
export type Service =
  | { readonly kind: 'metaprotocol'; readonly site: Site }
  | { readonly kind: 'tcp'; readonly places: WeightedPlaces };

export function tcpService(plan: TcpPlan, directory: ClusterDirectory): Service {
  return { kind: 'tcp', places: new WeightedPlaces(plan.clusters, directory) };
}

export class Listener {
  plan: ListenerPlan;
  readonly #runtime: Runtime;
  readonly #server: Server;
  readonly #connections = new Set<DownstreamConnection>();
  readonly #relays = new Set<Socket>();
  #service: Service;
  #warm: boolean;
  #closed: Promise<void> | undefined;

  constructor(runtime: Runtime, plan: ListenerPlan, service: Service, warm: boolean) {
    this.#runtime = runtime;
    this.plan = plan;
    this.#service = service;
    this.#warm = warm;
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#accept(socket));
    this.#server.maxConnections = runtime.limits.maxConnections;
    this.#server.on('drop', () => {
      if (this.#service.kind === 'metaprotocol') this.#service.site.stats.cxOverflow++;
    });
  }

  get service(): Service {
    return this.#service;
  }

  /** Where it listens; differs from the plan's where that has port 0. */
  get address(): ListenAddress {
    const address = this.#server.address();
    if (address === null) return this.plan.address;
    return typeof address === 'string' ? { path: address } : { host: address.address, port: address.port };
  }

  get connectionCount(): number {
    return this.#connections.size + this.#relays.size;
  }

  /** `shared`: several workers listen on the same address. Rejects with the system's error. */
  async listen(shared: boolean): Promise<void> {
    const { address } = this.plan;
    const options = 'path' in address ? { path: address.path } : { ...address, reusePort: shared };
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ ...options, backlog: 4096 }, () => {
        this.#server.off('error', reject);
        this.#server.on('error', () => {});
        resolve();
      });
    });
  }

  /** Replaces what is done with connections: those that stand go on under it from their next request. */
  update(plan: ListenerPlan, service: Service): void {
    this.plan = plan;
    this.#service = service;
    for (const connection of this.#connections)
      if (service.kind === 'metaprotocol') connection.adopt(service.site);
      else connection.drain();
  }

  /** The first routes are there, or have been waited for long enough. */
  warm(): void {
    this.#warm = true;
    for (const connection of this.#connections) connection.warm();
  }

  /** Stops accepting; resolves when the last connection has ended, plain TCP ones at the end of the drain time. */
  async drain(): Promise<void> {
    this.#closed ??= new Promise((resolve) => this.#server.close(() => resolve()));
    for (const connection of this.#connections) connection.drain();
    const timer = setTimeout(() => this.#endRelays(), this.#runtime.limits.drainMs);
    await this.#closed;
    clearTimeout(timer);
  }

  destroy(): void {
    for (const connection of this.#connections) connection.destroy();
    this.#endRelays();
  }

  #endRelays(): void {
    for (const socket of this.#relays) socket.destroy();
  }

  #accept(socket: Socket): void {
    this.#runtime.turn.begin();
    if (this.#service.kind === 'tcp') {
      this.#relay(socket, this.#service.places);
      return;
    }
    const connection = new DownstreamConnection(socket, this.#service.site, (closed) =>
      this.#connections.delete(closed),
    );
    this.#connections.add(connection);
    if (!this.#warm) connection.holdUntilWarm();
  }

  #relay(socket: Socket, places: WeightedPlaces): void {
    this.#relays.add(socket);
    socket.pause();
    socket.on('error', () => {});
    socket.once('close', () => this.#relays.delete(socket));
    const cluster = places.pick()?.cluster;
    if (cluster === undefined) socket.destroy();
    else relay(this.#runtime, socket, cluster);
  }
}
