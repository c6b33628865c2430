/** What the proxies of one list of scopes see. */
import type { ChangeListener, EncodedResource, ResourceView } from './resource-source.ts';
import { mergeByName, type ResourceTable } from './resource-table.ts';

interface Surroundings {
  table(scope: string, typeUrl: string): ResourceTable | undefined;
  /** The first listener has come, the last has gone. */
  heard(): void;
  unheard(): void;
}

interface Listing {
  readonly revisions: readonly number[];
  readonly resources: readonly EncodedResource[];
  readonly names: readonly string[];
}

export class ScopedView implements ResourceView {
  readonly #scopes: readonly string[];
  readonly #around: Surroundings;
  readonly #listeners = new Set<ChangeListener>();
  readonly #listings = new Map<string, Listing>();

  constructor(scopes: readonly string[], around: Surroundings) {
    this.#scopes = scopes;
    this.#around = around;
  }

  get(typeUrl: string, name: string): EncodedResource | undefined {
    for (const scope of this.#scopes) {
      const resource = this.#around.table(scope, typeUrl)?.get(name);
      if (resource !== undefined) return resource;
    }
    return undefined;
  }

  names(typeUrl: string): readonly string[] {
    return this.#listing(typeUrl).names;
  }

  list(typeUrl: string): readonly EncodedResource[] {
    return this.#listing(typeUrl).resources;
  }

  subscribe(listener: ChangeListener): () => void {
    // A wrapper, so that a function that subscribes twice is called twice and can leave once.
    const own: ChangeListener = (typeUrl, names) => listener(typeUrl, names);
    this.#listeners.add(own);
    if (this.#listeners.size === 1) this.#around.heard();
    return () => {
      if (this.#listeners.delete(own) && this.#listeners.size === 0) this.#around.unheard();
    };
  }

  /** Before a batch: notes what these changes in its scopes may alter. Returns what to call after it: the announcement. */
  prepare(changes: Iterable<{ readonly typeUrl: string; readonly name: string }>): () => void {
    const before = new Map<string, Map<string, string | undefined>>();
    for (const { typeUrl, name } of changes) {
      const versions = before.get(typeUrl) ?? new Map<string, string | undefined>();
      before.set(typeUrl, versions);
      if (!versions.has(name)) versions.set(name, this.get(typeUrl, name)?.version);
    }
    return () => {
      for (const [typeUrl, versions] of before) this.#announce(typeUrl, versions);
    };
  }

  #announce(typeUrl: string, before: ReadonlyMap<string, string | undefined>): void {
    const names: string[] = [];
    for (const [name, version] of before) if (this.get(typeUrl, name)?.version !== version) names.push(name);
    if (names.length === 0) return;
    for (const listener of [...this.#listeners]) listener(typeUrl, names);
  }

  #listing(typeUrl: string): Listing {
    const tables = this.#scopes.map((scope) => this.#around.table(scope, typeUrl));
    const revisions = tables.map((table) => table?.revision ?? 0);
    const known = this.#listings.get(typeUrl);
    if (known?.revisions.every((revision, index) => revision === revisions[index])) return known;
    const resources = tables
      .map((table) => table?.list() ?? [])
      .reduce<readonly EncodedResource[]>((merged, next) => mergeByName(merged, next), []);
    const listing = { revisions, resources, names: resources.map((resource) => resource.name) };
    this.#listings.set(typeUrl, listing);
    return listing;
  }
}
