/**
 * The name tables of agents, made while somebody asks for them: names --> entries --> a table for each namespace whose
 * workloads ask, and one for each that are told of some hosts alone --> (the store, a sink).
 */
import type { Table } from '../collections/collection.ts';
import type { ResourceStore } from '../delivery/xds/resources/resource-store.ts';
import { nameTableType } from '../delivery/xds/resources/resource-types.ts';
import { meshKey, settingsOf } from '../mesh/settings.ts';
import type { HostScope } from '../model/host-scope.ts';
import type { ProxyNode } from '../model/proxy.ts';
import { type NameEntry, translateNameEntry, translateNameTable } from '../translate/names/name-tables.ts';
import { chosenScope, namespaceScope, type ScopedResource } from '../translate/scope.ts';
import type { Pipeline } from './pipeline.ts';
import type { ProxyScopes } from './proxy-scopes.ts';
import { changesOf } from './xds-delivery.ts';

/** Who have one table. */
interface Asking {
  /** Of the resource. */
  readonly scope: string;
  readonly namespace: string;
  /** Absent for all that is exported to the namespace. */
  readonly hosts?: HostScope;
}

export class NameTables {
  readonly #pipeline: Pipeline;
  readonly #store: ResourceStore;
  readonly #scopes: ProxyScopes;
  /** Proxies that asked and are still there, with the scope of their table. */
  readonly #askers = new Map<ProxyNode, string>();
  /** What they ask for; undefined until the first does. */
  #asking: Table<Asking> | undefined;

  constructor(pipeline: Pipeline, store: ResourceStore, scopes: ProxyScopes) {
    this.#pipeline = pipeline;
    this.#store = store;
    this.#scopes = scopes;
    scopes.onChange((concerns) => {
      for (const proxy of [...this.#askers.keys()]) if (concerns(proxy)) this.#ask(proxy);
      this.#giveUp();
    });
  }

  /** Called before the answer, so that the table is in it. */
  asked(typeUrl: string, proxy: ProxyNode): void {
    if (typeUrl === nameTableType) this.#ask(proxy);
  }

  /** A table that nobody asks for any more is given up. */
  leave(proxy: ProxyNode): void {
    if (this.#askers.delete(proxy)) this.#giveUp();
  }

  #ask(proxy: ProxyNode): void {
    this.#asking ??= this.#begin();
    const asking = this.#asking;
    const wanted = this.#wanted(proxy);
    this.#askers.set(proxy, wanted.scope);
    if (!asking.has(wanted.scope)) this.#pipeline.engine.batch(() => asking.set(wanted));
  }

  #wanted(proxy: ProxyNode): Asking {
    const { namespace } = proxy;
    const hosts = this.#scopes.of(proxy);
    return hosts === undefined
      ? { scope: namespaceScope('all', namespace), namespace }
      : { scope: chosenScope(namespace, hosts), namespace, hosts };
  }

  #giveUp(): void {
    const asking = this.#asking;
    if (asking === undefined) return;
    const wanted = new Set(this.#askers.values());
    const left = [...asking.keys()].filter((scope) => !wanted.has(scope));
    if (left.length === 0) return;
    this.#pipeline.engine.batch(() => {
      for (const scope of left) asking.delete(scope);
    });
  }

  #begin(): Table<Asking> {
    const { engine, mesh } = this.#pipeline;
    const names = this.#pipeline.names();
    const asking = engine.table<Asking>('who asks for names', {
      key: ({ scope }) => scope,
      equals: (a, b) => a.scope === b.scope,
    });
    engine.batch(() => asking.setState('live'));
    const entries = engine.map('name entries', names, (name, context) =>
      translateNameEntry(name, settingsOf(context, mesh.settings).clusterDomain, (host) => context.get(names, host)),
    );
    const all = engine.index('all name entries', entries, () => [meshKey]);
    const tables = engine.map(
      'name tables',
      asking,
      ({ scope, namespace, hosts }, context): ScopedResource => ({
        scope,
        resource: translateNameTable(namespace, context.lookup(all, meshKey).toSorted(byHost), hosts),
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
