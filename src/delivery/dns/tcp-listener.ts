/**
 * Queries by TCP (RFC 7766): several on a connection, answered as soon as each is known, in any order.
 *
 * A connection is closed when no whole query came for `idleMs`, whatever it does else: sends byte by byte, or does not read
 * its answers. When there are too many, the one that has been silent the longest makes room.
 */
import { createServer, type Server, type Socket } from 'node:net';
import type { QueryHandler } from './query-handler.ts';
import { TcpConnection, type TcpLimits } from './tcp-connection.ts';

export const defaultTcpLimits: TcpLimits = {
  connections: 1000,
  idleMs: 10_000,
  pipelined: 64,
  queryBytes: 4096,
  unreadBytes: 256 * 1024,
};

const SWEEPS = 5;

export class TcpListener {
  readonly #server: Server;
  readonly #handler: QueryHandler;
  readonly #limits: TcpLimits;
  /** The one that has been silent the longest comes first. */
  readonly #connections = new Set<TcpConnection>();
  readonly #sweeper: NodeJS.Timeout;

  private constructor(server: Server, handler: QueryHandler, limits: TcpLimits) {
    this.#server = server;
    this.#handler = handler;
    this.#limits = limits;
    server.on('connection', (socket) => this.#accept(socket));
    this.#sweeper = setInterval(() => this.#sweep(), limits.idleMs / SWEEPS);
    this.#sweeper.unref();
  }

  /** Rejects with the error of the system. */
  static async bind(
    { host, port }: { readonly host: string; readonly port: number },
    handler: QueryHandler,
    limits: TcpLimits,
    failed: (error: unknown) => void,
  ): Promise<TcpListener> {
    const server = createServer({ noDelay: true });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host, port }, () => {
        server.off('error', reject);
        resolve();
      });
    });
    server.on('error', failed);
    return new TcpListener(server, handler, limits);
  }

  get port(): number {
    const address = this.#server.address();
    return address === null || typeof address === 'string' ? 0 : address.port;
  }

  async close(): Promise<void> {
    clearInterval(this.#sweeper);
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const connection of this.#connections) connection.close();
    return closed;
  }

  /** Who may not ask gets no connection, for they are counted; by UDP it is told so. */
  #accept(socket: Socket): void {
    if (!this.#handler.allows(socket.remoteAddress ?? '')) {
      socket.destroy();
      return;
    }
    if (this.#connections.size >= this.#limits.connections) this.#makeRoom();
    const connection = new TcpConnection(socket, this.#handler, this.#limits, () => {
      this.#connections.delete(connection);
      this.#connections.add(connection);
    });
    this.#connections.add(connection);
    socket.on('close', () => this.#connections.delete(connection));
  }

  #makeRoom(): void {
    const [silent] = this.#connections;
    if (silent === undefined) return;
    this.#connections.delete(silent);
    silent.close();
  }

  #sweep(): void {
    const now = performance.now();
    for (const connection of this.#connections) {
      if (now - connection.lastQuery < this.#limits.idleMs) return;
      connection.close();
    }
  }
}
