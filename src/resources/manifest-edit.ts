/** Edits one field of a manifest where it stands, so that comments, order and quotes around it stay as they are. */
import { isMap, isScalar, parseAllDocuments, type YAMLMap } from 'yaml';

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

/** The text with fields of the spec of one document set, or removed where undefined. Throws Error where it cannot. */
export function editSpec(
  text: string,
  at: number,
  fields: Readonly<Record<string, string | number | undefined>>,
): string {
  return Object.entries(fields).reduce((edited, [field, value]) => editField(edited, at, field, value), text);
}

function editField(text: string, at: number, field: string, value: string | number | undefined): string {
  const document = parseAllDocuments(text)[at];
  const spec = document?.getIn(['spec'], true);
  if (document === undefined || !isMap(spec)) throw new Error('its spec is no map');
  const pair = spec.items.find(({ key }) => isScalar(key) && key.value === field);
  if (pair === undefined) return value === undefined ? text : insertField(text, spec, field, value);
  if (value === undefined) return removeField(text, spec, field);
  const range = isScalar(pair.value) ? pair.value.range : undefined;
  if (range === undefined || range === null) throw new Error(`its spec.${field} is no plain value`);
  return `${text.slice(0, range[0])}${value}${text.slice(range[1])}`;
}

/** Before the first field, on a line of its own unless the map is written in braces. */
function insertField(text: string, spec: YAMLMap, field: string, value: string | number): string {
  const [first] = spec.items;
  const start = isScalar(first?.key) ? first.key.range?.[0] : undefined;
  if (start === undefined) throw new Error('its spec is empty');
  if (spec.flow === true) return `${text.slice(0, start)}${quoted(text, field)}: ${value}, ${text.slice(start)}`;
  const line = text.slice(text.lastIndexOf('\n', start - 1) + 1, start);
  return `${text.slice(0, start)}${field}: ${value}\n${line}${text.slice(start)}`;
}

/** JSON wants quotes around a name. */
function quoted(text: string, field: string): string {
  return text.trimStart().startsWith('{') ? JSON.stringify(field) : field;
}

function removeField(text: string, spec: YAMLMap, field: string): string {
  const pair = spec.items.find(({ key }) => isScalar(key) && key.value === field);
  const start = isScalar(pair?.key) ? pair.key.range?.[0] : undefined;
  const end = isScalar(pair?.value) ? pair.value.range?.[1] : undefined;
  if (start === undefined || end === undefined) throw new Error(`its spec.${field} is no plain value`);
  if (spec.flow === true) {
    const after = /^\s*,\s*/.exec(text.slice(end))?.[0].length ?? 0;
    const before = after > 0 ? 0 : (/,\s*$/.exec(text.slice(0, start))?.[0].length ?? 0);
    return `${text.slice(0, start - before)}${text.slice(end + after)}`;
  }
  const lineStart = text.lastIndexOf('\n', start - 1) + 1;
  const lineEnd = text.indexOf('\n', end);
  return `${text.slice(0, lineStart)}${lineEnd < 0 ? '' : text.slice(lineEnd + 1)}`;
}
