/** Entries that are not taken as they stand, counted by prefix and named by examples. */
import type { Doubt } from '../doubt.ts';
import type { Reading } from './layout.ts';

/** How many are named, and how long a name may be: a tenant may write keys of any size. */
const examples = 3;
const longestExample = 120;

const kinds = ['unreadable', 'configurator', 'router'] as const;
type Kind = (typeof kinds)[number];

const meaning: Readonly<Record<Kind, string>> = {
  unreadable: 'can be read as no registration',
  configurator: 'would override providers, which is not done',
  router: 'would route calls, which is not done',
};

export class Troubles {
  /** By prefix and kind, names by the nodes' ids. */
  readonly #names = new Map<string, Readonly<Record<Kind, Map<string, string>>>>();

  constructor(prefixes: readonly string[]) {
    for (const prefix of prefixes)
      this.#names.set(prefix, { unreadable: new Map(), configurator: new Map(), router: new Map() });
  }

  /** `name`: the key itself. */
  note(prefix: string, id: string, name: string, reading: Reading): void {
    this.forget(prefix, id);
    const names = this.#names.get(prefix);
    if (reading.kind === 'unreadable') names?.unreadable.set(id, cut(name));
    if (reading.kind === 'configurator' || reading.kind === 'router')
      names?.[reading.kind].set(id, cut(reading.service));
  }

  forget(prefix: string, id: string): void {
    const names = this.#names.get(prefix);
    for (const kind of kinds) names?.[kind].delete(id);
  }

  of(prefix: string): readonly Doubt[] {
    const names = this.#names.get(prefix);
    if (names === undefined) return [];
    return kinds
      .filter((kind) => names[kind].size > 0)
      .map((kind) => ({
        cause: kind === 'unreadable' ? 'unreadable' : 'unsupported',
        text: `${count(names[kind])} ${meaning[kind]}: ${some(names[kind])}`,
      }));
  }
}

function count({ size }: ReadonlyMap<string, string>): string {
  return size === 1 ? '1 entry' : `${size} entries`;
}

/** The first ones there are: stable as long as they stay. */
function some(names: ReadonlyMap<string, string>): string {
  const named: string[] = [];
  for (const name of names.values()) if (named.push(name) === examples) break;
  return `${named.join(', ')}${names.size > examples ? ', ...' : ''}`;
}

/** Longer ones are cut so that the rest can be let go of. */
function cut(name: string): string {
  return name.length <= longestExample ? name : `${Buffer.from(name.slice(0, longestExample)).toString()}...`;
}
