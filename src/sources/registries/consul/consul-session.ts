/** All that is asked of one agent, from when it is connected to until it is lost. */
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../../../model/errors.ts';
import type { RegistryServiceName } from '../../../model/registry.ts';
import type { RegistrySelectSpec } from '../../../resources/kinds.ts';
import type { RegistryAnswer } from '../registry-client.ts';
import { isSelected } from '../selection.ts';
import { type AgentConnection, AgentLate, AgentRefusal, type AgentReply } from './agent-connection.ts';
import { probeAgent } from './agent-probe.ts';
import { followQuery, type QueryReply } from './blocking-query.ts';
import { watchChecks } from './check-watch.ts';
import { registryService } from './consul-mapping.ts';
import type { ConsulOptions } from './consul-options.ts';
import { parse, readHealthEntries } from './health-entries.ts';
import { type NameList, readNames } from './name-list.ts';
import { type Trusted, trustOf } from './query-index.ts';
import type { Realm } from './realm.ts';
import { type Reading, ServiceQueries } from './service-queries.ts';
import type { TrackedService } from './tracked-service.ts';

export interface SessionOptions {
  readonly connection: AgentConnection;
  readonly realms: readonly Realm[];
  readonly options: ConsulOptions;
  readonly select: RegistrySelectSpec;
  /** Services that are followed; of more, nothing is known. */
  readonly mostServices: number;
  readonly answer: (answers: readonly RegistryAnswer[]) => void;
  /** The agent answers. */
  readonly onSound: () => void;
}

interface Listed {
  readonly names: NameList;
  readonly trusted: Trusted;
}

interface RealmState {
  readonly realm: Realm;
  /** Of the last answer; absent while the realm cannot be read. */
  listed?: Listed;
  index: number;
  saidAt: number;
}

/** Queries of a realm besides those of its services, and one that probes the agent. */
const queriesPerRealm = 4;
const probes = 1;
const fewestForServices = 4;
/** Unchanged lists are said again, so that their age tells something. */
const sayAgainMs = 10_000;
const firstRetryMs = 200;
const longestRetryMs = 5_000;

/** The fewest with which so many realms can be followed. */
export function connectionsFor(realms: number): number {
  return realms * queriesPerRealm + probes + fewestForServices;
}

const rotationCheckMs = 1_000;

export class ConsulSession {
  readonly #options: SessionOptions;
  readonly #over = new AbortController();
  readonly #lost = Promise.withResolvers<never>();
  readonly #services: ServiceQueries;
  readonly #realms: readonly RealmState[];
  readonly #isOwnWanted: boolean;
  #answers: RegistryAnswer[] = [];
  #flush: NodeJS.Immediate | undefined;

  constructor(options: SessionOptions) {
    this.#options = options;
    const { connection, realms, select } = options;
    this.#isOwnWanted = select.services.includes('consul');
    this.#realms = realms.map((realm) => ({ realm, index: 0, saidAt: 0 }));
    this.#services = new ServiceQueries({
      connection,
      most: options.options.connections - realms.length * queriesPerRealm - probes,
      onReply: (service, reply) => this.#takeService(service, reply),
      onRefused: (service, reason) => this.#say(partly(service.name, reason)),
      onLost: (error) => this.#lost.reject(error),
    });
  }

  /** Only ever rejects: when the agent is lost, or none of the realms can be read. */
  async run(): Promise<unknown> {
    const { connection, options, onSound } = this.#options;
    const { signal } = this.#over;
    return Promise.all([
      this.#lost.promise,
      probeAgent({ connection, isLeaderless: options.consistency === 'stale', signal, onSound }),
      ...this.#realms.map((state) => this.#runRealm(state)),
    ]);
  }

  close(): void {
    this.#over.abort();
    clearImmediate(this.#flush);
    this.#services.close();
    this.#options.connection.close();
  }

  async #runRealm(state: RealmState): Promise<never> {
    let retryMs = firstRetryMs;
    for (;;) {
      const part = new AbortController();
      const signal = AbortSignal.any([part.signal, this.#over.signal]);
      try {
        await Promise.all([
          this.#followNames(state, signal, () => {
            retryMs = firstRetryMs;
          }),
          this.#followChecks(state.realm, signal),
        ]);
      } catch (error) {
        const isOurs = error instanceof AgentRefusal || error instanceof AgentLate;
        if (!isOurs || this.#over.signal.aborted) throw error;
        delete state.listed;
        this.#services.drop(state.realm);
        if (this.#realms.every(({ listed }) => listed === undefined)) throw error;
        this.#say({ kind: 'unavailable', scope: state.realm.scope, reason: messageOf(error) });
      } finally {
        part.abort();
      }
      await sleep(retryMs * (0.75 + Math.random() / 2), undefined, { signal: this.#over.signal });
      retryMs = Math.min(2 * retryMs, longestRetryMs);
    }
  }

  async #followNames(state: RealmState, signal: AbortSignal, onAnswer: () => void): Promise<never> {
    const { connection } = this.#options;
    const { realm } = state;
    return followQuery({
      connection,
      path: '/v1/catalog/services',
      realm,
      signal,
      onReply: (reply) => {
        onAnswer();
        this.#takeNames(state, reply);
      },
    });
  }

  /** Only where services take turns: otherwise each tells of its own checks. */
  async #followChecks(realm: Realm, signal: AbortSignal): Promise<unknown> {
    const { connection } = this.#options;
    while (!this.#services.isRotating) await sleep(rotationCheckMs, undefined, { signal });
    return watchChecks({
      connection,
      realm,
      signal,
      onService: (name) => this.#services.hint(realm, name),
      onUnclear: () => this.#services.readAll(),
    });
  }

  #takeNames(state: RealmState, reply: QueryReply): void {
    const { select, options, connection } = this.#options;
    const { realm, listed: before } = state;
    const { scope: namespace, group } = realm;
    const trusted = trustOf(reply.headers, options.isFilteredComplete);
    const isSame = before !== undefined && !reply.isOther && trusted.trust === before.trusted.trust;
    const names = isSame
      ? before.names
      : readNames(reply.body, (name) => isSelected(select, { namespace, group, name }), this.#isOwnWanted);
    if (names === undefined) throw connection.error('the agent answers no list of services');
    state.listed = isSame ? before : this.#bounded(realm, names, trusted);
    if (isSame) {
      if (performance.now() - state.saidAt > sayAgainMs) this.#sayNames(state);
    } else {
      this.#sayNames(state);
      this.#services.update(realm, state.listed.names, state.listed.trusted.trust === 'complete');
    }
    this.#noteChange(state, before?.names, reply);
  }

  /** The list moved: whose change that was is sometimes in it. */
  #noteChange(state: RealmState, before: NameList | undefined, { index, isHurried }: QueryReply): void {
    const { realm, listed } = state;
    const isMoved = before !== undefined && index !== state.index;
    state.index = index;
    if (!isMoved || listed === undefined || !this.#services.isRotating) return;
    let isGone = false;
    for (const [name, tags] of before) {
      const now = listed.names.get(name);
      if (now === undefined) isGone = true;
      else if (now !== tags) this.#services.hint(realm, name);
    }
    if (isHurried) this.#services.readAll();
    // What is gone cannot be asked whether it was that.
    else if (!isGone) this.#services.noteChange(realm, index);
  }

  /** As many as may be: those that are followed already come first. */
  #bounded(realm: Realm, names: NameList, trusted: Trusted): Listed {
    const { mostServices } = this.#options;
    if (names.size <= mostServices) return { names, trusted };
    const isKnown = ([name]: readonly [string, string]): boolean => this.#services.get(realm, name) !== undefined;
    const [known, others] = [[...names].filter(isKnown), [...names].filter((entry) => !isKnown(entry))];
    const reason = `${names.size} services are listed, of which ${mostServices} are followed`;
    return { names: new Map([...known, ...others].slice(0, mostServices)), trusted: { trust: 'partial', reason } };
  }

  #sayNames(state: RealmState): void {
    const { scope } = state.realm;
    const parts = this.#realms.filter(({ realm }) => realm.scope === scope);
    const lists = parts.flatMap(({ realm, listed }) => (listed === undefined ? [] : [{ realm, ...listed }]));
    if (lists.length < parts.length) return;
    state.saidAt = performance.now();
    const doubtful = lists.find(({ trusted }) => trusted.trust === 'partial');
    const services = lists.flatMap(({ realm, names }) =>
      [...names.keys()]
        .filter((name) => this.#services.get(realm, name)?.isProxy !== true)
        .map((name): RegistryServiceName => ({ namespace: scope, group: realm.group, name })),
    );
    this.#say({ kind: 'services', scope, services, ...(doubtful?.trusted ?? { trust: 'complete' }) });
  }

  #takeService(service: TrackedService, { headers, body }: AgentReply): Reading {
    const entries = readHealthEntries(parse(body));
    if (entries === undefined) return 'unreadable';
    const { name } = service;
    const trusted = trustOf(headers, this.#options.options.isFilteredComplete);
    const mapped = registryService(name, entries);
    service.isProxy = mapped === undefined;
    // Consul has no services without instances: the list of names will say so too.
    if (mapped === undefined || (entries.length === 0 && trusted.trust === 'complete'))
      this.#say({ kind: 'absent', service: name });
    else this.#say({ kind: 'service', service: mapped, ...trusted });
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

function partly(name: RegistryServiceName, reason: string): RegistryAnswer {
  const service = { ...name, metadata: {}, instances: [], isProtected: false };
  return { kind: 'service', service, trust: 'partial', reason };
}
