/** Discover over HTTP, for where gRPC does not get through: one POST a request, on connections that are kept. */
import http from 'node:http';
import https from 'node:https';
import { IsthmusError, messageOf } from '../../../model/errors.ts';
import type { RegistryTlsSpec } from '../../../resources/kinds.ts';
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
    this.#agent = isTls ? new https.Agent({ ...keep, ...tlsOf(tls, files) }) : new http.Agent(keep);
    this.#request = isTls ? https.request : http.request;
    this.#headers = {
      'content-type': 'application/json',
      ...(token === undefined ? {} : { 'x-polaris-token': token }),
    };
  }

  /** Rejects with UNAVAILABLE when the server cannot be reached, or does not answer in time. */
  async ask(request: DiscoverRequest): Promise<DiscoverResponse> {
    if (this.#isClosed) throw new IsthmusError('UNAVAILABLE', 'closed');
    const { promise, resolve, reject } = Promise.withResolvers<DiscoverResponse>();
    const fail = (reason: unknown): void => reject(new IsthmusError('UNAVAILABLE', messageOf(reason)));
    const call = this.#request(this.#url, { method: 'POST', agent: this.#agent, headers: this.#headers });
    this.#calls.add(call);
    const late = setTimeout(() => call.destroy(new Error(`no answer within ${deadlineMs} ms`)), deadlineMs);
    call.on('error', fail);
    call.on('response', (response) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        chunks.push(chunk);
        if (bytes > maxAnswerBytes) call.destroy(new Error(`an answer has more than ${maxAnswerBytes} bytes`));
      });
      response.on('error', fail);
      response.on('close', () => fail('the server ended its answer too soon'));
      response.on('end', () => {
        try {
          resolve(responseFromJson(Buffer.concat(chunks).toString()));
        } catch (error) {
          fail(error);
        }
      });
    });
    call.end(requestJson(request));
    return promise.finally(() => {
      clearTimeout(late);
      this.#calls.delete(call);
    });
  }

  close(): void {
    this.#isClosed = true;
    // Those that wait for a connection would not hear of the agent's end.
    for (const call of this.#calls) call.destroy(new Error('closed'));
    this.#agent.destroy();
  }
}

function tlsOf(tls: RegistryTlsSpec | undefined, files: Omit<RegistrySecrets, 'token'>): https.AgentOptions {
  const { ca, cert, key } = files;
  return {
    rejectUnauthorized: tls?.insecureSkipVerify !== true,
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined || key === undefined ? {} : { cert, key }),
    ...(tls?.serverName === undefined ? {} : { servername: tls.serverName }),
  };
}
