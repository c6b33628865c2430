/**
 * Queries by TCP (RFC 7766): several on a connection, answered as soon as each is known, in any order.
 *
 * A connection is closed when no whole query came for `idleMs`, whatever it does else: sends byte by byte, or does not read
 * its answers. When there are too many, the one that has been silent the longest makes room.
 */
import { createServer, type Server, type Socket } from 'node:net';
import { MessageStream, withLength } from './message-stream.ts';
import type { QueryHandler } from './query-handler.ts';

export interface TcpLimits {
  readonly connections: number;
  readonly idleMs: number;
  /** Queries of one connection that wait for their answers; what else it sends waits, most of it in the kernel. */
  readonly pipelined: number;
  readonly queryBytes: number;
  /** Answers of one connection that it has not read yet. */
  readonly unreadBytes: number;
}

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
  readonly #connections = new Set<Connection>();
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
    const connection = new Connection(socket, this.#handler, this.#limits, () => {
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

class Connection {
  readonly #socket: Socket;
  readonly #address: string;
  readonly #handler: QueryHandler;
  readonly #limits: TcpLimits;
  readonly #stream: MessageStream;
  readonly #asked: () => void;
  readonly #queue: Buffer[] = [];
  #waiting = 0;
  #isScheduled = false;
  lastQuery = performance.now();

  /** `asked` is called for each chunk with a whole query. */
  constructor(socket: Socket, handler: QueryHandler, limits: TcpLimits, asked: () => void) {
    this.#socket = socket;
    this.#address = socket.remoteAddress ?? '';
    this.#handler = handler;
    this.#limits = limits;
    this.#asked = asked;
    this.#stream = new MessageStream(limits.queryBytes);
    socket.on('data', (chunk) => this.#read(chunk));
    socket.on('drain', () => this.#work());
    socket.on('error', () => this.close());
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(chunk: Buffer): void {
    const packets = this.#stream.push(chunk);
    if (packets === undefined) this.close();
    if (packets === undefined || packets.length === 0) return;
    this.lastQuery = performance.now();
    this.#asked();
    this.#queue.push(...packets);
    this.#work();
  }

  /** A chunk may hold thousands of queries: a few are handled in a turn, and none while answers are not read. */
  #work(): void {
    if (this.#isScheduled) return;
    for (let count = 0; count < this.#limits.pipelined && this.#hasRoom(); count++) {
      const packet = this.#queue.shift();
      if (packet === undefined) break;
      this.#handle(packet);
    }
    if (this.#queue.length === 0 && this.#hasRoom()) {
      this.#socket.resume();
      return;
    }
    this.#socket.pause();
    if (!this.#hasRoom()) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#work();
    });
  }

  #handle(packet: Buffer): void {
    this.#waiting++;
    let isDone = false;
    const settle = (): void => {
      this.#waiting--;
      if (isDone) this.#work();
    };
    this.#handler.handle({
      packet,
      address: this.#address,
      transport: 'tcp',
      reply: (response) => {
        if (!this.#socket.destroyed) this.#socket.write(withLength(response));
        settle();
      },
      ignore: settle,
    });
    isDone = true;
  }

  /** Whether one more query may be handled now. */
  #hasRoom(): boolean {
    const { pipelined, unreadBytes } = this.#limits;
    return !this.#socket.destroyed && this.#socket.writableLength <= unreadBytes && this.#waiting < pipelined;
  }
}
