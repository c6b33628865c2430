/** The names of the services of a realm, and where services take turns, what tells whose turn it is. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { RegistrySelectSpec } from '../../../resources/kinds.ts';
import { isSelected } from '../selection.ts';
import type { AgentConnection } from './agent-connection.ts';
import { followQuery, type QueryReply } from './blocking-query.ts';
import { watchChecks } from './check-watch.ts';
import type { HealthEntry } from './health-entries.ts';
import { boundedNames, type NameList, readNames } from './name-list.ts';
import { NodeServices, suspectNodes } from './node-services.ts';
import { partly, type Trusted, trustOf } from './query-index.ts';
import type { Realm } from './realm.ts';
import type { ServiceQueries } from './service-queries.ts';
import type { TrackedService } from './tracked-service.ts';

export interface RealmWatchOptions {
  readonly connection: AgentConnection;
  readonly realm: Realm;
  readonly select: RegistrySelectSpec;
  readonly services: ServiceQueries;
  /** Services that are followed; of more, nothing is known. */
  readonly mostServices: number;
  readonly isFilteredComplete: boolean;
  readonly signal: AbortSignal;
  /** The list is another, or has been as it is for a while. */
  readonly onNames: () => void;
}

/** Queries in flight, besides those of services. */
export const queriesPerRealm = 4;
/** Unchanged lists are told again, so that their age tells something. */
const tellAgainMs = 10_000;
const rotationCheckMs = 1_000;

export class RealmWatch {
  readonly #options: RealmWatchOptions;
  readonly #nodes: NodeServices;
  readonly #isOwnWanted: boolean;
  #names: NameList | undefined;
  #trusted: Trusted = { trust: 'partial' };
  #index = 0;
  #toldAt = 0;

  constructor(options: RealmWatchOptions) {
    this.#options = options;
    this.#isOwnWanted = options.select.services.includes('consul');
    this.#nodes = new NodeServices({ ...options, onService: this.#hint, onUnclear: this.#noteUnclear });
  }

  get realm(): Realm {
    return this.#options.realm;
  }

  /** Undefined until they are known. */
  get names(): readonly string[] | undefined {
    return this.#names === undefined ? undefined : [...this.#names.keys()];
  }

  get trusted(): Trusted {
    return this.#trusted;
  }

  /** Only ever rejects. */
  async follow(): Promise<unknown> {
    return Promise.all([this.#followNames(), this.#followChecks()]);
  }

  /** A service of it was read. */
  takeEntries(service: TrackedService, entries: readonly HealthEntry[], index: number): void {
    if (!this.#options.services.isRotating) return;
    if (service.isAnswered) this.#nodes.suspectAt(suspectNodes(service.nodes, service.index, entries, index));
    service.nodes = new Set(entries.map(({ node }) => node));
  }

  async #followNames(): Promise<never> {
    const { connection, realm, signal } = this.#options;
    const onReply = (reply: QueryReply): void => this.#takeNames(reply);
    return followQuery({ connection, path: '/v1/catalog/services', realm, signal, onReply });
  }

  /** Where all have a query of their own, each tells of its own checks. */
  async #followChecks(): Promise<unknown> {
    const { services, signal } = this.#options;
    while (!services.isRotating) await sleep(rotationCheckMs, undefined, { signal });
    const onNodes = (nodes: Iterable<string>): void => this.#nodes.suspect(nodes);
    return watchChecks({ ...this.#options, onNodes, onService: this.#hint, onUnclear: this.#noteUnclear });
  }

  #takeNames(reply: QueryReply): void {
    const { services, realm, isFilteredComplete, onNames } = this.#options;
    const before = this.#names;
    const trusted = trustOf(reply.headers, isFilteredComplete);
    const isSame = before !== undefined && !reply.isOther && trusted.trust === this.#trusted.trust;
    if (!isSame) this.#read(reply, trusted);
    if (!isSame || performance.now() - this.#toldAt > tellAgainMs) {
      this.#toldAt = performance.now();
      onNames();
    }
    if (!isSame && this.#names !== undefined) services.update(realm, this.#names, this.#trusted.trust === 'complete');
    this.#noteChange(before, reply);
  }

  #read({ body }: QueryReply, trusted: Trusted): void {
    const { realm, select, services, mostServices, connection } = this.#options;
    const { scope: namespace, group } = realm;
    const names = readNames(body, (name) => isSelected(select, { namespace, group, name }), this.#isOwnWanted);
    if (names === undefined) throw connection.error('the agent answers no list of services');
    this.#names = boundedNames(names, mostServices, (name) => services.get(realm, name) !== undefined);
    this.#trusted =
      this.#names.size === names.size
        ? trusted
        : partly('bounded', `${names.size} services are listed, of which ${mostServices} are followed`);
  }

  /** The list moved: whose change that was is sometimes in it. */
  #noteChange(before: NameList | undefined, { index, isHurried }: QueryReply): void {
    const { services, realm } = this.#options;
    const isMoved = before !== undefined && index !== this.#index;
    this.#index = index;
    if (!isMoved || !services.isRotating) return;
    let isGone = false;
    for (const [name, tags] of before) {
      const now = this.#names?.get(name);
      if (now === undefined) isGone = true;
      else if (now !== tags) this.#hint(name);
    }
    if (isHurried) this.#noteUnclear();
    // What is gone cannot be asked whether it was that.
    else if (!isGone) services.noteChange(realm, index);
  }

  readonly #hint = (name: string): void => this.#options.services.hint(this.realm, name);
  readonly #noteUnclear = (): void => this.#options.services.noteUnclear();
}
