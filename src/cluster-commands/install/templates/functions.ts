/** The functions of Helm that our chart calls, each as Helm has it. */
import { dump, load } from 'js-yaml';
import { IsthmusError } from '../../../model/errors.ts';
import { isMap } from '../../../resources/plain-values.ts';

export type Call = (...given: readonly unknown[]) => unknown;
export type TemplateFunctions = ReadonlyMap<string, Call>;

/** An object of the cluster, by apiVersion, kind, namespace and name; an empty map where there is none, or nobody looks. */
export type Lookup = (apiVersion: string, kind: string, namespace: string, name: string) => unknown;

export function templateFunctions(lookup: Lookup): TemplateFunctions {
  return new Map<string, Call>([
    ['lookup', (...given) => lookup(textOf(given[0]), textOf(given[1]), textOf(given[2]), textOf(given[3]))],
    ['toYaml', (value) => dump(value, { lineWidth: -1, noRefs: true, sortKeys: true }).trimEnd()],
    ['fromYaml', (text) => load(textOf(text))],
    ['quote', (...values) => values.map((value) => JSON.stringify(textOf(value))).join(' ')],
    ['indent', (count, text) => indented(Number(count), textOf(text))],
    ['nindent', (count, text) => `\n${indented(Number(count), textOf(text))}`],
    ['printf', (format, ...values) => formatted(textOf(format), values)],
    ['default', (fallback, value) => (isTrue(value) ? value : fallback)],
    ['and', (...values) => values.find((value) => !isTrue(value)) ?? values.at(-1)],
    ['or', (...values) => values.find(isTrue) ?? values.at(-1)],
    ['not', (value) => !isTrue(value)],
    ['eq', (value, ...others) => others.includes(value)],
    ['ne', (value, other) => value !== other],
    ['gt', (value, other) => Number(value) > Number(other)],
    ['dig', (...given) => dug(given)],
    ['dict', (...pairs) => dictionary(pairs)],
    ['list', (...values) => values],
    ['hasPrefix', (prefix, text) => textOf(text).startsWith(textOf(prefix))],
    ['hasSuffix', (suffix, text) => textOf(text).endsWith(textOf(suffix))],
    ['replace', (old, by, text) => textOf(text).replaceAll(textOf(old), textOf(by))],
    ['join', (separator, values) => (Array.isArray(values) ? values.map(textOf).join(textOf(separator)) : '')],
    [
      'fail',
      (message) => {
        throw new IsthmusError('BAD_DATA', textOf(message));
      },
    ],
  ]);
}

export function isTrue(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  if (typeof value === 'object' && value !== null) return Object.keys(value).length > 0;
  return Boolean(value);
}

export function textOf(value: unknown): string {
  if (value === undefined || value === null) return '';
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw new IsthmusError('INTERNAL', 'A template prints what is no text: use toYaml.');
}

function indented(count: number, text: string): string {
  return text
    .split('\n')
    .map((line) => ' '.repeat(count) + line)
    .join('\n');
}

/** Keys, what is there instead of nothing, and the map. */
function dug(given: readonly unknown[]): unknown {
  const found = given
    .slice(0, -2)
    .reduce<unknown>((at, key) => (isMap(at) ? at[textOf(key)] : undefined), given.at(-1));
  return found ?? given.at(-2);
}

/** %s, %d and %v. */
function formatted(format: string, values: readonly unknown[]): string {
  let at = 0;
  return format.replace(/%[sdv]/g, () => textOf(values[at++]));
}

function dictionary(pairs: readonly unknown[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(pairs.flatMap((key, at) => (at % 2 === 0 ? [[textOf(key), pairs[at + 1]] as const] : [])));
}
