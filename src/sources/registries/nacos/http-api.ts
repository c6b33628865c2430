/** One Nacos server's HTTP API: calls with a deadline, over connections of its own that end with it. */
import http from 'node:http';
import https from 'node:https';
import { IsthmusError } from '../../../model/errors.ts';
import type { RegistryTlsSpec } from '../../../resources/kinds.ts';
import { exchange, tlsOptions } from '../http-exchange.ts';
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

  constructor(base: URL, tls: RegistryTlsSpec | undefined, secrets: RegistrySecrets) {
    this.#base = base;
    const pool = { keepAlive: true, maxSockets };
    const isTls = base.protocol === 'https:';
    this.#agent = isTls ? new https.Agent({ ...pool, ...tlsOptions(tls, secrets) }) : new http.Agent(pool);
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
    const headers = {
      'content-type': 'application/x-www-form-urlencoded',
      'content-length': Buffer.byteLength(body),
      'user-agent': 'Isthmus',
    };
    const url = new URL(`${this.#base.pathname.replace(/\/+$/, '')}${path}`, this.#base);
    const make = this.#base.protocol === 'https:' ? https.request : http.request;
    const request = make(url, { method, agent: this.#agent, headers });
    const answer = await exchange(request, { deadlineMs, maxBytes: maxAnswerBytes }, body);
    return { status: answer.status, body: parseJson(answer.body.toString()) };
  }
}
