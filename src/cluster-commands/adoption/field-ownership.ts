/**
 * Who wrote which fields of an object, as if what another bridge wrote had been applied by us: an apply of ours then takes
 * away what we do not want any more, as it would of our own.
 */
import { fieldManager } from '../../delivery/kubernetes/objects/live-object.ts';
import { fieldOf, textOf } from '../../kubernetes-api/plain-fields.ts';

const bridges = /^(aeraki|[a-z]+2istio)$/i;

/** Entries of `metadata.managedFields`. Those of a bridge, or, where none bears its name, of whoever wrote the content. */
export function adoptedFields(entries: readonly unknown[], now: string): readonly unknown[] {
  const named = entries.filter((entry) => bridges.test(textOf(entry, 'manager') ?? '') && isWhole(entry));
  const taken = named.length > 0 ? named : entries.filter((entry) => isWhole(entry) && writesContent(entry));
  const own = entries.filter((entry) => isOwn(entry));
  const all = [...own, ...taken.filter((entry) => !own.includes(entry))];
  const [first] = all;
  if (first === undefined) return entries;
  const rest = entries.filter((entry) => !all.includes(entry));
  const apiVersion = textOf(first, 'apiVersion');
  // Fields have one set of names for each version: those of another version stay with who wrote them.
  const together = all.filter((entry) => textOf(entry, 'apiVersion') === apiVersion);
  const apart = all.filter((entry) => !together.includes(entry));
  const fieldsV1 = together.map((entry) => fieldOf(entry, 'fieldsV1')).reduce(merged, {});
  return [
    ...rest,
    ...apart,
    { manager: fieldManager, operation: 'Apply', apiVersion, time: now, fieldsType: 'FieldsV1', fieldsV1 },
  ];
}

/** Not of a status, which has managers of its own. */
function isWhole(entry: unknown): boolean {
  return (textOf(entry, 'subresource') ?? '') === '';
}

function isOwn(entry: unknown): boolean {
  return textOf(entry, 'manager') === fieldManager && textOf(entry, 'operation') === 'Apply' && isWhole(entry);
}

function writesContent(entry: unknown): boolean {
  const fields = fieldOf(entry, 'fieldsV1');
  return fieldOf(fields, 'f:spec') !== undefined || fieldOf(fields, 'f:data') !== undefined;
}

function merged(a: unknown, b: unknown): object {
  const [left, right] = [record(a), record(b)];
  const names = new Set([...Object.keys(left), ...Object.keys(right)]);
  return Object.fromEntries([...names].sort().map((name) => [name, merged(left[name], right[name])]));
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
