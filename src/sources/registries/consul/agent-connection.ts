/**
 * One Consul agent: requests with a deadline and a bound, over connections that are kept. Who asks for too much at once
 * is bounded elsewhere: nothing waits in here.
 */
import http from 'node:http';
import https from 'node:https';
import { IsthmusError } from '../../../model/errors.ts';
import type { RegistryTlsSpec } from '../../../resources/kinds.ts';
import { exchange, serverUrl, tlsOptions, type WholeAnswer } from '../http-exchange.ts';
import type { RegistrySecrets } from '../registry-client.ts';

export interface AgentOptions {
  /** host:port, or a URL, of which https means TLS. */
  readonly address: string;
  readonly tls: RegistryTlsSpec | undefined;
  readonly secrets: RegistrySecrets;
}

export type AgentReply = WholeAnswer;

const maxBytes = 64 << 20;
const maxReasonLength = 200;
/** Idle connections go before whatever stands in between forgets them. */
const idleMs = 20_000;

/** The agent answers with an error: to this request, which says nothing of others. */
export class AgentRefusal extends IsthmusError {}

/** The agent has too many connections, or requests, of this address. */
export class AgentBusy extends IsthmusError {}

export class AgentConnection {
  readonly #base: URL;
  readonly #agent: http.Agent;
  readonly #request: typeof http.request;
  #token: string | undefined;
  #isClosed = false;

  /** Throws UNAVAILABLE for an address that is none, and for certificates that cannot be read. */
  constructor({ address, tls, secrets }: AgentOptions) {
    const base = serverUrl(address, tls);
    this.#base = base;
    this.#token = secrets.token;
    const isTls = base.protocol === 'https:';
    const keep = { keepAlive: true, timeout: idleMs };
    this.#agent = isTls ? new https.Agent({ ...keep, ...tlsOptions(tls, secrets) }) : new http.Agent(keep);
    this.#request = isTls ? https.request : http.request;
  }

  /** host:port, for messages. */
  get host(): string {
    return this.#base.host;
  }

  /** `target`: path and query, encoded. Rejects with UNAVAILABLE, and when the signal says so. */
  async get(target: string, deadlineMs: number, signal?: AbortSignal): Promise<AgentReply> {
    if (this.#isClosed) throw this.error('the connection is closed');
    const request = this.#request({ ...this.#optionsOf(target), ...(signal === undefined ? {} : { signal }) });
    const reply = await exchange(request, { deadlineMs, maxBytes });
    return this.#token === undefined ? asStranger(reply) : reply;
  }

  /** What an answer that is none says, without anything secret. */
  refusal({ status, body }: AgentReply): AgentBusy | AgentRefusal {
    const text = body
      .toString('utf8', 0, 4 * maxReasonLength)
      .replace(/[\p{Cc}\s]+/gu, ' ')
      .trim();
    const shown = this.#token === undefined ? text : text.replaceAll(this.#token, '***');
    const why = `${this.host}: the agent answers ${status}, ${shown.slice(0, maxReasonLength) || 'and nothing else'}`;
    return status === 429 ? new AgentBusy('UNAVAILABLE', why) : new AgentRefusal('UNAVAILABLE', why);
  }

  error(why: string): IsthmusError {
    return new IsthmusError('UNAVAILABLE', `${this.host}: ${why}`);
  }

  /** Ends all connections; what is under way rejects. */
  close(): void {
    this.#isClosed = true;
    this.#agent.destroy();
  }

  #optionsOf(target: string): https.RequestOptions {
    const { hostname, port, pathname } = this.#base;
    return {
      agent: this.#agent,
      // A literal IPv6 address has its brackets in URLs only.
      host: hostname.replace(/^\[(.*)\]$/, '$1'),
      ...(port === '' ? {} : { port }),
      path: `${pathname.replace(/\/$/, '')}${target}`,
      headers: { accept: 'application/json', ...(this.#token === undefined ? {} : { 'x-consul-token': this.#token }) },
    };
  }
}

/** Consul marks what it keeps from a token, and not what it keeps from who has none. */
function asStranger({ headers, ...reply }: AgentReply): AgentReply {
  if (headers['x-consul-default-acl-policy'] !== 'deny') return { ...reply, headers };
  return { ...reply, headers: { ...headers, 'x-consul-results-filtered-by-acls': 'true' } };
}
