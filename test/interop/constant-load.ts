/** Requests without a pause, each on a connection of its own or many on one, until told to stop; failures are kept, not thrown. */
import { request } from 'node:http';
import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2';
import { connect as connectTcp } from 'node:net';
import { text } from 'node:stream/consumers';

export interface LoadReport {
  readonly done: number;
  readonly failures: readonly string[];
}

export class ConstantLoad {
  readonly #ask: () => Promise<void>;
  readonly #failures: string[] = [];
  readonly #running: Promise<void>;
  #done = 0;
  #isStopped = false;

  constructor(ask: () => Promise<void>) {
    this.#ask = ask;
    this.#running = this.#run();
  }

  get done(): number {
    return this.#done;
  }

  async stop(): Promise<LoadReport> {
    this.#isStopped = true;
    await this.#running;
    return { done: this.#done, failures: this.#failures };
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      await this.#ask().catch((error: unknown) => this.#failures.push(String(error)));
      this.#done++;
      await new Promise((next) => setTimeout(next, 5));
    }
  }
}

interface Target {
  readonly host: string;
  readonly port: number;
}

/** HTTP/1.1, each request on a connection of its own. */
export function askHttp1({ host, port }: Target): () => Promise<void> {
  return () =>
    new Promise((resolve, reject) => {
      const asked = request({ host, port, path: '/', agent: false }, (response) => {
        text(response).then(
          () => (response.statusCode === 200 ? resolve() : reject(new Error(`status ${response.statusCode}`))),
          reject,
        );
      });
      asked.once('error', reject);
      asked.end();
    });
}

/** HTTP/2, on one connection for as long as the proxy keeps it. */
export function askHttp2({ host, port }: Target): { readonly ask: () => Promise<void>; close(): void } {
  let session: ClientHttp2Session | undefined;
  const open = (): ClientHttp2Session => {
    if (session !== undefined && !session.closed && !session.destroyed) return session;
    session = connectHttp2(`http://${host}:${port}`);
    session.on('error', () => {});
    return session;
  };
  const ask = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const stream = open().request({ ':path': '/' });
      let status = 0;
      stream.once('response', (headers) => {
        status = Number(headers[':status']);
      });
      stream.once('error', reject);
      stream.once('close', () => (status === 200 ? resolve() : reject(new Error(`status ${status}`))));
      stream.resume();
      stream.end();
    });
  return { ask, close: () => session?.destroy() };
}

/** A line there and back, on a connection of its own. */
export function askTcp({ host, port }: Target): () => Promise<void> {
  return () =>
    new Promise((resolve, reject) => {
      const socket = connectTcp({ host, port }, () => socket.write('hello\n'));
      socket.once('error', reject);
      socket.once('data', () => {
        socket.off('close', cut);
        socket.end();
        resolve();
      });
      const cut = (): void => reject(new Error('the connection was cut'));
      socket.once('close', cut);
    });
}
