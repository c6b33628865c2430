/** What leads from one plain value to another, as JSON Patch (RFC 6902): the fields and list items that differ, and no more. */
import { isMap, type PlainMap } from './pod.ts';

export interface PatchOperation {
  readonly op: 'add' | 'remove' | 'replace';
  /** JSON Pointer (RFC 6901). */
  readonly path: string;
  readonly value?: unknown;
}

/** To be carried out in this order. Empty where the two are equal. */
export function jsonPatch(before: unknown, after: unknown, path = ''): readonly PatchOperation[] {
  if (before === after) return [];
  if (isMap(before) && isMap(after)) return mapPatch(before, after, path);
  if (Array.isArray(before) && Array.isArray(after)) return listPatch(before, after, path);
  return [{ op: 'replace', path, value: after }];
}

function mapPatch(before: PlainMap, after: PlainMap, path: string): readonly PatchOperation[] {
  const gone = Object.keys(before).filter((key) => own(after, key) === undefined && before[key] !== undefined);
  const removals = gone.map((key) => ({ op: 'remove', path: `${path}/${escaped(key)}` }) as const);
  const changes = Object.entries(after).flatMap(([key, value]): readonly PatchOperation[] => {
    if (value === undefined) return [];
    const at = `${path}/${escaped(key)}`;
    const known = own(before, key);
    return known === undefined ? [{ op: 'add', path: at, value }] : jsonPatch(known, value, at);
  });
  return [...removals, ...changes];
}

/** A key may be called as something that every object inherits. */
function own(map: PlainMap, key: string): unknown {
  return Object.hasOwn(map, key) ? map[key] : undefined;
}

/** What is the same at the beginning and at the end of both stays; what is between goes, and comes anew. */
function listPatch(before: readonly unknown[], after: readonly unknown[], path: string): readonly PatchOperation[] {
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && isSame(before[start], after[start])) start++;
  let end = 0;
  while (end < shorter - start && isSame(before.at(-1 - end), after.at(-1 - end))) end++;
  const gone = before.length - start - end;
  const come = after.slice(start, after.length - end);
  // An item in the place of one item is changed where it stands.
  if (gone === 1 && come.length === 1) return jsonPatch(before[start], come[0], `${path}/${start}`);
  return [
    ...Array.from({ length: gone }, () => ({ op: 'remove', path: `${path}/${start}` }) as const),
    ...come.map((value, index) => ({ op: 'add', path: `${path}/${start + index}`, value }) as const),
  ];
}

function isSame(one: unknown, other: unknown): boolean {
  return jsonPatch(one, other).length === 0;
}

function escaped(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}
