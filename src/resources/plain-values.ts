/**
 * The gate before everything else: is a parsed value what JSON can say, and of a size that an API server would take?
 * Behind it nothing meets a date, a NaN, a cycle, an alias bomb or a nest that overflows the stack.
 */
import type { Path, Problems } from './problem.ts';

export type PlainMap = Readonly<Record<string, unknown>>;

/** A map with string keys and nothing inherited: no list, no date, no instance of a class. */
export function isMap(value: unknown): value is PlainMap {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

export const limits = {
  depth: 64,
  /** Maps, lists and scalars. A ServiceEntry with Istio's bound of 4,096 endpoints has about 60,000. */
  values: 200_000,
  /** Characters of all keys and strings; etcd takes 1.5 MiB an object. */
  characters: 4 * 1024 * 1024,
} as const;

/** False, with a problem reported, for a value that is not worth looking at any further. */
export function isPlainValue(value: unknown, problems: Problems): boolean {
  const walk = { values: 0, characters: 0 };
  const fault = findFault(value, 0, walk);
  if (fault === undefined) return true;
  problems.add(fault.tooLarge ? 'ISTH0113' : 'ISTH0112', fault.path.reverse(), fault.message);
  return false;
}

interface Fault {
  readonly tooLarge: boolean;
  readonly message: string;
  /** From the inside out: built while the walk returns, so that a good value costs no path at all. */
  readonly path: (string | number)[];
}

interface Walk {
  values: number;
  characters: number;
}

function findFault(value: unknown, depth: number, walk: Walk): Fault | undefined {
  walk.values += 1;
  if (typeof value === 'string') walk.characters += value.length;
  if (walk.values > limits.values) return tooLarge(`more than ${limits.values} values`);
  if (walk.characters > limits.characters) return tooLarge(`more than ${limits.characters} characters of text`);
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return undefined;
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : notPlain(`${value} is no JSON number`);
  if (depth >= limits.depth) return tooLarge(`more than ${limits.depth} levels`);
  if (Array.isArray(value)) return findFaultInList(value, depth, walk);
  return isMap(value) ? findFaultInMap(value, depth, walk) : notPlain(`${nameOf(value)} is no JSON value`);
}

function findFaultInList(list: readonly unknown[], depth: number, walk: Walk): Fault | undefined {
  for (let index = 0; index < list.length; index += 1) {
    const fault = findFault(list[index], depth + 1, walk);
    if (fault !== undefined) return within(fault, index);
  }
  return undefined;
}

function findFaultInMap(map: PlainMap, depth: number, walk: Walk): Fault | undefined {
  // Inherits nothing enumerable, as isMap has seen: cheaper than a list of entries for each of a mesh's endpoints.
  for (const key in map) {
    walk.characters += key.length;
    const fault = findFault(map[key], depth + 1, walk);
    if (fault !== undefined) return within(fault, key);
  }
  return undefined;
}

function nameOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice(8, -1);
}

const tooLarge = (bound: string): Fault => ({ tooLarge: true, message: `The object has ${bound}.`, path: [] });
const notPlain = (what: string): Fault => ({ tooLarge: false, message: `${what}.`, path: [] });

function within(fault: Fault, step: Path[number]): Fault {
  if (!fault.tooLarge) fault.path.push(step);
  return fault;
}
