/**
 * The name tables of agents, made while somebody asks for them: names --> entries --> a table for each namespace whose
 * workloads ask --> (the store, a sink).
 */
import type { Table } from '../collections/collection.ts';
import type { ResourceStore } from '../delivery/xds/resource-store.ts';
import { nameTableType } from '../delivery/xds/resource-types.ts';
import { meshKey, settingsOf } from '../mesh/settings.ts';
import type { ProxyNode } from '../model/proxy.ts';
import { type NameEntry, translateNameEntry, translateNameTable } from '../translate/names/name-tables.ts';
import { namespaceScope, type ScopedResource } from '../translate/scope.ts';
import type { Pipeline } from './pipeline.ts';
import { changesOf } from './xds-delivery.ts';

export class NameTables {
  readonly #pipeline: Pipeline;
  readonly #store: ResourceStore;
  /** Open streams by namespace, of all proxies. */
  readonly #streams = new Map<string, number>();
  /** Namespaces whose agents ask; undefined until the first does. */
  #asking: Table<string> | undefined;

  constructor(pipeline: Pipeline, store: ResourceStore) {
    this.#pipeline = pipeline;
    this.#store = store;
  }

  enter({ namespace }: ProxyNode): void {
    this.#streams.set(namespace, (this.#streams.get(namespace) ?? 0) + 1);
  }

  /** Called before the answer, so that the table is in it. */
  asked(typeUrl: string, { namespace }: ProxyNode): void {
    if (typeUrl !== nameTableType) return;
    this.#asking ??= this.#begin();
    const asking = this.#asking;
    if (!asking.has(namespace)) this.#pipeline.engine.batch(() => asking.set(namespace));
  }

  /** A table that nobody of the namespace can ask for any more is given up. */
  leave({ namespace }: ProxyNode): void {
    const streams = (this.#streams.get(namespace) ?? 0) - 1;
    if (streams > 0) {
      this.#streams.set(namespace, streams);
      return;
    }
    this.#streams.delete(namespace);
    const asking = this.#asking;
    if (asking?.has(namespace) === true) this.#pipeline.engine.batch(() => asking.delete(namespace));
  }

  #begin(): Table<string> {
    const { engine, mesh } = this.#pipeline;
    const names = this.#pipeline.names();
    const asking = engine.table<string>('namespaces that ask for names', { key: (namespace) => namespace });
    engine.batch(() => asking.setState('live'));
    const entries = engine.map('name entries', names, (name, context) =>
      translateNameEntry(name, settingsOf(context, mesh.settings).clusterDomain, (host) => context.get(names, host)),
    );
    const all = engine.index('all name entries', entries, () => [meshKey]);
    const tables = engine.map(
      'name tables',
      asking,
      (namespace, context): ScopedResource => ({
        scope: namespaceScope('all', namespace),
        resource: translateNameTable(namespace, context.lookup(all, meshKey).toSorted(byHost)),
      }),
      { equals: (a, b) => a.resource.version === b.resource.version },
    );
    engine.sink(tables, (diff) => this.#store.apply(changesOf(diff)));
    return asking;
  }
}

function byHost(a: NameEntry, b: NameEntry): number {
  return a.host < b.host ? -1 : 1;
}
