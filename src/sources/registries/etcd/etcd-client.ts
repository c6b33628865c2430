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
import { IsthmusError, messageOf } from '../../../model/errors.ts';
import { refusedClient } from '../refused-client.ts';
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
import { ServerRotation } from '../server-rotation.ts';
import { Gateway } from './gateway.ts';
import { layoutOf } from './layout-options.ts';
import { type Position, ReadAgain } from './store-position.ts';
import { probeStore } from './store-probe.ts';
import { readStore } from './store-read.ts';
import { watchStore } from './store-watch.ts';

const maxKeys = 500_000;

export const createEtcdClient: CreateRegistryClient = (options) => {
  const layout = layoutOf(options.registry.spec.options);
  return typeof layout === 'string' ? refusedClient(options, layout) : new EtcdClient(options, layout);
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
  readonly #rotation: ServerRotation<string>;
  readonly #running: Promise<void>;
  #hasRead = false;

  constructor(options: RegistryClientOptions, layout: Layout) {
    this.#options = options;
    this.#layout = layout;
    const { select, addresses } = options.registry.spec;
    this.#registrations = new Registrations({ layout, maxKeys, isSelected: (name) => isSelected(select, name) });
    this.#answers = new RegistrationAnswers(this.#registrations, layout.prefixes, (answers) => this.#say(answers));
    this.#rotation = new ServerRotation(addresses, this.#abort.signal);
    this.#running = this.#rotation.run(this.#follow, ({ reason }) => this.#say([{ kind: 'unavailable', reason }]));
  }

  async close(): Promise<void> {
    this.#abort.abort();
    await this.#running;
  }

  readonly #follow = async (address: string): Promise<never> => {
    const { registry, secrets } = this.#options;
    const { signal } = this.#abort;
    const gateway = await Gateway.open({ address, tls: registry.spec.tls, secrets, signal });
    try {
      for (;;) {
        await this.#readAndWatch(gateway);
        await this.#rotation.rest();
      }
    } finally {
      gateway.close();
    }
  };

  /** Resolves when the store has to be read again. */
  async #readAndWatch(gateway: Gateway): Promise<void> {
    try {
      const read = await this.#read(gateway);
      const { denied } = read;
      const why = `permission denied to read ${denied.join(' and ')}`;
      await this.#answers.sayAll(denied.length === 0 ? [] : [{ cause: 'withheld', text: why }]);
      this.#rotation.forgive();
      await this.#watch(gateway, read);
    } catch (error) {
      if (!(error instanceof ReadAgain)) throw error;
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
        this.#answers.sayPart({ cause: 'unsettled', text: 'the cluster has no leader' });
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
        this.#rotation.refresh();
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
}
