/**
 * Consul: the names of all services by one blocking query a datacenter, and the health of each service by another.
 *
 *   names  (catalog/services)     --> which services there are
 *   health (health/service/NAME)  --> instances with the checks of their own and of their node
 *
 * In flight at once are options.connections (96) requests, each on a connection of its own: an agent allows 200 to one
 * address (limits.http_max_conns_per_client), and holds those of a client that left for as long as they wait (30 s). Up to
 * 80 services all have a blocking query, and a write is seen at once. Of more, the 80 that changed last have one, and a few
 * queries on the whole tell who else is to be read:
 *
 *   checks that are critical, or warning (health/state)  --> the services of those that come or go, of nodes too
 *   names and tags                                       --> what is new, gone, or tagged anew
 *   a node that changed, or that a service left          --> all services on it
 *   the index of the names moved, and nobody explains it --> the others, the longest unseen first, until one has that
 *                                                            index (see unexplained-changes.ts): 4,000 a second are asked
 *                                                            for their index alone
 *   many changes at once, or of several services         --> all others, within 30 s; and every two minutes in any case
 *
 * So one change costs one read, or a search of the others where an instance came without a check or went without a word.
 * Where the agent allows more connections than there are services, there is no search.
 *
 * spec.select.namespaces are datacenters (the agent's own when empty); spec.select.groups are namespaces, where the server
 * has them. Options (spec.options):
 *
 *   connections   requests in flight, 8 to 20000; 96
 *   consistency   default, stale (any server answers), or consistent
 *   partition     of Consul Enterprise
 *   filtered      partial: what ACLs keep from the token may exist (default); complete: it is none of ours
 *
 * What never happens: a service or an instance that goes since the token may not see it, the server knows no leader, or
 * another server, or the same with another store, answers.
 */
import type { ServiceRegistry } from '../../../resources/kinds.ts';
import { refusedClient } from '../refused-client.ts';
import type {
  CreateRegistryClient,
  RegistryAnswer,
  RegistryClient,
  RegistryClientOptions,
} from '../registry-client.ts';
import { ServerRotation } from '../server-rotation.ts';
import { AgentBusy, AgentConnection } from './agent-connection.ts';
import { type ConsulOptions, consulOptions } from './consul-options.ts';
import { ConsulSession, connectionsFor } from './consul-session.ts';
import { type Realm, realmsOf } from './realm.ts';

export const createConsulClient: CreateRegistryClient = (options) => {
  const asked = whatIsAsked(options.registry.spec);
  return typeof asked === 'string'
    ? refusedClient(options, asked)
    : new ConsulClient(options, asked.parsed, asked.realms);
};

/** Why nothing is asked, for what its options say; undefined where they are right. */
export function consulRefusal(spec: ServiceRegistry['spec']): string | undefined {
  const asked = whatIsAsked(spec);
  return typeof asked === 'string' ? asked : undefined;
}

function whatIsAsked({ select, options }: ServiceRegistry['spec']) {
  const parsed = consulOptions(options);
  if (typeof parsed === 'string') return parsed;
  const realms = realmsOf(select, parsed);
  const least = connectionsFor(realms.length);
  return parsed.connections < least
    ? `options.connections must be ${least} or more for so many datacenters and namespaces`
    : { parsed, realms };
}

class ConsulClient implements RegistryClient {
  readonly scopes: readonly string[];
  readonly #options: RegistryClientOptions;
  readonly #realms: readonly Realm[];
  readonly #abort = new AbortController();
  readonly #rotation: ServerRotation<string>;
  readonly #running: Promise<void>;
  readonly #wanted: number;
  #own: ConsulOptions;
  #session: ConsulSession | undefined;

  constructor(options: RegistryClientOptions, own: ConsulOptions, realms: readonly Realm[]) {
    this.#options = options;
    this.#own = own;
    this.#wanted = own.connections;
    this.#realms = realms;
    this.scopes = [...new Set(realms.map(({ scope }) => scope))];
    this.#rotation = new ServerRotation(options.registry.spec.addresses, this.#abort.signal);
    this.#running = this.#rotation.run(this.#follow, ({ reason }) => this.#say([{ kind: 'unavailable', reason }]));
  }

  async close(): Promise<void> {
    this.#abort.abort();
    this.#session?.close();
    await this.#running;
  }

  /** Rejects when the agent cannot be asked any more. */
  readonly #follow = async (address: string): Promise<undefined> => {
    const session = await this.#open(address);
    this.#session = session;
    try {
      if (!this.#abort.signal.aborted) await session.run();
    } catch (error) {
      this.#own = { ...this.#own, connections: this.#connectionsAfter(error) };
      throw error;
    } finally {
      session.close();
      this.#session = undefined;
    }
    return undefined;
  };

  async #open(address: string): Promise<ConsulSession> {
    const { registry, secrets } = this.#options;
    const { tls, select, trust } = registry.spec;
    const connection = new AgentConnection({ address, tls, secrets: await secrets() });
    return new ConsulSession({
      connection,
      realms: this.#realms,
      options: this.#own,
      select,
      // Half of it may be proxies, which are no services.
      mostServices: 2 * trust.maxServices,
      answer: (answers) => this.#say(answers),
      onSound: () => {
        this.#rotation.refresh();
        this.#rotation.forgive();
      },
    });
  }

  /** Others share the agent's limit with us. */
  #connectionsAfter(error: unknown): number {
    if (!(error instanceof AgentBusy)) return this.#wanted;
    return Math.max(Math.floor(this.#own.connections / 2), connectionsFor(this.#realms.length));
  }

  #say(answers: readonly RegistryAnswer[]): void {
    if (!this.#abort.signal.aborted) this.#options.answer(answers);
  }
}
