/**
 * Eureka 1 and 2, Spring Cloud's and Netflix' alike, and what imitates them: all applications once, then what changed.
 *
 *   every 5 s (spec.interval)   deltas, until their counts differ from ours
 *   every 5 min, and then       all applications
 *
 * One of spec.addresses is asked for as long as it answers. A service is an application; its ports are `http`, `https`
 * where the secure port is enabled, and `grpc` where metadata tells of one. Options (spec.options):
 *
 *   path       where /apps stands; the address's own path, or /eureka or /eureka/v2, whichever is there
 *   names      application (default), or vip: a service for each virtual address
 *   fullRead   how often everything is read though deltas are sound; 5m
 *   warmUp     how long a server that may just have started, or took over from another, is not believed that what it
 *              lacks is gone, unless it has all that was known before; 2m
 *
 * What never happens: an answer that is held in memory as a whole; an instance that goes since a server forgot it.
 */
import { setImmediate as turn } from 'node:timers/promises';
import type { Doubt } from '../doubt.ts';
import { pauseBetweenPolls } from '../pauses.ts';
import { refusedClient } from '../refused-client.ts';
import type {
  CreateRegistryClient,
  RegistryAnswer,
  RegistryClient,
  RegistryClientOptions,
  Trust,
} from '../registry-client.ts';
import { isSelected } from '../selection.ts';
import { ServerRotation } from '../server-rotation.ts';
import { ApplicationsReader, type Unread } from './applications-reader.ts';
import { EurekaFollower, type PollResult } from './eureka-follower.ts';
import { membershipsOf } from './eureka-mapping.ts';
import { type EurekaOptions, eurekaOptions } from './eureka-options.ts';
import type { TableOptions } from './instance-table.ts';
import { ServerConnection } from './server-connection.ts';

const intervalMs = 5_000;
/** Services that are said at once: others have their turn in between. */
const window = 256;
/** Where everything has to be read each time: the share of time that it may take. */
const readShare = 0.1;

export const createEurekaClient: CreateRegistryClient = (options) => {
  const parsed = eurekaOptions(options.registry.spec.options);
  return typeof parsed === 'string' ? refusedClient(options, parsed) : new EurekaClient(options, parsed);
};

class EurekaClient implements RegistryClient {
  /** Eureka has no namespaces. */
  readonly scopes = [''];
  readonly #options: RegistryClientOptions;
  readonly #own: EurekaOptions;
  readonly #tableOptions: TableOptions;
  readonly #follower: EurekaFollower;
  readonly #abort = new AbortController();
  readonly #rotation: ServerRotation<string>;
  readonly #running: Promise<void>;
  #connection: ServerConnection | undefined;
  /** Of all services: what they were said with last. */
  #said: Trust | undefined;

  constructor(options: RegistryClientOptions, own: EurekaOptions) {
    const { select, addresses } = options.registry.spec;
    this.#options = options;
    this.#own = own;
    this.#tableOptions = {
      membershipsOf: (record) => membershipsOf(record, own.names),
      isSelected: (name) => isSelected(select, name),
    };
    this.#follower = new EurekaFollower(own);
    this.#rotation = new ServerRotation(addresses, this.#abort.signal);
    this.#running = this.#rotation.run(this.#follow, ({ reason, areAll }) => {
      // As long as another address may do, nothing is lost.
      if (areAll) this.#say([{ kind: 'unavailable', reason }]);
    });
  }

  async close(): Promise<void> {
    this.#abort.abort();
    this.#connection?.close();
    await this.#running;
  }

  /** Rejects when the server does not answer any more. */
  readonly #follow = async (address: string): Promise<undefined> => {
    const { registry, secrets } = this.#options;
    const connection = new ServerConnection({ address, tls: registry.spec.tls, secrets: await secrets() });
    this.#connection = connection;
    try {
      return await this.#poll(connection);
    } finally {
      connection.close();
    }
  };

  /** Resolves when nobody asks any more. */
  async #poll(connection: ServerConnection): Promise<undefined> {
    const { interval = intervalMs } = this.#options.registry.spec;
    const { signal } = this.#abort;
    const reader = new ApplicationsReader(connection, this.#own.path, this.#tableOptions);
    this.#follower.begin(connection.host);
    let wasFull = false;
    while (!signal.aborted) {
      const start = performance.now();
      const result = await this.#follower.poll(reader);
      this.#rotation.refresh();
      this.#rotation.forgive();
      await this.#tell(result);
      const took = performance.now() - start;
      const rest = result.isFull && wasFull ? Math.max(interval - took, took / readShare) : interval - took;
      wasFull = result.isFull;
      await pauseBetweenPolls(rest, signal);
    }
    return undefined;
  }

  /** Of an unchanged list nothing, but for a full one, which tells that it is still so. */
  async #tell({ table, changed, isFull, doubt, unread }: PollResult): Promise<void> {
    const trust = doubt === undefined ? 'complete' : 'partial';
    const isAnew = this.#said !== trust;
    if (!isAnew && !isFull && changed.size === 0) return;
    const names = isAnew ? table.services.map(({ name }) => name) : [...changed];
    const why = doubt === undefined ? {} : { doubts: [{ cause: 'unsettled', text: doubt } as const] };
    const doubts = [...(why.doubts ?? []), ...unreadDoubts(unread)];
    const reasons = doubts.length === 0 ? {} : { doubts };
    const list: RegistryAnswer = { kind: 'services', scope: '', services: table.services, trust, ...reasons };
    const answers = names
      .flatMap((name) => table.service(name) ?? [])
      .map((service): RegistryAnswer => ({ kind: 'service', service, trust, ...why }));
    this.#say([list, ...answers.slice(0, window)]);
    for (let from = window; from < answers.length; from += window) {
      await turn();
      this.#say(answers.slice(from, from + window));
    }
    this.#said = trust;
  }

  #say(answers: readonly RegistryAnswer[]): void {
    if (!this.#abort.signal.aborted) this.#options.answer(answers);
  }
}

function unreadDoubts({ count, applications }: Unread): readonly Doubt[] {
  if (count === 0) return [];
  const of = applications.length === 0 ? '' : `, of ${applications.map((name) => name.slice(0, 120)).join(', ')}`;
  const what = count === 1 ? '1 instance' : `${count} instances`;
  return [{ cause: 'unreadable', text: `${what} can be read as no registration${of}` }];
}
