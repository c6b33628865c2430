/**
 * A stand-in for etcd's JSON gateway, for what the real one cannot be made to show: tokens that expire on a live
 * connection, another store behind the same address, answers of any size in pieces of any size. Its answers have the form
 * that etcd 3.6.16 was seen to give; what it does not have is what etcd is for.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { fieldOf, numberOf, textOf } from './json-fields.ts';

interface Stored {
  readonly value: string;
  readonly modRevision: number;
}

export class GatewayStandIn {
  clusterId = '1';
  revision = 1;
  /** Valid tokens; when there are none, nobody is asked for one. */
  readonly tokens = new Set<string>();
  /** Calls by name, in order. */
  readonly calls: string[] = [];
  /** Bytes of each piece in which watches are written. */
  pieceBytes = Infinity;
  /** Whether ranges are said to go on for ever. */
  isEndless = false;
  readonly #keys = new Map<string, Stored>();
  readonly #watches = new Set<ServerResponse>();
  readonly #server: Server;
  #authentications = 0;

  constructor() {
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  async listen(): Promise<string> {
    await new Promise<void>((done) => this.#server.listen(0, '127.0.0.1', done));
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? `127.0.0.1:${address.port}` : '';
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
  }

  get watches(): number {
    return this.#watches.size;
  }

  /** Keys and values as text, without telling any watch. */
  set(key: string, value: string): void {
    this.#keys.set(key, { value: base64(value), modRevision: ++this.revision });
  }

  unset(key: string): void {
    this.#keys.delete(key);
    this.revision++;
  }

  /** To all watches, as their first one: events of keys that are there, or of those that are not. */
  notify(keys: readonly string[], more: object = {}): void {
    const events = keys.map((key) => {
      const found = this.#keys.get(key);
      const kv = { key: base64(key), mod_revision: String(found?.modRevision ?? this.revision) };
      return found === undefined ? { type: 'DELETE', kv } : { kv: { ...kv, value: found.value } };
    });
    this.write(`${JSON.stringify({ result: { header: this.#header(), watch_id: '1', events, ...more } })}\n`);
  }

  write(text: string): void {
    for (const watch of this.#watches) {
      for (let at = 0; at < text.length; at += this.pieceBytes) watch.write(text.slice(at, at + this.pieceBytes));
    }
  }

  endWatches(): void {
    for (const watch of this.#watches) watch.end();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = '';
    for await (const chunk of request) text += String(chunk);
    const body: unknown = JSON.parse(text.split('\n')[0] ?? '');
    const name = request.url?.replace('/v3/', '') ?? '';
    this.calls.push(name);
    if (name === 'auth/authenticate') {
      const token = `token-${++this.#authentications}`;
      this.tokens.add(token);
      return answer(response, 200, { header: this.#header(), token });
    }
    if (this.tokens.size > 0 && !this.tokens.has(request.headers.authorization ?? ''))
      return answer(response, 401, { code: 16, message: 'etcdserver: invalid auth token' });
    if (name === 'kv/range') return answer(response, 200, this.#range(body));
    this.#watches.add(response);
    response.on('close', () => this.#watches.delete(response));
    response.write(`${JSON.stringify({ result: { header: this.#header(), watch_id: '1', created: true } })}\n`);
  }

  #range(body: unknown): object {
    const from = textOf(body, 'key') ?? '';
    const key = Buffer.from(from, 'base64').toString();
    const end = Buffer.from(textOf(body, 'range_end') ?? base64(`${key}\0`), 'base64').toString();
    const found = [...this.#keys].filter(([name]) => name >= key && name < end).sort(([a], [b]) => (a < b ? -1 : 1));
    const limit = fieldOf(body, 'limit') === undefined ? found.length : numberOf(body, 'limit');
    const kvs = found.slice(0, limit).map(([name, { value, modRevision }]) => ({
      key: base64(name),
      mod_revision: String(modRevision),
      value,
    }));
    return {
      header: this.#header(),
      kvs,
      ...(found.length > limit || this.isEndless ? { more: true } : {}),
      count: String(found.length),
    };
  }

  #header(): object {
    return { cluster_id: this.clusterId, member_id: '2', revision: String(this.revision), raft_term: '2' };
  }
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
