/** From a name to what is said of it: aliases are followed inside the table, until an end or a name that is not ours. */
import type { Asker, Meaning, NameTable } from './name-table.ts';

/** A CNAME record: what it leads to, and for how many seconds. */
export interface Alias {
  readonly target: string;
  readonly ttl: number;
}

export type Ending =
  | { readonly kind: 'addresses'; readonly ipv4: readonly string[]; readonly ipv6: readonly string[] }
  /** The name is there, and nothing of it is told. */
  | { readonly kind: 'no-data' }
  | { readonly kind: 'no-such-name' }
  /** Not ours: to be asked elsewhere. */
  | { readonly kind: 'elsewhere' }
  /** No answer for now, or none at all: aliases in a circle, or too many. */
  | { readonly kind: 'failed' };

export interface Resolution {
  /** In order; the first one belongs to the name that was asked for. */
  readonly aliases: readonly Alias[];
  /** Where the aliases end, in lower case. */
  readonly name: string;
  readonly ending: Ending;
}

/** Longer chains than this are a mistake, and each link may cost a query. */
export const MAX_ALIASES = 8;

const noData: Ending = { kind: 'no-data' };
const failed: Ending = { kind: 'failed' };
const elsewhere: Ending = { kind: 'elsewhere' };
const noSuchName: Ending = { kind: 'no-such-name' };

export interface Asked {
  readonly name: string;
  readonly asker: Asker;
  /** Who asks for the alias itself gets no more. */
  readonly wantsAlias: boolean;
}

/** `before`: the aliases that led here from another place. */
export function resolve(
  table: NameTable,
  { name, asker, wantsAlias }: Asked,
  ttl: number,
  before: readonly Alias[] = [],
): Resolution {
  const first = table.find(name, asker);
  if (first?.kind !== 'alias') return { aliases: before, name, ending: endingOf(table, name, first) };
  const aliases = [...before];
  const passed = new Set([name, ...before.map(({ target }) => target)]);
  let meaning: Meaning | undefined = first;
  let at = name;
  while (meaning?.kind === 'alias') {
    if (aliases.length >= MAX_ALIASES) return { aliases: [], name, ending: failed };
    at = meaning.target;
    aliases.push({ target: at, ttl });
    if (wantsAlias) return { aliases, name: at, ending: noData };
    if (passed.has(at)) return { aliases: [], name, ending: failed };
    passed.add(at);
    meaning = table.find(at, asker);
  }
  return { aliases, name: at, ending: endingOf(table, at, meaning) };
}

function endingOf(table: NameTable, name: string, meaning: Meaning | undefined): Ending {
  if (meaning?.kind === 'addresses') return meaning;
  if (meaning?.kind === 'pending') return failed;
  const suffix = table.suffixOf(name);
  if (suffix === undefined) return elsewhere;
  return name === suffix || table.isParent(name) ? noData : noSuchName;
}
