/**
 * One Eureka server over HTTP: a GET at a time, whose body is handed on as it comes, unpacked, so that no answer is ever
 * held as a whole.
 */
import http from 'node:http';
import https from 'node:https';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { IsthmusError, messageOf } from '../../../model/errors.ts';
import type { RegistryTlsSpec } from '../../../resources/kinds.ts';
import { serverUrl, tlsOptions } from '../http-exchange.ts';
import type { RegistrySecrets } from '../registry-client.ts';

export interface ServerOptions {
  /** host:port, or a URL, of which https means TLS; its path is where `/apps` stands. */
  readonly address: string;
  readonly tls: RegistryTlsSpec | undefined;
  readonly secrets: RegistrySecrets;
}

export interface Answer {
  readonly status: number;
  /** The server's own clock, in milliseconds since the epoch; ours where it does not say. */
  readonly now: number;
}

export interface Limits {
  /** Milliseconds without a byte. */
  readonly idleMs: number;
  readonly totalMs: number;
}

export interface TakeBody {
  readonly chunk: (chunk: Buffer) => void;
  readonly end: () => void;
}

/** Unpacked: a hundred thousand instances are a quarter of it. */
const maxBytes = 1 << 29;

export class ServerConnection {
  /** Of the address; empty where it has none. */
  readonly path: string;
  /** host:port, for messages. */
  readonly host: string;
  readonly #base: URL;
  readonly #agent: http.Agent;
  readonly #authorization: string | undefined;
  #isClosed = false;

  /** Throws UNAVAILABLE for an address that is none, and for certificates that cannot be read. */
  constructor({ address, tls, secrets }: ServerOptions) {
    const base = serverUrl(address, tls);
    this.#base = base;
    this.host = base.host;
    this.path = base.pathname.replace(/\/+$/, '');
    this.#authorization = authorizationOf(secrets);
    // One request at a time needs one connection.
    const keep = { keepAlive: true, maxSockets: 1 };
    this.#agent =
      base.protocol === 'https:' ? new https.Agent({ ...keep, ...tlsOptions(tls, secrets) }) : new http.Agent(keep);
  }

  /** Hands on the body of a 200; an error of who takes it ends it. Rejects with UNAVAILABLE, naming the server. */
  async get(path: string, limits: Limits, take: TakeBody): Promise<Answer> {
    const ended = new AbortController();
    let why: string | undefined;
    const end = (reason: string) => (): void => {
      why = reason;
      ended.abort();
    };
    const idle = setTimeout(end(`no answer within ${limits.idleMs} ms`), limits.idleMs);
    const total = setTimeout(end(`no whole answer within ${limits.totalMs} ms`), limits.totalMs);
    try {
      const response = await this.#send(path, ended.signal);
      const { statusCode: status = 0, headers } = response;
      const date = Date.parse(headers.date ?? '');
      const now = Number.isNaN(date) ? Date.now() : date;
      if (status === 200) {
        await receive(response, (chunk) => {
          idle.refresh();
          take.chunk(chunk);
        });
        take.end();
      } else response.resume();
      return { status, now };
    } catch (error) {
      throw this.error(why ?? messageOf(error), error);
    } finally {
      clearTimeout(idle);
      clearTimeout(total);
    }
  }

  error(why: string, cause?: unknown): IsthmusError {
    return new IsthmusError('UNAVAILABLE', `${this.host}: ${why}`, { cause });
  }

  /** Ends the connection; what is under way rejects. */
  close(): void {
    this.#isClosed = true;
    this.#agent.destroy();
  }

  async #send(path: string, signal: AbortSignal): Promise<http.IncomingMessage> {
    if (this.#isClosed) throw new IsthmusError('UNAVAILABLE', 'the connection is closed');
    const { promise, resolve, reject } = Promise.withResolvers<http.IncomingMessage>();
    const headers = {
      accept: 'application/json',
      'accept-encoding': 'gzip',
      ...(this.#authorization === undefined ? {} : { authorization: this.#authorization }),
    };
    const get = this.#base.protocol === 'https:' ? https.get : http.get;
    const url = new URL(this.#base);
    url.pathname = path;
    const request = get(url, { agent: this.#agent, headers, signal }, resolve);
    request.on('error', reject);
    return promise;
  }
}

async function receive(response: http.IncomingMessage, take: (chunk: Buffer) => void): Promise<void> {
  let bytes = 0;
  const sink = async (source: AsyncIterable<Buffer>): Promise<void> => {
    for await (const chunk of source) {
      bytes += chunk.length;
      if (bytes > maxBytes) throw new IsthmusError('UNAVAILABLE', `an answer has more than ${maxBytes} bytes`);
      take(chunk);
    }
  };
  if (response.headers['content-encoding'] === 'gzip') await pipeline(response, createGunzip(), sink);
  else await pipeline(response, sink);
}

function authorizationOf({ token, username, password }: RegistrySecrets): string | undefined {
  if (token !== undefined) return `Bearer ${token}`;
  if (username === undefined) return undefined;
  return `Basic ${Buffer.from(`${username}:${password ?? ''}`).toString('base64')}`;
}
