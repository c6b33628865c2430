/** The resources of one type in one scope, with their sorted list, which is made anew only after a change. */
import type { ResourceOrigin } from '../../../model/resource-origin.ts';
import type { EncodedResource } from './resource-source.ts';

/** Shared by all tables, so that a table that was dropped and made again never repeats a revision. */
let lastRevision = 0;

export class ResourceTable {
  readonly #resources = new Map<string, EncodedResource>();
  /** Of those that come of a service. */
  readonly #origins = new Map<string, ResourceOrigin>();
  #sorted: readonly EncodedResource[] = [];
  /** Names that differ from the sorted list. */
  readonly #touched = new Set<string>();
  #revision = ++lastRevision;

  /** Equal revisions mean equal content; never 0. */
  get revision(): number {
    return this.#revision;
  }

  get size(): number {
    return this.#resources.size;
  }

  get(name: string): EncodedResource | undefined {
    return this.#resources.get(name);
  }

  originOf(name: string): ResourceOrigin | undefined {
    return this.#origins.get(name);
  }

  set(name: string, resource: EncodedResource | undefined, origin?: ResourceOrigin): void {
    if (resource === undefined) this.#resources.delete(name);
    else this.#resources.set(name, resource);
    if (resource === undefined || origin === undefined) this.#origins.delete(name);
    else this.#origins.set(name, origin);
    this.#touched.add(name);
    this.#revision = ++lastRevision;
  }

  /** Sorted by name; the same array until something changes. */
  list(): readonly EncodedResource[] {
    if (this.#touched.size === 0) return this.#sorted;
    const added = [...this.#touched].sort().flatMap((name) => this.#resources.get(name) ?? []);
    const kept = this.#sorted.filter((resource) => !this.#touched.has(resource.name));
    this.#touched.clear();
    this.#sorted = mergeByName(kept, added);
    return this.#sorted;
  }
}

/** Both sorted by name. Of two with one name the first list's wins. */
export function mergeByName(
  first: readonly EncodedResource[],
  second: readonly EncodedResource[],
): readonly EncodedResource[] {
  if (second.length === 0) return first;
  if (first.length === 0) return second;
  const merged: EncodedResource[] = [];
  let j = 0;
  for (const resource of first) {
    for (let other = second[j]; other !== undefined && other.name <= resource.name; other = second[++j]) {
      if (other.name < resource.name) merged.push(other);
    }
    merged.push(resource);
  }
  return merged.concat(second.slice(j));
}
