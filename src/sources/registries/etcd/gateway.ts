/**
 * One etcd server by its JSON gateway: calls with a deadline, one stream that is watched, and the token that both need.
 * Connections are its own, and end with it.
 */
import http from 'node:http';
import https from 'node:https';
import { IsthmusError, messageOf } from '../../../model/errors.ts';
import type { RegistryTlsSpec } from '../../../resources/kinds.ts';
import { exchange, serverUrl, tlsOptions } from '../http-exchange.ts';
import { numberFrom } from '../json-number.ts';
import type { RegistrySecrets } from '../registry-client.ts';
import { fieldOf, textOf } from './json-fields.ts';

/** gRPC's codes, as far as they are told apart. */
export const Code = { failedPrecondition: 9, permissionDenied: 7, outOfRange: 11, unauthenticated: 16 } as const;

/** What the server answers: what was asked for, or why not. */
export type Reply =
  | { readonly kind: 'answer'; readonly body: unknown }
  | { readonly kind: 'refusal'; readonly code: number; readonly message: string };

export interface GatewayOptions {
  /** host:port, or a URL, of which https means TLS. */
  readonly address: string;
  readonly tls: RegistryTlsSpec | undefined;
  readonly secrets: () => Promise<RegistrySecrets>;
  /** Closes it, whatever it is doing. */
  readonly signal: AbortSignal;
}

export interface CallOptions {
  readonly deadlineMs: number;
  readonly maxBytes: number;
  /** Whether a server that has no leader refuses, instead of waiting for one or telling what it knows. */
  readonly requiresLeader: boolean;
}

const authenticateMs = 5_000;
const maxTokenBytes = 1 << 16;
/** So that a connection of which nobody hears any more, for its path is broken, ends. */
const keepAliveMs = 15_000;
/** Of one line of the stream: etcd cuts what it sends into pieces of about its largest request, 1.5 MiB. */
const maxLineBytes = 64 << 20;

/** Of the server's words, which become a reason. */
const longestMessage = 300;

export class Gateway {
  readonly #base: URL;
  readonly #options: GatewayOptions;
  readonly #agent: http.Agent;
  readonly #request: typeof http.request;
  #token: string | undefined;
  #isClosed = false;

  private constructor(options: GatewayOptions, base: URL, secrets: RegistrySecrets) {
    this.#options = options;
    this.#base = base;
    const isTls = base.protocol === 'https:';
    const keep = { keepAlive: true, keepAliveMsecs: keepAliveMs };
    this.#agent = isTls ? new https.Agent({ ...keep, ...tlsOptions(options.tls, secrets) }) : new http.Agent(keep);
    this.#request = isTls ? https.request : http.request;
    options.signal.addEventListener('abort', this.close, { once: true });
    if (options.signal.aborted) this.close();
  }

  /** Rejects with UNAVAILABLE where it cannot be reached, or does not take our credentials. */
  static async open(options: GatewayOptions): Promise<Gateway> {
    const secrets = await options.secrets();
    const { address, tls } = options;
    const gateway = new Gateway(options, serverUrl(address, tls), secrets);
    try {
      await gateway.#authenticate(secrets);
    } catch (error) {
      gateway.close();
      throw error;
    }
    return gateway;
  }

  /** host:port, for messages. */
  get host(): string {
    return this.#base.host;
  }

  /** `name`: such as `kv/range`. A token that has expired is renewed. Rejects with UNAVAILABLE, or AnswerTooLarge. */
  async call(name: string, body: object, options: CallOptions): Promise<Reply> {
    const reply = await this.#send(name, body, options);
    if (reply.kind === 'answer' || !isTokenWorn(reply.code, reply.message)) return reply;
    if (!(await this.#authenticate(await this.#options.secrets()))) return reply;
    return this.#send(name, body, options);
  }

  /**
   * Sends all bodies at once and gives each line that comes back, those that came together in one call. Rejects with
   * UNAVAILABLE when the stream ends, whoever ends it, and with what `onLines` throws.
   */
  async stream(
    name: string,
    bodies: readonly object[],
    onLines: (lines: readonly string[]) => void,
    signal: AbortSignal,
  ): Promise<never> {
    const { promise, reject } = Promise.withResolvers<never>();
    const fail = (why: string): void => reject(this.#error(why));
    const request = this.#open(name, { requiresLeader: true }, signal);
    request.on('error', (error) => fail(messageOf(error)));
    request.on('response', (response) => {
      const take = splitLines(onLines, () => {
        fail('a line of the watch is too long');
        request.destroy();
      });
      response.on('data', (chunk: Buffer) => {
        try {
          take(chunk);
        } catch (error) {
          reject(error);
          request.destroy();
        }
      });
      response.on('error', (error) => fail(messageOf(error)));
      response.on('close', () => fail('the server ended the watch'));
    });
    request.end(bodies.map((body) => JSON.stringify(body)).join('\n'));
    return promise;
  }

  /** Ends all connections; what is under way rejects. */
  readonly close = (): void => {
    this.#isClosed = true;
    this.#options.signal.removeEventListener('abort', this.close);
    this.#agent.destroy();
  };

  /** Gives whether there is a token to go on with. Rejects where the credentials are refused. */
  async #authenticate({ token, username, password }: RegistrySecrets): Promise<boolean> {
    const before = this.#token;
    this.#token = token;
    if (token !== undefined) return token !== before;
    if (username === undefined) return false;
    const body = { name: username, password: password ?? '' };
    const limits = { deadlineMs: authenticateMs, maxBytes: maxTokenBytes, requiresLeader: false };
    const reply = await this.#send('auth/authenticate', body, limits);
    if (reply.kind === 'answer') this.#token = textOf(reply.body, 'token');
    // Whoever has credentials may come before authentication is enabled.
    else if (reply.code !== Code.failedPrecondition) throw this.#error(reply.message);
    return this.#token !== undefined;
  }

  async #send(name: string, body: object, { deadlineMs, maxBytes, ...options }: CallOptions): Promise<Reply> {
    const request = this.#open(name, options);
    const answer = await exchange(request, { deadlineMs, maxBytes }, JSON.stringify(body));
    return this.#replyOf(answer.status, answer.body.toString());
  }

  #open(
    name: string,
    { requiresLeader }: Pick<CallOptions, 'requiresLeader'>,
    signal?: AbortSignal,
  ): http.ClientRequest {
    if (this.#isClosed) throw this.#error('the connection is closed');
    const headers = {
      'content-type': 'application/json',
      ...(this.#token === undefined ? {} : { authorization: this.#token }),
      // The gateway hands it on as `hasleader`.
      ...(requiresLeader ? { 'grpc-metadata-hasleader': 'true' } : {}),
    };
    const path = `${this.#base.pathname.replace(/\/$/, '')}/v3/${name}`;
    const options = { method: 'POST', agent: this.#agent, headers, ...(signal === undefined ? {} : { signal }) };
    return this.#request(new URL(path, this.#base), options);
  }

  #replyOf(status: number, text: string): Reply {
    const body = parse(text);
    if (body === undefined) throw this.#error(`the server answers ${status} and no JSON: is it etcd 3.4 or later?`);
    if (status === 200) return { kind: 'answer', body };
    return { kind: 'refusal', ...refusalOf(body) };
  }

  #error(why: string): IsthmusError {
    return new IsthmusError('UNAVAILABLE', `${this.#base.host}: ${why}`);
  }
}

/** Of an answer that is none, or of a line of a stream. */
export function refusalOf(body: unknown): { readonly code: number; readonly message: string } {
  const code = numberFrom(fieldOf(body, 'code') ?? fieldOf(body, 'grpc_code'));
  const message = (textOf(body, 'message') ?? 'no reason is given').slice(0, longestMessage);
  return { code: Number.isInteger(code) ? code : 2, message };
}

/** The token expired, the server forgot it at a restart, or the users changed since. */
function isTokenWorn(code: number, message: string): boolean {
  return code === Code.unauthenticated || message.includes('revision of auth store is old');
}

function splitLines(onLines: (lines: readonly string[]) => void, onTooLong: () => void): (chunk: Buffer) => void {
  let kept: Buffer[] = [];
  let keptBytes = 0;
  return (chunk) => {
    const end = chunk.lastIndexOf(0x0a);
    if (end < 0) {
      kept.push(chunk);
      keptBytes += chunk.length;
      if (keptBytes > maxLineBytes) onTooLong();
      return;
    }
    const whole = Buffer.concat([...kept, chunk.subarray(0, end)]).toString();
    kept = end + 1 < chunk.length ? [chunk.subarray(end + 1)] : [];
    keptBytes = chunk.length - end - 1;
    onLines(whole.split('\n').filter((line) => line !== ''));
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
