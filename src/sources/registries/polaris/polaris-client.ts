/**
 * Polaris: the list of services of each namespace, and the instances of each service, asked for in turns. A released
 * server pushes nothing; it answers "no change" for a revision that we have.
 *
 *   every 5 s     SERVICES of each namespace   -> which services there are
 *   every 2 s     INSTANCE of each service     -> its instances (longer where there are thousands of services)
 *
 * An address host:port is asked over one stream of gRPC; a URL, such as http://polaris:8090, over HTTP, until a server
 * of gRPC answers again. It has no options.
 */

import { IsthmusError } from '../../../model/errors.ts';
import { publisherKey } from '../../../model/publication.ts';
import type { ServiceRegistry } from '../../../resources/kinds.ts';
import { pauseBetweenPolls } from '../pauses.ts';
import { refusedClient, unknownOption } from '../refused-client.ts';
import type {
  CreateRegistryClient,
  RegistryAnswer,
  RegistryClient,
  RegistryClientOptions,
} from '../registry-client.ts';
import { isSelected } from '../selection.ts';
import { ServerRotation } from '../server-rotation.ts';
import { connectDiscover, isHttp } from './discover-addresses.ts';
import type { DiscoverConnection } from './discover-connection.ts';
import { type KnownService, KnownServices } from './known-services.ts';
import { doubtOf, reasonOf, verdictOf } from './polaris-codes.ts';
import { registryService } from './polaris-mapping.ts';
import { asked, type DiscoverResponse, DiscoverType } from './polaris-messages.ts';
import { readServiceList } from './service-list.ts';

const listIntervalMs = 5_000;
const instanceIntervalMs = 2_000;
/** So that ten thousand services cost a small part of a core. */
const msPerService = 1;
/** After so many polls over HTTP it is tried whether gRPC gets through again. */
const pollsToReturn = 30;
const window = 64;

export const createPolarisClient: CreateRegistryClient = (options) => {
  const refusal = polarisRefusal(options.registry.spec);
  return refusal === undefined ? new PolarisClient(options) : refusedClient(options, refusal);
};

/** Why nothing is asked, for what its options say; undefined where they are right. */
export function polarisRefusal({ options }: ServiceRegistry['spec']): string | undefined {
  return unknownOption(options, [], 'Polaris');
}

class PolarisClient implements RegistryClient {
  readonly scopes: readonly string[];
  readonly #options: RegistryClientOptions;
  readonly #addresses: readonly string[];
  readonly #known = new KnownServices();
  readonly #abort = new AbortController();
  readonly #rotation: ServerRotation<string>;
  readonly #running: Promise<void>;
  #connection: DiscoverConnection | undefined;

  constructor(options: RegistryClientOptions) {
    this.#options = options;
    const { addresses, select } = options.registry.spec;
    this.#addresses = addresses;
    this.scopes = select.namespaces.length === 0 ? [''] : select.namespaces;
    this.#rotation = new ServerRotation(addresses, this.#abort.signal);
    this.#running = this.#rotation.run(this.#follow, ({ reason }) => {
      this.#say({ kind: 'unavailable', reason });
      // Whoever answers next may be another server, with other revisions.
      this.#known.doubt('');
    });
  }

  async close(): Promise<void> {
    this.#abort.abort();
    this.#connection?.close();
    await this.#running;
  }

  /** Resolves with an address that is better. Rejects when the server cannot be asked any more. */
  readonly #follow = async (address: string): Promise<string | undefined> => {
    const connection = await this.#connect(address);
    this.#connection = connection;
    try {
      return await this.#poll(connection, isHttp(address));
    } finally {
      connection.close();
      this.#connection = undefined;
    }
  };

  async #poll(connection: DiscoverConnection, isFallback: boolean): Promise<string | undefined> {
    const { interval } = this.#options.registry.spec;
    let listsDue = 0;
    let polls = 0;
    while (!this.#abort.signal.aborted) {
      const start = performance.now();
      if (start >= listsDue) {
        listsDue = start + listIntervalMs;
        await this.#askLists(connection);
      }
      await this.#askInstances(connection);
      this.#rotation.refresh();
      this.#rotation.forgive();
      const better = isFallback && ++polls % pollsToReturn === 0 ? await this.#findGrpc() : undefined;
      if (better !== undefined) return better;
      const rest =
        (interval ?? Math.max(instanceIntervalMs, this.#known.size * msPerService)) - (performance.now() - start);
      await pauseBetweenPolls(rest, this.#abort.signal);
    }
    return undefined;
  }

  async #connect(address: string): Promise<DiscoverConnection> {
    return connectDiscover(address, this.#options.registry.spec.tls, await this.#options.secrets());
  }

  /** Gives the first server of gRPC that answers. */
  async #findGrpc(): Promise<string | undefined> {
    const [scope = ''] = this.scopes;
    for (const address of this.#addresses) {
      if (isHttp(address)) continue;
      const connection = await this.#connect(address);
      try {
        const request = { type: DiscoverType.services, service: asked(scope, '', this.#known.revisionOf(scope)) };
        const verdict = verdictOf(request, await connection.ask(request));
        if (verdict === 'data' || verdict === 'unchanged') return address;
      } catch {
        // As before.
      } finally {
        connection.close();
      }
    }
    return undefined;
  }

  /** Rejects where none is to be had: another address, or a token that was renewed meanwhile, may do. */
  async #askLists(connection: DiscoverConnection): Promise<void> {
    const refusals: string[] = [];
    for (const scope of this.scopes) {
      const refusal = await this.#askList(connection, scope);
      if (refusal !== undefined) refusals.push(refusal);
    }
    const [refusal] = refusals;
    if (refusal !== undefined && refusals.length === this.scopes.length) throw new IsthmusError('UNAVAILABLE', refusal);
  }

  /** Gives why it is refused, where it is. */
  async #askList(connection: DiscoverConnection, scope: string): Promise<string | undefined> {
    const request = { type: DiscoverType.services, service: asked(scope, '', this.#known.revisionOf(scope)) };
    const response = await connection.ask(request);
    const verdict = verdictOf(request, response);
    if (verdict === 'unchanged') return undefined;
    if (verdict === 'refused' || verdict === 'absent') {
      this.#known.doubt(scope);
      const refusal = reasonOf(response);
      this.#say({ kind: 'unavailable', scope, reason: refusal });
      return refusal;
    }
    if (verdict !== 'data') throw new IsthmusError('UNAVAILABLE', reasonOf(response));
    const { services, revision, doubt } = readServiceList(scope, response);
    const names = services.map(({ name }) => name);
    if (doubt !== undefined) {
      this.#known.doubt(scope);
      this.#say({ kind: 'services', scope, services: names, trust: 'partial', doubts: [doubt] });
      // Those that can be read are followed all the same.
      if (doubt.cause === 'unreadable') this.#keep(scope, services, '');
      return undefined;
    }
    this.#say({ kind: 'services', scope, services: names, trust: 'complete' });
    this.#keep(scope, services, revision);
    return undefined;
  }

  #keep(scope: string, services: Parameters<KnownServices['keep']>[1], revision: string): void {
    const { select } = this.#options.registry.spec;
    const wanted = services.filter(({ name }) => isSelected(select, name));
    this.#known.keep(scope, wanted, revision);
  }

  async #askInstances(connection: DiscoverConnection): Promise<void> {
    const queue = this.#known.all();
    let answers: RegistryAnswer[] = [];
    const worker = async (): Promise<void> => {
      for (let known = queue.pop(); known !== undefined; known = queue.pop()) {
        const answer = await this.#askOne(connection, known);
        if (answer !== undefined) answers.push(answer);
        if (answers.length >= window) {
          this.#say(...answers);
          answers = [];
        }
      }
    };
    await Promise.all(Array.from({ length: window }, worker));
    if (answers.length > 0) this.#say(...answers);
  }

  /** Rejects where nothing more is to be asked of this server. */
  async #askOne(connection: DiscoverConnection, known: KnownService): Promise<RegistryAnswer | undefined> {
    const { name } = known;
    const request = { type: DiscoverType.instance, service: asked(name.namespace, name.name, known.revision) };
    const response = await connection.ask(request);
    const verdict = verdictOf(request, response);
    // Whatever is said next has to be said in full, unless it stays what it is.
    if (verdict !== 'unchanged' && verdict !== 'data') known.revision = '';
    if (verdict !== 'absent') known.missed = 0;
    switch (verdict) {
      case 'unchanged':
        return undefined;
      case 'absent':
        return ++known.missed < 2 ? undefined : { kind: 'absent', service: name };
      case 'data':
        return this.#complete(known, response);
      case 'refused':
      case 'failed':
        return { kind: 'service', service: emptyService(known), trust: 'partial', doubts: [doubtOf(response)] };
      case 'confused':
        throw new IsthmusError('UNAVAILABLE', 'the server answers what it was not asked');
      case 'denied':
      case 'overloaded':
      case 'closed':
        throw new IsthmusError('UNAVAILABLE', reasonOf(response));
    }
  }

  #complete(known: KnownService, response: DiscoverResponse): RegistryAnswer {
    known.revision = response.service?.revision?.value ?? '';
    const { publish } = this.#options.registry.spec;
    // What we registered ourselves is no news.
    const others = (response.instances ?? []).filter(({ metadata }) => !isOwn(metadata, publish?.publisher));
    if (others.length === 0 && known.name.namespace === publish?.into && !known.isShown)
      return { kind: 'absent', service: known.name };
    known.isShown = true;
    return { kind: 'service', service: registryService(known.name, known.metadata, others), trust: 'complete' };
  }

  #say(...answers: readonly RegistryAnswer[]): void {
    if (!this.#abort.signal.aborted) this.#options.answer(answers);
  }
}

function isOwn(metadata: Readonly<Record<string, string>> | undefined, publisher: string | undefined): boolean {
  return publisher !== undefined && metadata?.[publisherKey] === publisher;
}

function emptyService({ name, metadata }: KnownService) {
  return { ...name, metadata, instances: [], isProtected: false };
}
