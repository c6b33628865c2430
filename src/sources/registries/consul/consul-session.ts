/** All that is asked of one agent, from when it is connected to until it is lost. */
import { messageOf } from '../../../model/errors.ts';
import type { RegistryServiceName } from '../../../model/registry.ts';
import type { RegistrySelectSpec } from '../../../resources/kinds.ts';
import { type Doubt, unreadableDoubts } from '../doubt.ts';
import { AnswerLate } from '../http-exchange.ts';
import { RetryPause } from '../pauses.ts';
import type { RegistryAnswer } from '../registry-client.ts';
import { type AgentConnection, AgentRefusal, type AgentReply } from './agent-connection.ts';
import { probeAgent } from './agent-probe.ts';
import { registryService } from './consul-mapping.ts';
import type { ConsulOptions } from './consul-options.ts';
import { list, parse, readHealthEntries } from './health-entries.ts';
import { indexAfter, trustOf } from './query-index.ts';
import type { Realm } from './realm.ts';
import { queriesPerRealm, RealmWatch } from './realm-watch.ts';
import { type Reading, ServiceQueries } from './service-queries.ts';
import type { TrackedService } from './tracked-service.ts';

export interface SessionOptions {
  readonly connection: AgentConnection;
  readonly realms: readonly Realm[];
  readonly options: ConsulOptions;
  readonly select: RegistrySelectSpec;
  /** Services of a realm that are followed; of more, nothing is known. */
  readonly mostServices: number;
  readonly answer: (answers: readonly RegistryAnswer[]) => void;
  /** The agent answers. */
  readonly onSound: () => void;
}

const probes = 1;
const fewestForServices = 4;

/** The fewest with which so many realms can be followed. */
export function connectionsFor(realms: number): number {
  return realms * queriesPerRealm + probes + fewestForServices;
}

export class ConsulSession {
  readonly #options: SessionOptions;
  readonly #over = new AbortController();
  readonly #lost = Promise.withResolvers<never>();
  readonly #services: ServiceQueries;
  /** Of those that are read, or about to be. */
  readonly #watches = new Map<Realm, RealmWatch>();
  #answers: RegistryAnswer[] = [];
  #flush: NodeJS.Immediate | undefined;

  constructor(options: SessionOptions) {
    this.#options = options;
    const { connection, realms } = options;
    this.#services = new ServiceQueries({
      connection,
      most: options.options.connections - realms.length * queriesPerRealm - probes,
      onReply: (service, reply) => this.#takeService(service, reply),
      onRefused: (service, doubt) => this.#say(partly(service.name, doubt)),
      onLost: (error) => this.#lost.reject(error),
    });
  }

  /** Only ever rejects: when the agent is lost, or none of the realms can be read. */
  async run(): Promise<unknown> {
    const { connection, options, onSound, realms } = this.#options;
    const { signal } = this.#over;
    return Promise.all([
      this.#lost.promise,
      probeAgent({ connection, isLeaderless: options.consistency === 'stale', signal, onSound }),
      ...realms.map((realm) => this.#runRealm(realm)),
    ]);
  }

  close(): void {
    this.#over.abort();
    clearImmediate(this.#flush);
    this.#services.close();
    this.#options.connection.close();
  }

  async #runRealm(realm: Realm): Promise<never> {
    const { signal } = this.#over;
    const retry = new RetryPause();
    for (;;) {
      const onNames = (): void => {
        retry.refresh();
        this.#sayNames(realm);
      };
      try {
        await this.#followRealm(realm, onNames);
      } catch (error) {
        // Anything else is not about the realm alone.
        const isItsOwn = error instanceof AgentRefusal || error instanceof AnswerLate;
        this.#watches.delete(realm);
        this.#services.drop(realm);
        if (!isItsOwn || signal.aborted || this.#watches.size === 0) throw error;
        this.#say({ kind: 'unavailable', scope: realm.scope, reason: messageOf(error) });
      }
      await retry.rest(signal);
      signal.throwIfAborted();
    }
  }

  async #followRealm(realm: Realm, onNames: () => void): Promise<unknown> {
    const { connection, select, mostServices, options } = this.#options;
    const over = new AbortController();
    const watch = new RealmWatch({
      connection,
      realm,
      select,
      services: this.#services,
      mostServices,
      isFilteredComplete: options.isFilteredComplete,
      signal: AbortSignal.any([over.signal, this.#over.signal]),
      onNames,
    });
    this.#watches.set(realm, watch);
    try {
      return await watch.follow();
    } finally {
      over.abort();
    }
  }

  /** Of a datacenter, once those of all its namespaces are known. */
  #sayNames({ scope }: Realm): void {
    const parts = this.#options.realms.filter((realm) => realm.scope === scope);
    const services: RegistryServiceName[] = [];
    for (const realm of parts) {
      const names = this.#watches.get(realm)?.names;
      if (names === undefined) return;
      for (const name of names)
        if (this.#services.get(realm, name)?.isProxy !== true)
          services.push({ namespace: scope, group: realm.group, name });
    }
    const trusts = parts.map((realm) => this.#watches.get(realm)?.trusted);
    const doubtful = trusts.find((trusted) => trusted?.trust === 'partial');
    this.#say({ kind: 'services', scope, services, ...(doubtful ?? { trust: 'complete' }) });
  }

  #takeService(service: TrackedService, { headers, body }: AgentReply): Reading {
    const answer = parse(body);
    const entries = readHealthEntries(answer);
    if (entries === undefined) return 'unreadable';
    const { name, realm } = service;
    const trusted = trustOf(headers, this.#options.options.isFilteredComplete);
    const mapped = registryService(name, entries);
    service.isProxy = mapped === undefined;
    // Consul has no services without instances: the list of names will say so too.
    if (mapped === undefined || (entries.length === 0 && trusted.trust === 'complete'))
      this.#say({ kind: 'absent', service: name });
    else
      this.#say({
        kind: 'service',
        service: mapped,
        ...unreadableDoubts(list(answer).length - entries.length),
        ...trusted,
      });
    this.#watches.get(realm)?.takeEntries(service, entries, indexAfter(0, headers));
    return entries.length === 0 ? 'empty' : 'read';
  }

  /** What comes in one turn is one change. */
  #say(answer: RegistryAnswer): void {
    if (this.#over.signal.aborted) return;
    this.#answers.push(answer);
    this.#flush ??= setImmediate(() => {
      this.#flush = undefined;
      const answers = this.#answers;
      this.#answers = [];
      this.#options.answer(answers);
    });
  }
}

function partly(name: RegistryServiceName, doubt: Doubt): RegistryAnswer {
  const service = { ...name, metadata: {}, instances: [], isProtected: false };
  return { kind: 'service', service, trust: 'partial', doubts: [doubt] };
}
