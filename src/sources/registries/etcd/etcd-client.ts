/**
 * etcd: all keys of a layout read at one revision, and watched from there, by the JSON gateway of etcd 3.4 or later.
 *
 *   connect --> read at revision R --> all services --> watch from R + 1 --> the services that changed
 *                  ^                                        |
 *                  +---- compacted, or another store <------+       anything else: unavailable, the next address
 *
 * Options (spec.options), by layout:
 *
 *   layout          dubbo (default), or template (default with prefix or template)
 *   root, services  dubbo: where interfaces and applications stand; "dubbo" and "services"
 *   levels          dubbo: interface, application, or both with a comma (default)
 *   prefix          template: what all keys begin with
 *   template        template: such as /services/{namespace}/{service}/{instance}; {prefix}/{service}/{instance} by default
 *   addressField, portField, protocolField, weightField, metadataField, healthyField, enabledField, regionField, zoneField
 *                   template: names in a value that is JSON, a dot for each level; usual names by default
 *
 * What never happens: a change that is missed, between a read and its watch or during an outage.
 */
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { IsthmusError, messageOf } from '../../../model/errors.ts';
import type { Layout } from '../registrations/layout.ts';
import { RegistrationAnswers } from '../registrations/registration-answers.ts';
import { Registrations } from '../registrations/registrations.ts';
import type {
  CreateRegistryClient,
  RegistryAnswer,
  RegistryClient,
  RegistryClientOptions,
} from '../registry-client.ts';
import { isSelected } from '../selection.ts';
import { Gateway } from './gateway.ts';
import { layoutOf } from './layout-options.ts';
import { type Position, ReadAgain } from './store-position.ts';
import { probeStore } from './store-probe.ts';
import { readStore } from './store-read.ts';
import { watchStore } from './store-watch.ts';

const firstRetryMs = 200;
const longestRetryMs = 5_000;
const maxKeys = 500_000;

export const createEtcdClient: CreateRegistryClient = (options) => {
  const layout = layoutOf(options.registry.spec.options);
  if (typeof layout !== 'string') return new EtcdClient(options, layout);
  const refusal = setImmediate(() => options.answer([{ kind: 'unavailable', reason: layout }]));
  return { scopes: [''], close: async () => clearImmediate(refusal) };
};

/** A read that succeeded, for the most part. */
interface Followed {
  readonly position: Position;
  /** Prefixes that may not be read. */
  readonly denied: readonly string[];
}

class EtcdClient implements RegistryClient {
  /** Namespaces are parts of keys, if at all. */
  readonly scopes = [''];
  readonly #options: RegistryClientOptions;
  readonly #layout: Layout;
  readonly #registrations: Registrations;
  readonly #answers: RegistrationAnswers;
  readonly #abort = new AbortController();
  readonly #running: Promise<void>;
  #gateway: Gateway | undefined;
  #hasRead = false;
  /** Why each address failed, since one was sound. */
  readonly #failures = new Map<string, string>();
  #retryMs = firstRetryMs;

  constructor(options: RegistryClientOptions, layout: Layout) {
    this.#options = options;
    this.#layout = layout;
    const { select } = options.registry.spec;
    this.#registrations = new Registrations({ layout, maxKeys, isSelected: (name) => isSelected(select, name) });
    this.#answers = new RegistrationAnswers(this.#registrations, layout.prefixes, (answers) => this.#say(answers));
    this.#running = this.#run();
  }

  async close(): Promise<void> {
    this.#abort.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    // The first answer comes no sooner than the client is known.
    await turn();
    const { addresses } = this.#options.registry.spec;
    for (let at = 0; !this.#abort.signal.aborted; at++) {
      const address = addresses[at % addresses.length] ?? '';
      try {
        await this.#follow(address);
      } catch (error) {
        this.#failures.set(address, messageOf(error));
        const reason = addresses.flatMap((one) => this.#failures.get(one) ?? []).join('; ');
        this.#say([{ kind: 'unavailable', reason }]);
      }
      this.#gateway?.close();
      await this.#backOff();
    }
  }

  /** Rejects when the server cannot be followed any more. */
  async #follow(address: string): Promise<never> {
    const { registry, secrets } = this.#options;
    this.#gateway = await Gateway.open({ address, tls: registry.spec.tls, secrets, signal: this.#abort.signal });
    for (;;) {
      try {
        const read = await this.#read(this.#gateway);
        const { denied } = read;
        await this.#answers.sayAll(denied.length === 0 ? [] : [`permission denied to read ${denied.join(' and ')}`]);
        this.#failures.clear();
        await this.#watch(this.#gateway, read);
      } catch (error) {
        if (!(error instanceof ReadAgain)) throw error;
      }
      await this.#backOff();
    }
  }

  async #read(gateway: Gateway): Promise<Followed> {
    const registrations = this.#registrations;
    const { prefixes } = this.#layout;
    registrations.beginRead();
    const store = { gateway, prefixes, onKeys: registrations.putAll };
    const { position, denied } = await readStore({ ...store, isSerializable: false }).catch(async (error: unknown) => {
      // What one server has is better than nothing, and no better than what was known before.
      if (!this.#hasRead && messageOf(error).includes('no leader')) {
        await readStore({ ...store, isSerializable: true });
        this.#answers.sayPart('the cluster has no leader');
      }
      throw error;
    });
    if (position === undefined)
      throw new IsthmusError('UNAVAILABLE', `${gateway.host}: permission denied to read ${denied.join(' and ')}`);
    for (const prefix of prefixes) if (!denied.includes(prefix)) registrations.endRead(prefix);
    this.#hasRead = true;
    return { position, denied };
  }

  async #watch(gateway: Gateway, { position, denied }: Followed): Promise<never> {
    const over = new AbortController();
    const registrations = this.#registrations;
    const prefixes = this.#layout.prefixes.filter((prefix) => !denied.includes(prefix));
    const store = { gateway, prefixes, after: position, signal: AbortSignal.any([over.signal, this.#abort.signal]) };
    const watching = watchStore({
      ...store,
      onPut: (prefix, kv) => registrations.put(prefix, kv),
      onDelete: (key) => registrations.delete(key),
      onSettled: () => this.#answers.sayChanges(),
    });
    const probing = probeStore({
      ...store,
      denied,
      onSound: () => {
        this.#retryMs = firstRetryMs;
        this.#answers.saySound();
      },
    });
    try {
      return await Promise.race([watching, probing]);
    } finally {
      over.abort();
      this.#answers.stop();
    }
  }

  #say(answers: readonly RegistryAnswer[]): void {
    if (!this.#abort.signal.aborted) this.#options.answer(answers);
  }

  async #backOff(): Promise<void> {
    const jittered = this.#retryMs * (0.75 + Math.random() / 2);
    this.#retryMs = Math.min(2 * this.#retryMs, longestRetryMs);
    await sleep(jittered, undefined, { signal: this.#abort.signal }).catch(() => {});
  }
}
