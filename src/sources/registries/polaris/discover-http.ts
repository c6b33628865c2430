/** Discover over HTTP, for where gRPC does not get through: one POST a request, on connections that are kept. */
import http from 'node:http';
import https from 'node:https';
import { IsthmusError } from '../../../model/errors.ts';
import type { RegistryTlsSpec } from '../../../resources/kinds.ts';
import { exchange, tlsOptions } from '../http-exchange.ts';
import type { RegistrySecrets } from '../registry-client.ts';
import type { DiscoverConnection } from './discover-connection.ts';
import { requestJson, responseFromJson } from './polaris-json.ts';
import { type DiscoverRequest, type DiscoverResponse, deadlineMs, maxAnswerBytes } from './polaris-messages.ts';

/** A server answers 128 connections of one client by default. */
const maxConnections = 16;

export class DiscoverHttp implements DiscoverConnection {
  readonly #url: URL;
  readonly #agent: http.Agent;
  readonly #request: typeof http.request;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #calls = new Set<http.ClientRequest>();
  #isClosed = false;

  constructor(base: URL, tls: RegistryTlsSpec | undefined, { token, ...files }: RegistrySecrets) {
    this.#url = new URL(`${base.pathname.replace(/\/$/, '')}/v1/Discover`, base);
    const isTls = base.protocol === 'https:';
    const keep = { keepAlive: true, maxSockets: maxConnections };
    this.#agent = isTls ? new https.Agent({ ...keep, ...tlsOptions(tls, files) }) : new http.Agent(keep);
    this.#request = isTls ? https.request : http.request;
    this.#headers = {
      'content-type': 'application/json',
      ...(token === undefined ? {} : { 'x-polaris-token': token }),
    };
  }

  /** Rejects with UNAVAILABLE when the server cannot be reached, or does not answer in time. */
  async ask(request: DiscoverRequest): Promise<DiscoverResponse> {
    if (this.#isClosed) throw new IsthmusError('UNAVAILABLE', 'closed');
    const call = this.#request(this.#url, { method: 'POST', agent: this.#agent, headers: this.#headers });
    this.#calls.add(call);
    try {
      const { body } = await exchange(call, { deadlineMs, maxBytes: maxAnswerBytes }, requestJson(request));
      return responseFromJson(body.toString());
    } finally {
      this.#calls.delete(call);
    }
  }

  close(): void {
    this.#isClosed = true;
    // Those that wait for a connection would not hear of the agent's end.
    for (const call of this.#calls) call.destroy(new Error('closed'));
    this.#agent.destroy();
  }
}
