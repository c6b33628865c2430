/**
 * One listening socket and the connections that came through it. A new plan for the same address replaces the old one
 * under live connections; a listener that goes stops accepting, and its connections finish what is in flight.
 */
import { createServer, type Server, type Socket } from 'node:net';
import type { ClusterDirectory } from '../clusters/cluster-directory.ts';
import type { ListenAddress, ListenerPlan, TcpPlan } from '../config/listener-plan.ts';
import type { MetaProtocolPlan } from '../config/metaprotocol-plan.ts';
import type { Runtime } from '../connections/runtime.ts';
import { DownstreamConnection } from '../downstream/downstream-connection.ts';
import type { Site } from '../downstream/site.ts';
import { AccessControl } from '../filters/access-control.ts';
import { WeightedPlaces } from '../routing/route-table.ts';
import { Acceptance } from '../tls/acceptance.ts';
import { relay } from './tcp-relay.ts';

/** What a listener does with a connection: a private protocol, or bytes. */
export type Service =
  | { readonly kind: 'metaprotocol'; readonly site: Site }
  | { readonly kind: 'tcp'; readonly places: WeightedPlaces; readonly access: AccessControl };

export function tcpService({ access }: ListenerPlan, plan: TcpPlan, directory: ClusterDirectory): Service {
  return {
    kind: 'tcp',
    places: new WeightedPlaces(plan.clusters, directory),
    access: new AccessControl(access, undefined),
  };
}

/** What stands, under the guard of a plan whose own service is not warm yet: a right that is taken away waits for no routes. */
export function guardedService(standing: Service, { access }: ListenerPlan, next: MetaProtocolPlan): Service {
  const plans = [...access, ...next.access];
  if (standing.kind === 'tcp') return { ...standing, access: new AccessControl(plans, undefined) };
  standing.site.guardBy(plans);
  return standing;
}

export class Listener {
  plan: ListenerPlan;
  readonly #runtime: Runtime;
  readonly #server: Server;
  readonly #connections = new Set<DownstreamConnection>();
  /** With the SPIFFE id of who opened each; undefined on plaintext. */
  readonly #relays = new Map<Socket, string | undefined>();
  /** Absent on plaintext. */
  #acceptance: Acceptance | undefined;
  #service: Service;
  #warm: boolean;
  #closed: Promise<void> | undefined;

  constructor(runtime: Runtime, plan: ListenerPlan, service: Service, warm: boolean) {
    this.#runtime = runtime;
    this.plan = plan;
    this.#service = service;
    this.#warm = warm;
    this.#secure(plan);
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
    const isSpokenAlike = this.#acceptance?.plan.key === plan.tls?.key;
    this.plan = plan;
    this.#service = service;
    if (!isSpokenAlike) this.#secure(plan);
    for (const connection of this.#connections)
      if (service.kind === 'metaprotocol' && this.#takes(connection.peer)) connection.adopt(service.site);
      else connection.drain();
    for (const [socket, peer] of this.#relays)
      if (!this.#takes(peer) || (service.kind === 'tcp' && service.access.grantOf(peer) !== 'all')) socket.destroy();
  }

  /** The first routes are there, or have been waited for long enough. */
  warm(): void {
    this.#warm = true;
    for (const connection of this.#connections) connection.warm();
  }

  /** Stops accepting; resolves when the last connection has ended, plain TCP ones at the end of the drain time. */
  async drain(): Promise<void> {
    this.#closed ??= new Promise((resolve) => this.#server.close(() => resolve()));
    this.#acceptance?.close();
    for (const connection of this.#connections) connection.drain();
    const timer = setTimeout(() => this.#endRelays(), this.#runtime.limits.drainMs);
    await this.#closed;
    clearTimeout(timer);
  }

  destroy(): void {
    this.#acceptance?.close();
    for (const connection of this.#connections) connection.destroy();
    this.#endRelays();
  }

  #endRelays(): void {
    for (const socket of this.#relays.keys()) socket.destroy();
  }

  #accept(socket: Socket): void {
    if (this.#acceptance === undefined) this.#serve(socket, undefined);
    else {
      socket.on('error', () => {});
      this.#acceptance.accept(socket);
    }
  }

  /** From now on those who connect are asked who they are, as the plan has it. */
  #secure({ tls }: ListenerPlan): void {
    this.#acceptance?.close();
    this.#acceptance =
      tls === undefined
        ? undefined
        : new Acceptance(this.#runtime.secrets, tls, {
            secured: (socket, identity) => this.#serve(socket, identity),
            refused: () => {
              if (this.#service.kind === 'metaprotocol') this.#service.site.stats.cxHandshakeRefused++;
            },
          });
  }

  /** Whether who has connected could do so as things are now. */
  #takes(peer: string | undefined): boolean {
    const { tls } = this.plan;
    if (tls === undefined || peer === undefined) return tls === undefined && peer === undefined;
    return tls.peers === 'any' || tls.peers.has(peer);
  }

  /** Nothing is said to whom nothing is permitted. */
  #serve(socket: Socket, peer: string | undefined): void {
    this.#runtime.turn.begin();
    const service = this.#service;
    if (service.kind === 'tcp') {
      this.#relay(socket, peer, service);
      return;
    }
    if (service.site.access.grantOf(peer) === 'nothing') {
      service.site.stats.cxDenied++;
      socket.destroy();
      return;
    }
    const connection = new DownstreamConnection(socket, service.site, peer, (closed) =>
      this.#connections.delete(closed),
    );
    this.#connections.add(connection);
    if (!this.#warm) connection.holdUntilWarm();
  }

  #relay(socket: Socket, peer: string | undefined, { places, access }: Extract<Service, { kind: 'tcp' }>): void {
    if (access.grantOf(peer) !== 'all') {
      socket.destroy();
      return;
    }
    this.#relays.set(socket, peer);
    socket.pause();
    socket.on('error', () => {});
    socket.once('close', () => this.#relays.delete(socket));
    const cluster = places.pick()?.cluster;
    if (cluster === undefined) socket.destroy();
    else relay(this.#runtime, socket, cluster);
  }
}
