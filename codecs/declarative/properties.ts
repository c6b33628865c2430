/** Properties as routes, limits and logs ask for them: texts made from fields, or any key of a section's pairs. */
import type { DocumentNode } from './document.ts';
import { findEntry, type MatchKey } from './entries.ts';
import { decimalOfHalves } from './integers.ts';
import type { Limits } from './limits.ts';
import { hexOf, textOf } from './strings.ts';
import { ByteRange, type IntegerValue, type MapValue, type TextValue, type Value, type Values } from './values.ts';

export type ReadText = (bytes: Buffer, start: number, end: number, side: number) => string | undefined;

interface NamedProperty {
  readonly name: string;
  readonly read: ReadText;
}

/** Every key of the pairs is a property; `prefix` goes before its name. */
interface OpenProperties {
  readonly prefix: string;
  readonly map: MapValue;
}

export interface Properties {
  readonly named: readonly NamedProperty[];
  readonly open: readonly OpenProperties[];
}

const maxProperties = 256;
const maxSources = 4;

export function readProperties(node: DocumentNode, values: Values, limits: Limits): Properties {
  const named: NamedProperty[] = [];
  const open: OpenProperties[] = [];
  for (const [name, property] of node.entries(maxProperties)) {
    const part = property.members('from', 'as', 'key', 'prefix');
    const sources = Array.isArray(part('from').value) ? part('from').items(maxSources) : [part('from')];
    const found = sources.flatMap((source) => valueAt(source, values));
    const maps = found.filter((value) => value.form === 'map');
    if (maps.length > 0 && part('key').absent) {
      if (maps.length < found.length)
        part('from').problem('Pairs and single values are mixed.', 'Make two properties.');
      const prefix = part('prefix').absent || part('prefix').value === '' ? '' : part('prefix').text();
      for (const map of maps) open.push({ prefix, map });
      continue;
    }
    if (!part('prefix').absent) part('prefix').problem('Only all keys of pairs have a prefix.', 'Leave it out.');
    const as = part('as').absent ? undefined : part('as').choice(['decimal', 'hex', 'string'], 'string');
    const key = part('key').absent ? undefined : part('key').text();
    const reads = found.map((value) => textReader(value, { as, key, node: property, limits }));
    named.push({ name, read: firstPresent(reads) });
  }
  return { named, open };
}

function valueAt(node: DocumentNode, values: Values): readonly Value[] {
  const name = node.text();
  const value = values.get(name);
  if (value !== undefined) return [value];
  node.problem(`There is no "${name}".`, `There are ${[...values.keys()].join(', ') || 'no fields and sections'}.`);
  return [];
}

interface Reading {
  readonly as: 'decimal' | 'hex' | 'string' | undefined;
  readonly key: string | undefined;
  readonly node: DocumentNode;
  readonly limits: Limits;
}

function textReader(value: Value, { as, key, node, limits }: Reading): ReadText {
  if (key !== undefined && value.form !== 'map') node.problem('Only pairs have keys.', 'Leave the key out.');
  switch (value.form) {
    case 'integer':
      if (as === 'string') node.problem('An integer is no string.', 'Use decimal or hex.');
      return as === 'hex' ? hexInteger(value) : decimalInteger(value);
    case 'text':
      if (as === 'decimal') node.problem('Text and bytes are no number.', 'Use string or hex, or an integer type.');
      return bytesReader(value, as === 'hex' || (as === undefined && value.binary), limits.maxHeader);
    case 'map':
      return entryReader(value, value.entries.matcher(key ?? ''));
    case 'presence':
      node.problem('This is only there or not, and has no text.', 'Name a field or a key.');
      return () => undefined;
  }
}

function decimalInteger(value: IntegerValue): ReadText {
  const { number, present, offset, wide, signed, low, high } = value;
  if (!wide && offset !== undefined) return (bytes, start, end, side) => String(number(bytes, start, end, side));
  return (bytes, start, end, side) => {
    if (present(bytes, start, end, side) === 0) return undefined;
    if (!wide) return String(number(bytes, start, end, side));
    return decimalOfHalves(high(bytes, start, end, side), low(bytes, start, end, side), signed);
  };
}

/** The digits that the type's width asks for; as many as there are where it varies. */
function hexInteger(value: IntegerValue): ReadText {
  const { number, present, wide, low, high, integer } = value;
  return (bytes, start, end, side) => {
    if (present(bytes, start, end, side) === 0) return undefined;
    const digits = wide
      ? high(bytes, start, end, side).toString(16) + low(bytes, start, end, side).toString(16).padStart(8, '0')
      : (number(bytes, start, end, side) >>> 0).toString(16).slice(-2 * integer.width);
    return integer.width === 0 ? digits.replace(/^0+(?=.)/, '') : digits.padStart(2 * integer.width, '0');
  };
}

function bytesReader({ range }: TextValue, hex: boolean, longest: number): ReadText {
  const found = new ByteRange();
  return (bytes, start, end, side) => {
    if (!range(bytes, start, end, side, found) || found.to - found.from > longest) return undefined;
    return hex ? hexOf(bytes, found.from, found.to) : textOf(bytes, found.from, found.to);
  };
}

export function entryReader({ range, entries }: MapValue, matches: MatchKey): ReadText {
  const found = new ByteRange();
  return (bytes, start, end, side) =>
    range(bytes, start, end, side, found) ? findEntry(entries, matches, bytes, found.from, found.to) : undefined;
}

/** What the first of several sources that has it gives. */
export function firstPresent(reads: readonly ReadText[]): ReadText {
  const [only] = reads;
  if (only !== undefined && reads.length === 1) return only;
  return (bytes, start, end, side) => {
    for (const read of reads) {
      const text = read(bytes, start, end, side);
      if (text !== undefined) return text;
    }
    return undefined;
  };
}
