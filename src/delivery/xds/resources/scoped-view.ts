/** What the proxies of one list of scopes, and of one choice of what is in them, see. */
import type { ResourceOrigin } from '../../../model/resource-origin.ts';
import type { ChangeListener, EncodedResource, ResourceView } from './resource-source.ts';
import { mergeByName, type ResourceTable } from './resource-table.ts';

interface Surroundings {
  table(scope: string, typeUrl: string): ResourceTable | undefined;
  /** Types of which there may be anything in these scopes. */
  typesIn(scopes: readonly string[]): readonly string[];
  /** Of the set of all tables: it rises with each that comes. One that has gone is empty, and stays so. */
  tablesRevision(): number;
  /** The first listener has come, the last has gone. */
  heard(): void;
  unheard(): void;
}

/** Tables of a type in the scopes of a view: most scopes have none. */
interface TypeTables {
  readonly revision: number;
  readonly tables: readonly ResourceTable[];
}

interface Change {
  readonly typeUrl: string;
  readonly name: string;
}

/** Whether what is made of this is seen. */
export type Shows = (origin: ResourceOrigin | undefined) => boolean;

interface Listing {
  readonly revisions: readonly number[];
  readonly resources: readonly EncodedResource[];
  readonly names: readonly string[];
}

export class ScopedView implements ResourceView {
  readonly #scopes: readonly string[];
  readonly #around: Surroundings;
  /** Absent: all of it. */
  readonly #shows: Shows | undefined;
  readonly #listeners = new Set<ChangeListener>();
  readonly #listings = new Map<string, Listing>();
  readonly #tables = new Map<string, TypeTables>();

  constructor(scopes: readonly string[], around: Surroundings, shows?: Shows) {
    this.#scopes = scopes;
    this.#around = around;
    this.#shows = shows;
  }

  get(typeUrl: string, name: string): EncodedResource | undefined {
    for (const table of this.#tablesOf(typeUrl)) {
      const resource = table.get(name);
      if (resource !== undefined && this.#shows?.(table.originOf(name)) !== false) return resource;
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
  prepare(changes: readonly Change[]): () => void {
    const [only] = changes;
    // A thousand views are asked, of as many proxies.
    if (only !== undefined && changes.length === 1) return this.#prepareOne(only);
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

  #prepareOne({ typeUrl, name }: Change): () => void {
    const before = this.get(typeUrl, name)?.version;
    return () => {
      if (this.get(typeUrl, name)?.version !== before) this.#tell(typeUrl, [name]);
    };
  }

  #announce(typeUrl: string, before: ReadonlyMap<string, string | undefined>): void {
    const names: string[] = [];
    for (const [name, version] of before) if (this.get(typeUrl, name)?.version !== version) names.push(name);
    if (names.length > 0) this.#tell(typeUrl, names);
  }

  #tell(typeUrl: string, names: readonly string[]): void {
    for (const listener of [...this.#listeners]) listener(typeUrl, names);
  }

  types(): readonly string[] {
    return this.#around.typesIn(this.#scopes);
  }

  #shown(table: ResourceTable): readonly EncodedResource[] {
    const shows = this.#shows;
    const all = table.list();
    return shows === undefined ? all : all.filter(({ name }) => shows(table.originOf(name)));
  }

  #tablesOf(typeUrl: string): readonly ResourceTable[] {
    const revision = this.#around.tablesRevision();
    const known = this.#tables.get(typeUrl);
    if (known?.revision === revision) return known.tables;
    const tables = this.#scopes.flatMap((scope) => this.#around.table(scope, typeUrl) ?? []);
    this.#tables.set(typeUrl, { revision, tables });
    return tables;
  }

  #listing(typeUrl: string): Listing {
    const tables = this.#tablesOf(typeUrl);
    const revisions = tables.map((table) => table.revision);
    const known = this.#listings.get(typeUrl);
    if (known !== undefined && isSame(known.revisions, revisions)) return known;
    const resources = tables
      .map((table) => this.#shown(table))
      .reduce<readonly EncodedResource[]>((merged, next) => mergeByName(merged, next), []);
    const listing = { revisions, resources, names: resources.map((resource) => resource.name) };
    this.#listings.set(typeUrl, listing);
    return listing;
  }
}

/** A revision belongs to one table alone. */
function isSame(before: readonly number[], now: readonly number[]): boolean {
  return before.length === now.length && before.every((revision, index) => revision === now[index]);
}
