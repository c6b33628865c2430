/** A connection that carries bytes both ways, until what the client says is held back: so a server misses its heartbeats. */
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

export class MuteRelay {
  readonly #server: Server;
  readonly #clients = new Set<Socket>();
  #port = 0;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(target: number): Promise<MuteRelay> {
    const server = createServer();
    const relay = new MuteRelay(server);
    server.on('connection', (client) => {
      const upstream = connect({ port: target, host: '127.0.0.1' });
      relay.#clients.add(client);
      client.on('data', (bytes) => upstream.write(bytes));
      upstream.on('data', (bytes) => client.write(bytes));
      for (const [one, other] of [
        [client, upstream],
        [upstream, client],
      ] as const)
        one.on('error', () => other.destroy()).on('close', () => other.destroy());
      client.on('close', () => relay.#clients.delete(client));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    relay.#port = typeof address === 'object' && address !== null ? address.port : 0;
    return relay;
  }

  get address(): string {
    return `127.0.0.1:${this.#port}`;
  }

  /** Holds back what the clients of now say, and lets those that come next through. */
  mute(): void {
    for (const client of this.#clients) client.removeAllListeners('data').pause();
  }

  async stop(): Promise<void> {
    for (const client of this.#clients) client.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
