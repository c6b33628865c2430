/** The services that the server listed and that are selected, with the revisions at which we have what it says of them. */
import type { RegistryServiceName } from '../../../model/registry.ts';

export interface KnownService {
  readonly name: RegistryServiceName;
  metadata: Readonly<Record<string, string>>;
  /** Of the instances that were answered last; empty where the next answer has to say all. */
  revision: string;
  /** How often in a row the server did not know it. */
  missed: number;
  /** Whether it was ever more than what we registered ourselves. */
  isShown: boolean;
}

export class KnownServices {
  readonly #known = new Map<string, KnownService>();
  /** Revision of each scope's list. */
  readonly #lists = new Map<string, string>();

  get size(): number {
    return this.#known.size;
  }

  all(): KnownService[] {
    return [...this.#known.values()];
  }

  /** Of the list; empty where the next one has to be whole. */
  revisionOf(scope: string): string {
    return this.#lists.get(scope) ?? '';
  }

  /** The list of a scope, which is complete. */
  keep(scope: string, services: readonly Pick<KnownService, 'name' | 'metadata'>[], revision: string): void {
    const listed = new Set<string>();
    for (const { name, metadata } of services) {
      const key = keyOf(name);
      listed.add(key);
      const known = this.#known.get(key);
      if (known === undefined) this.#known.set(key, { name, metadata, revision: '', missed: 0, isShown: false });
      else if (!areSame(known.metadata, metadata)) Object.assign(known, { metadata, revision: '' });
    }
    for (const [key, { name }] of this.#known) if (isIn(scope, name) && !listed.has(key)) this.#known.delete(key);
    this.#lists.set(scope, revision);
  }

  /** Whatever was said of a scope does not count any more: all has to be said again. */
  doubt(scope: string): void {
    for (const list of this.#lists.keys()) if (scope === '' || list === scope) this.#lists.delete(list);
    for (const known of this.#known.values()) if (isIn(scope, known.name)) known.revision = '';
  }
}

function keyOf({ namespace, name }: RegistryServiceName): string {
  return `${namespace}/${name}`;
}

function isIn(scope: string, { namespace }: RegistryServiceName): boolean {
  return scope === '' || namespace === scope;
}

function areSame(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}
