/** Edits one field of a manifest where it stands, so that comments, order and quotes around it stay as they are. */
import { isDeepStrictEqual } from 'node:util';
import { isMap, isScalar, parseAllDocuments, Scalar, type YAMLMap } from 'yaml';

export interface ManifestObject {
  readonly kind: string;
  /** Absent: any. */
  readonly namespace?: string;
  readonly name: string;
}

/** The documents of a text that are this object: their places. */
export function findObjects(text: string, { kind, namespace, name }: ManifestObject): readonly number[] {
  return parseAllDocuments(text).flatMap((document, at) => {
    const own = (...path: readonly string[]): unknown => document.getIn(path);
    const isMeant =
      own('kind') === kind &&
      own('metadata', 'name') === name &&
      (namespace === undefined || (own('metadata', 'namespace') ?? 'default') === namespace);
    return isMeant ? [at] : [];
  });
}

type Fields = Readonly<Record<string, string | number | undefined>>;

/**
 * The text with fields of the spec of one document set, or removed where undefined. A field that is not there yet comes
 * after the one that is named before it, else first. Throws Error, whose message says what is in the way, where it cannot
 * be done without touching anything else.
 */
export function editSpec(text: string, at: number, fields: Fields): string {
  const names = Object.keys(fields);
  const edited = names.reduce(
    (before, field, n) => editField(before, at, { field, value: fields[field], after: names[n - 1] }),
    text,
  );
  checkOutcome(text, edited, at, fields);
  return edited;
}

/** There are many ways to write YAML: whatever the edit was, it is read again before anybody else reads it. */
function checkOutcome(text: string, edited: string, at: number, fields: Fields): void {
  const wanted = contentsOf(text);
  const target = wanted[at];
  if (!isRecord(target) || !isRecord(target.spec)) throw new Error('its spec is no map');
  for (const [field, value] of Object.entries(fields)) {
    if (value === undefined) delete target.spec[field];
    else target.spec[field] = value;
  }
  if (!isDeepStrictEqual(contentsOf(edited), wanted))
    throw new Error('it is written in a way that cannot be changed in one place only');
}

function contentsOf(text: string): unknown[] {
  return parseAllDocuments(text).map((document) => {
    if (document.errors.length > 0) return document.errors.map(({ code }) => code);
    // By way of JSON: what an alias repeats is a thing of its own then.
    const content: unknown = JSON.parse(JSON.stringify(document.toJS({ maxAliasCount: maxAliases })));
    return content;
  });
}

const maxAliases = 100;

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

interface Edit {
  readonly field: string;
  readonly value: string | number | undefined;
  readonly after: string | undefined;
}

function editField(text: string, at: number, { field, value, after }: Edit): string {
  const document = parseAllDocuments(text)[at];
  const spec = document?.getIn(['spec'], true);
  if (document === undefined || !isMap(spec)) throw new Error('its spec is no map');
  const place = placeOf(spec, field);
  if (place === undefined) return value === undefined ? text : insertField(text, spec, field, value, after);
  if (value === undefined) return removeField(text, spec, place);
  return `${text.slice(0, place.value)}${place.isQuoted ? JSON.stringify(value) : value}${text.slice(place.end)}`;
}

/** Where a field begins, where its value does, and where that ends. Undefined where there is no such field. */
function placeOf(spec: YAMLMap, field: string | undefined): FieldPlace | undefined {
  const pair = spec.items.find(({ key }) => isScalar(key) && key.value === field);
  if (pair === undefined) return undefined;
  const start = isScalar(pair.key) ? pair.key.range?.[0] : undefined;
  const value = isScalar(pair.value) ? pair.value : undefined;
  if (start === undefined || !value?.range) throw new Error(`its spec.${field} is no plain value`);
  const { range, type, anchor, tag } = value;
  if (range[0] === range[1]) throw new Error(`its spec.${field} is empty`);
  if (type === Scalar.BLOCK_LITERAL || type === Scalar.BLOCK_FOLDED)
    throw new Error(`its spec.${field} is a block of text`);
  if (anchor !== undefined || tag !== undefined) throw new Error(`its spec.${field} has an anchor or a tag`);
  return { start, value: range[0], end: range[1], isQuoted: type === Scalar.QUOTE_DOUBLE };
}

interface FieldPlace {
  readonly start: number;
  readonly value: number;
  readonly end: number;
  readonly isQuoted: boolean;
}

/** On a line of its own, unless the map is written in braces. */
function insertField(
  text: string,
  spec: YAMLMap,
  field: string,
  value: string | number,
  after: string | undefined,
): string {
  const [first] = spec.items;
  const start = isScalar(first?.key) ? first.key.range?.[0] : undefined;
  if (start === undefined) throw new Error('its spec is empty');
  const before = placeOf(spec, after);
  const entry = spec.flow === true ? `${quoted(text, field)}: ${quoted(text, value)}` : `${field}: ${value}`;
  if (spec.flow === true) {
    return before === undefined
      ? `${text.slice(0, start)}${entry}, ${text.slice(start)}`
      : `${text.slice(0, before.end)}, ${entry}${text.slice(before.end)}`;
  }
  const indent = text.slice(text.lastIndexOf('\n', start - 1) + 1, start);
  const lineEnd = text.includes('\r\n') ? '\r\n' : '\n';
  if (before === undefined) return `${text.slice(0, start)}${entry}${lineEnd}${indent}${text.slice(start)}`;
  const end = endOfLine(text, before.end);
  return `${text.slice(0, end)}${lineEnd}${indent}${entry}${text.slice(end)}`;
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  if (end < 0) return text.length;
  return text[end - 1] === '\r' ? end - 1 : end;
}

/** JSON wants quotes around names and texts. */
function quoted(text: string, value: string | number): string {
  return text.trimStart().startsWith('{') ? JSON.stringify(value) : `${value}`;
}

function removeField(text: string, spec: YAMLMap, { start, end }: FieldPlace): string {
  if (spec.flow === true) {
    const after = /^\s*,\s*/.exec(text.slice(end))?.[0].length ?? 0;
    const before = after > 0 ? 0 : (/,\s*$/.exec(text.slice(0, start))?.[0].length ?? 0);
    return `${text.slice(0, start - before)}${text.slice(end + after)}`;
  }
  const lineStart = text.lastIndexOf('\n', start - 1) + 1;
  const lineEnd = text.indexOf('\n', end);
  return `${text.slice(0, lineStart)}${lineEnd < 0 ? '' : text.slice(lineEnd + 1)}`;
}
