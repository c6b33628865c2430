/**
 * Encoded resources in scopes, and views of them: a proxy sees the resources of its scopes, of two with one name that of
 * the earlier scope.
 *
 *   apply(changes) --> tables, one a scope and type --> views, one a list of scopes --> names that changed, once a batch
 *
 * Proxies with equal lists of scopes, and an equal choice of what is in them, share a view. The cost of a batch follows its
 * changes and the views they concern, not the number of resources.
 */
import type { ProxyNode } from '../../../model/proxy.ts';
import type { ResourceOrigin } from '../../../model/resource-origin.ts';
import { FollowingView, type ViewChanges, viewChanges } from './following-view.ts';
import type { EncodedResource, ResourceSource, ResourceView } from './resource-source.ts';
import { ResourceTable } from './resource-table.ts';
import { standardTypes } from './resource-types.ts';
import { ScopedView, type Shows } from './scoped-view.ts';

export interface ResourceChange {
  readonly scope: string;
  readonly typeUrl: string;
  readonly name: string;
  /** Undefined removes. */
  readonly resource: EncodedResource | undefined;
  /** What it is made of, by which proxies choose. */
  readonly origin?: ResourceOrigin;
}

/** What a proxy sees of the resources in its scopes. */
export interface Choice {
  /** Equal keys, equal choices. */
  readonly key: string;
  /** In place of what `scopesOf` says. */
  readonly scopes: readonly string[];
  readonly shows: Shows;
}

export interface ResourceStoreOptions {
  /** The scopes that a proxy sees, the most specific first. */
  readonly scopesOf: (proxy: ProxyNode) => readonly string[];
  /** Undefined where it sees all of them. What it answers for a proxy may change: see `chooseAnew`. */
  readonly choiceOf?: (proxy: ProxyNode) => Choice | undefined;
  /** Types that can be asked for even while there is no resource of them; the usual ones when absent. */
  readonly types?: (proxy: ProxyNode) => readonly string[];
}

export interface ResourceStore extends ResourceSource {
  /** Applies all changes as one batch; of two changes to one resource the later holds. */
  apply(changes: readonly ResourceChange[]): void;
  /** Asks what these proxies see, and tells those of them that see other things now. */
  chooseAnew(concerns: (proxy: ProxyNode) => boolean): void;
  /** Resources held, by type. */
  counts(): ReadonlyMap<string, number>;
}

export function createResourceStore(options: ResourceStoreOptions): ResourceStore {
  return new Store(options);
}

class Store implements ResourceStore {
  readonly #options: ResourceStoreOptions;
  /** Scope, then type. */
  readonly #scopes = new Map<string, Map<string, ResourceTable>>();
  /** Views that somebody listens to, by their scopes. */
  readonly #views = new Map<string, ScopedView>();
  readonly #viewsOfScope = new Map<string, Set<ScopedView>>();
  /** Those that somebody listens to. */
  readonly #following = new Set<FollowingView>();
  #tablesRevision = 0;

  constructor(options: ResourceStoreOptions) {
    this.#options = options;
  }

  types(proxy: ProxyNode): readonly string[] {
    return this.#options.types?.(proxy) ?? standardTypes;
  }

  view(proxy: ProxyNode): ResourceView {
    if (this.#options.choiceOf === undefined) return this.#chosen(proxy);
    return new FollowingView(proxy, {
      choose: () => this.#chosen(proxy),
      heard: (view) => this.#following.add(view),
      unheard: (view) => this.#following.delete(view),
    });
  }

  #chosen(proxy: ProxyNode): ScopedView {
    const choice = this.#options.choiceOf?.(proxy);
    const scopes = [...new Set(choice?.scopes ?? this.#options.scopesOf(proxy))];
    const key = JSON.stringify(choice === undefined ? scopes : [scopes, choice.key]);
    return this.#views.get(key) ?? this.#createView(key, scopes, choice?.shows);
  }

  chooseAnew(concerns: (proxy: ProxyNode) => boolean): void {
    // Views are few, and what is between two of them is looked at once.
    const known = new Map<ScopedView, Map<ScopedView, ViewChanges>>();
    const between = (before: ScopedView, after: ScopedView): ViewChanges => {
      const ofOne = known.get(before) ?? new Map<ScopedView, ViewChanges>();
      known.set(before, ofOne);
      const changes = ofOne.get(after) ?? viewChanges(before, after);
      ofOne.set(after, changes);
      return changes;
    };
    for (const view of [...this.#following]) if (concerns(view.proxy)) view.chooseAnew(between);
  }

  apply(changes: readonly ResourceChange[]): void {
    // By view, so that a change of what many may see costs no more for each of them than what he sees of it.
    const concerned = new Map<ScopedView, ResourceChange[]>();
    for (const change of changes)
      for (const view of this.#viewsOfScope.get(change.scope) ?? []) {
        const own = concerned.get(view);
        if (own === undefined) concerned.set(view, [change]);
        else own.push(change);
      }
    const finish = [...concerned].map(([view, own]) => view.prepare(own));
    for (const { scope, typeUrl, name, resource, origin } of changes)
      this.#table(scope, typeUrl).set(name, resource, origin);
    for (const { scope, typeUrl, resource } of changes) if (resource === undefined) this.#dropIfEmpty(scope, typeUrl);
    for (const announce of finish) announce();
  }

  counts(): ReadonlyMap<string, number> {
    const counts = new Map<string, number>();
    for (const tables of this.#scopes.values()) {
      for (const [typeUrl, table] of tables) counts.set(typeUrl, (counts.get(typeUrl) ?? 0) + table.size);
    }
    return counts;
  }

  #table(scope: string, typeUrl: string): ResourceTable {
    let tables = this.#scopes.get(scope);
    if (tables === undefined) {
      tables = new Map();
      this.#scopes.set(scope, tables);
    }
    let table = tables.get(typeUrl);
    if (table === undefined) {
      table = new ResourceTable();
      this.#tablesRevision++;
      tables.set(typeUrl, table);
    }
    return table;
  }

  #dropIfEmpty(scope: string, typeUrl: string): void {
    const tables = this.#scopes.get(scope);
    if (tables?.get(typeUrl)?.size === 0) tables.delete(typeUrl);
    if (tables?.size === 0) this.#scopes.delete(scope);
  }

  /** A view is known to the store only while somebody listens, so that proxies that leave take theirs along. */
  #createView(key: string, scopes: readonly string[], shows: Shows | undefined): ScopedView {
    const around: ConstructorParameters<typeof ScopedView>[1] = {
      table: (scope, typeUrl) => this.#scopes.get(scope)?.get(typeUrl),
      typesIn: (wanted) => [...new Set(wanted.flatMap((scope) => [...(this.#scopes.get(scope)?.keys() ?? [])]))],
      tablesRevision: () => this.#tablesRevision,
      heard: () => {
        this.#views.set(key, view);
        for (const scope of scopes) {
          const views = this.#viewsOfScope.get(scope) ?? new Set();
          this.#viewsOfScope.set(scope, views.add(view));
        }
      },
      unheard: () => {
        if (this.#views.get(key) === view) this.#views.delete(key);
        for (const scope of scopes) {
          const views = this.#viewsOfScope.get(scope);
          views?.delete(view);
          if (views?.size === 0) this.#viewsOfScope.delete(scope);
        }
      },
    };
    const view: ScopedView = new ScopedView(scopes, around, shows);
    return view;
  }
}
