/**
 * Nacos 1.x to 3.x: the services of each group by name, asked for in turns, since no server pushes names; their instances
 * by subscription over gRPC, at the port of HTTP and 1000.
 *
 *   every 2 s     services of each namespace and group   -> which there are (1 ms a service where there are thousands)
 *   each          subscribed to, again on each connection -> pushes of its instances
 *   every 30 s    namespaces and groups over HTTP, where the ServiceRegistry does not name them
 *
 * Where gRPC cannot be reached all is read over HTTP, every 2 s, until it can be. Instances that an operator disabled are
 * shown by neither way of most servers. Credentials: a user's name and password, or a token.
 *
 * Options (spec.options):
 *
 *   transport   auto (default), grpc or http
 *   grpcPort    of gRPC, where it is not the port of HTTP and 1000
 *   warmUp      for so long after a reconnect nothing is taken to be gone: what registered with a server that restarted
 *               has to come back first; 15s
 *
 * What never happens: a session that survives its connection, a push that is not answered, a loss during an outage.
 */
import { IsthmusError, messageOf } from '../../../model/errors.ts';
import { type GrpcConnection, grpcConnection } from '../grpc-connection.ts';
import { pause, pauseBetweenPolls } from '../pauses.ts';
import { refusedClient } from '../refused-client.ts';
import type { CreateRegistryClient, RegistryClient, RegistryClientOptions } from '../registry-client.ts';
import { ServerRotation } from '../server-rotation.ts';
import { AccessToken } from './access-token.ts';
import { AnswerQueue } from './answer-queue.ts';
import { type Groups, readGroups } from './groups.ts';
import { isGrpcServed } from './grpc-call.ts';
import { openGrpcSession } from './grpc-session.ts';
import { HttpApi } from './http-api.ts';
import { type HttpServer, openHttpSession } from './http-session.ts';
import { type NacosOptions, nacosOptions, nacosServer } from './nacos-options.ts';
import { NamingFollower } from './naming-follower.ts';
import { Moved, type NamingSession, namespaceOf } from './naming-session.ts';

const listIntervalMs = 2_000;
const msPerService = 1;
const groupsIntervalMs = 30_000;
/** While all is read over HTTP. */
const grpcRetryMs = 5_000;
/** A session that lasted for so long was a sound one. */
const soundAfterMs = 10_000;

export const createNacosClient: CreateRegistryClient = (options) => {
  const own = nacosOptions(options.registry.spec.options);
  return typeof own === 'string' ? refusedClient(options, own) : new NacosClient(options, own);
};

class NacosClient implements RegistryClient {
  readonly scopes: readonly string[];
  readonly #options: RegistryClientOptions;
  readonly #own: NacosOptions;
  readonly #queue: AnswerQueue;
  readonly #follower: NamingFollower;
  readonly #abort = new AbortController();
  readonly #rotation: ServerRotation<string>;
  readonly #running: Promise<void>;

  constructor(options: RegistryClientOptions, own: NacosOptions) {
    this.#options = options;
    this.#own = own;
    const { select, trust, addresses } = options.registry.spec;
    this.scopes = select.namespaces.length === 0 ? [''] : [...new Set(select.namespaces.map(namespaceOf))];
    this.#queue = new AnswerQueue(options.answer);
    const { warmUpMs } = own;
    this.#follower = new NamingFollower({
      select,
      maxServices: trust.maxServices,
      scopes: this.scopes,
      warmUpMs,
      queue: this.#queue,
    });
    this.#rotation = new ServerRotation(addresses, this.#abort.signal);
    this.#running = this.#rotation.run(this.#visit, ({ reason }) => this.#queue.add({ kind: 'unavailable', reason }));
  }

  async close(): Promise<void> {
    this.#queue.close();
    this.#abort.abort();
    await this.#running;
  }

  /** Resolves when the server sends us away, or to gRPC. Rejects when it cannot be followed any more. */
  readonly #visit = async (address: string): Promise<undefined> => {
    const since = performance.now();
    try {
      return await this.#converse(address);
    } catch (error) {
      if (error instanceof Moved) return undefined;
      throw error;
    } finally {
      if (performance.now() - since > soundAfterMs) this.#rotation.refresh();
    }
  };

  /** Only ever rejects: with Moved, or UNAVAILABLE. */
  async #converse(address: string): Promise<never> {
    const { registry, secrets } = this.#options;
    const { tls } = registry.spec;
    const server = nacosServer(address, tls !== undefined, this.#own);
    if (server === undefined) throw new IsthmusError('UNAVAILABLE', `${address} is no address`);
    const files = await secrets();
    const api = new HttpApi(server.http, tls, files);
    const over = new AbortController();
    const signal = AbortSignal.any([this.#abort.signal, over.signal]);
    signal.addEventListener('abort', () => api.close(), { once: true });
    try {
      const connection = grpcConnection(server.grpc, tls, files);
      const http = { api, token: new AccessToken(api, secrets) };
      const session = await this.#open(connection, http, signal);
      signal.addEventListener('abort', () => session.close(), { once: true });
      if (signal.aborted) session.close();
      const ends = [session.over, this.#follow(session, http, signal)];
      if (this.#own.transport === 'auto' && !session.pushes) ends.push(untilGrpc(connection, signal));
      return await Promise.race(ends);
    } finally {
      over.abort();
    }
  }

  /** Over HTTP where gRPC cannot be had. */
  async #open(connection: GrpcConnection, http: HttpServer, signal: AbortSignal): Promise<NamingSession> {
    const { transport } = this.#own;
    if (transport === 'http') return openHttpSession(http);
    const { token } = http;
    try {
      return await openGrpcSession({ connection, token, onChange: this.#follower.onChange, signal });
    } catch (error) {
      if (transport === 'grpc') throw error;
      return openHttpSession(http).catch((other: unknown) => {
        throw new IsthmusError('UNAVAILABLE', `${messageOf(error)}; ${messageOf(other)}`);
      });
    }
  }

  async #follow(session: NamingSession, http: HttpServer, signal: AbortSignal): Promise<never> {
    const { interval, select } = this.#options.registry.spec;
    const follower = this.#follower;
    let groups: Groups = await readGroups(http, select);
    let groupsAt = performance.now();
    follower.begin(session);
    for (;;) {
      const start = performance.now();
      if (start - groupsAt > groupsIntervalMs) {
        groupsAt = start;
        void readGroups(http, select).then((found) => {
          groups = found;
        });
      }
      await follower.refresh(session, groups);
      this.#rotation.forgive();
      const due = start + (interval ?? Math.max(listIntervalMs, follower.size * msPerService));
      await pauseBetweenPolls(due - performance.now(), signal);
    }
  }
}

/** Rejects with Moved when gRPC can be reached, or when nobody asks any more. */
async function untilGrpc(connection: GrpcConnection, signal: AbortSignal): Promise<never> {
  do await pause(grpcRetryMs, signal);
  while (!signal.aborted && !(await isGrpcServed(connection)));
  throw new Moved('UNAVAILABLE', 'gRPC can be reached');
}
