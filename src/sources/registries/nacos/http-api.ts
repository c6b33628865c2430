/** One Nacos server's HTTP API: calls with a deadline, over connections of its own that end with it. */
import http from 'node:http';
import https from 'node:https';
import { IsthmusError, messageOf } from '../../../model/errors.ts';
import type { RegistryTlsSpec } from '../../../resources/kinds.ts';
import type { RegistrySecrets } from '../registry-client.ts';
import { parseJson } from './json-record.ts';

export type Parameters = Readonly<Record<string, string>>;

export interface HttpAnswer {
  readonly status: number;
  /** Undefined where the body is no JSON. */
  readonly body: unknown;
}

const deadlineMs = 5_000;
const maxAnswerBytes = 50 * 1024 * 1024;
const maxSockets = 32;

export class HttpApi {
  readonly #base: URL;
  readonly #agent: http.Agent;
  #isClosed = false;

  constructor(base: URL, tls: RegistryTlsSpec | undefined, { ca, cert, key }: RegistrySecrets) {
    this.#base = base;
    const pool = { keepAlive: true, maxSockets };
    const servername = tls?.serverName === undefined ? {} : { servername: tls.serverName };
    const trusted = { rejectUnauthorized: tls?.insecureSkipVerify !== true, ca, cert, key, ...servername };
    this.#agent = base.protocol === 'https:' ? new https.Agent({ ...pool, ...trusted }) : new http.Agent(pool);
  }

  /** host:port, for messages. */
  get host(): string {
    return this.#base.host;
  }

  /** `path`: below the context, such as `/v1/ns/service/list`. Rejects with UNAVAILABLE where nobody answers. */
  async get(path: string, parameters: Parameters, token: string | undefined): Promise<HttpAnswer> {
    const query = new URLSearchParams(token === undefined ? parameters : { ...parameters, accessToken: token });
    return this.#send('GET', `${path}?${query}`);
  }

  async post(path: string, form: Parameters): Promise<HttpAnswer> {
    return this.#send('POST', path, new URLSearchParams(form).toString());
  }

  close(): void {
    this.#isClosed = true;
    this.#agent.destroy();
  }

  async #send(method: string, path: string, body = ''): Promise<HttpAnswer> {
    if (this.#isClosed) throw new IsthmusError('UNAVAILABLE', `${this.#base.host}: closed`);
    const { promise, resolve, reject } = Promise.withResolvers<HttpAnswer>();
    const headers = {
      'content-type': 'application/x-www-form-urlencoded',
      'content-length': Buffer.byteLength(body),
      'user-agent': 'Isthmus',
    };
    const url = new URL(`${this.#base.pathname.replace(/\/+$/, '')}${path}`, this.#base);
    const make = this.#base.protocol === 'https:' ? https.request : http.request;
    const request = make(url, { method, agent: this.#agent, headers });
    const fail = (why: string): void => {
      // The message of an error may hold no secret: paths, which bear the token, are in none of them.
      reject(new IsthmusError('UNAVAILABLE', `${this.#base.host}: ${why}`));
      request.destroy();
    };
    const late = setTimeout(() => fail(`no answer within ${deadlineMs} ms`), deadlineMs);
    request.on('error', (error) => fail(messageOf(error)));
    request.on('response', (response) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > maxAnswerBytes) fail('the answer is too large');
        else chunks.push(chunk);
      });
      response.on('error', (error) => fail(messageOf(error)));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, body: parseJson(Buffer.concat(chunks).toString()) }),
      );
      response.on('close', () => fail('the server ended its answer too soon'));
    });
    request.end(body);
    return promise.finally(() => clearTimeout(late));
  }
}
