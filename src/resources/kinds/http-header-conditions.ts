/**
 * Conditions on headers in an HTTPRouteGroup. SMI's documents write a map, its CRD wanted a list of maps with one key each;
 * both are read, and the schema leaves the form to this file.
 */
import { checkPattern, type PatternCheck } from '../pattern-rules.ts';
import { isMap } from '../plain-values.ts';
import { type Path, type Problems, quote } from '../problem.ts';
import type { HttpMatchSpec } from '../types/smi.ts';

type HeaderCondition = HttpMatchSpec['headers'][number];

/** One key of one map, and where it stands. */
interface Entry {
  readonly key: string;
  readonly value: unknown;
  readonly path: Path;
}

const maxConditions = 64;
const maxCharacters = 4096;

/** In the order in which they are written, each name once. */
export function readHeaderConditions(headers: unknown, path: Path, check: PatternCheck): readonly HeaderCondition[] {
  const { problems } = check;
  const entries = entriesOf(headers, path, problems);
  if (entries.length > maxConditions) {
    problems.add('ISTH0105', path, `Must have at most ${maxConditions}, but has ${entries.length}.`);
    return [];
  }
  const conditions = new Map<string, string>();
  for (const entry of entries) {
    const name = readName(entry, problems);
    const regex = readRegex(entry, check);
    if (name === undefined || regex === undefined) continue;
    const earlier = conditions.get(name);
    if (earlier === undefined) conditions.set(name, regex);
    else reportTwin(name, entry.path, earlier === regex, problems);
  }
  return [...conditions].map(([name, regex]) => ({ name, regex }));
}

function entriesOf(headers: unknown, path: Path, problems: Problems): readonly Entry[] {
  if (headers === undefined || headers === null) return [];
  if (isMap(headers)) return Object.entries(headers).map(([key, value]) => ({ key, value, path: [...path, key] }));
  if (!Array.isArray(headers)) {
    problems.add('ISTH0103', path, `Must be a map, or a list of maps, but is ${quote(headers)}.`);
    return [];
  }
  return headers.flatMap((item: unknown, index) => {
    const entries = isMap(item) ? Object.entries(item) : [];
    const [key, value] = entries[0] ?? [];
    if (key !== undefined && entries.length === 1) return [{ key, value, path: [...path, index, key] }];
    const message = 'Each item of the list must be a map with one key, the name of a header.';
    problems.add('ISTH0228', [...path, index], message, 'Write an item for each header, or a map instead of the list.');
    return [];
  });
}

/** As requests carry it in HTTP/2; undefined, and a problem, for what is no header's name. */
function readName({ key, path }: Entry, problems: Problems): string | undefined {
  const name = key.toLowerCase();
  if (name === ':authority') return 'host';
  if (name.length <= 256 && /^[a-z0-9!#$%&'*+.^_`|~-]+$/.test(name)) return name;
  const remedy = name.startsWith(':') ? 'Use pathRegex and methods, and host for the authority.' : undefined;
  problems.add('ISTH0228', path, `${quote(key)} is no name of a header.`, remedy);
  return undefined;
}

function readRegex({ value, path }: Entry, check: PatternCheck): string | undefined {
  const { problems } = check;
  if (typeof value !== 'string') problems.add('ISTH0103', path, `Must be a text, but is ${quote(value)}.`);
  else if (value === '') problems.add('ISTH0209', path, 'The expression is empty.', "Write '.*' for any value.");
  else if (value.length > maxCharacters) {
    problems.add('ISTH0105', path, `Must have at most ${maxCharacters} characters.`);
  } else {
    checkPattern(value, path, check);
    return value;
  }
  return undefined;
}

function reportTwin(name: string, path: Path, isEqual: boolean, problems: Problems): void {
  if (isEqual) problems.add('ISTH0216', path, `There is the same condition on ${name} already.`);
  else
    problems.add('ISTH0228', path, `There is another condition on ${name} already.`, 'Write one expression for both.');
}
