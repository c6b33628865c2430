/**
 * The handshake with those who connect. Whoever shows no certificate that the mesh's roots verify, or not that of one
 * workload, gets no further; nor does anybody while this proxy has no certificate of its own.
 */
import type { Socket } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import type { TlsPlan } from '../config/tls-plan.ts';
import type { Secrets } from './secrets.ts';
import { chainOf } from './trusted-roots.ts';

export interface AcceptanceEvents {
  /** `identity`: the peer's SPIFFE id. */
  secured(socket: TLSSocket, identity: string): void;
  refused(reason: string): void;
}

const HANDSHAKE_MS = 10_000;

export class Acceptance {
  readonly plan: TlsPlan;
  readonly #secrets: Secrets;
  readonly #events: AcceptanceEvents;
  /** In the middle of their handshake, by where they come from: TLS makes another socket of each. */
  readonly #pending = new Map<string, Socket>();
  readonly #stop: () => void;
  /** It never listens: it is handed what others have accepted. */
  #server: Server | undefined;

  constructor(secrets: Secrets, plan: TlsPlan, events: AcceptanceEvents) {
    this.plan = plan;
    this.#secrets = secrets;
    this.#events = events;
    this.#stop = secrets.onChange(() => this.#renew());
  }

  accept(socket: Socket): void {
    this.#server ??= this.#createServer();
    if (this.#server === undefined) {
      this.#events.refused('this proxy has no certificate yet');
      socket.destroy();
      return;
    }
    const from = originOf(socket);
    this.#pending.set(from, socket);
    socket.once('close', () => {
      if (this.#pending.get(from) === socket) this.#pending.delete(from);
    });
    this.#server.emit('connection', socket);
  }

  /** No more handshakes; those that are not done are broken off. */
  close(): void {
    this.#stop();
    for (const socket of this.#pending.values()) socket.destroy();
  }

  /** For handshakes from now on. */
  #renew(): void {
    const credentials = this.#secrets.credentials(this.plan);
    if (credentials !== undefined) this.#server?.setSecureContext(credentials.options);
  }

  #createServer(): Server | undefined {
    const credentials = this.#secrets.credentials(this.plan);
    if (credentials === undefined) return undefined;
    const { alpn } = this.plan;
    const server = createServer({
      ...credentials.options,
      requestCert: true,
      rejectUnauthorized: true,
      handshakeTimeout: HANDSHAKE_MS,
      ...(alpn.length === 0 ? {} : { ALPNProtocols: [...alpn] }),
    });
    server.on('secureConnection', (socket) => this.#admit(socket));
    server.on('tlsClientError', (error) => this.#events.refused(error.message));
    return server;
  }

  #admit(socket: TLSSocket): void {
    this.#pending.delete(originOf(socket));
    const identity = this.#identify(socket);
    if (identity === undefined) socket.destroy();
    else this.#events.secured(socket, identity);
  }

  #identify(socket: TLSSocket): string | undefined {
    const credentials = this.#secrets.credentials(this.plan);
    if (credentials === undefined || !socket.authorized) return undefined;
    const peer = credentials.identify(chainOf(socket.getPeerCertificate(true)));
    if (peer.kind === 'refused') this.#events.refused(peer.reason);
    else if (this.plan.peers === 'any' || this.plan.peers.has(peer.identity)) return peer.identity;
    else this.#events.refused(`${peer.identity} may not connect`);
    return undefined;
  }
}

function originOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
