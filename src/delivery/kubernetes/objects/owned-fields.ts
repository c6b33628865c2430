/**
 * The part of an object in the cluster that one field manager applied, with the values that are there now: what others own
 * is not in it, and what others took over is not either. See Kubernetes' server-side apply, FieldsV1.
 */

type Fields = Readonly<Record<string, unknown>>;

export interface ManagedEntry {
  readonly manager: string;
  readonly operation: string;
  readonly subresource: string;
  readonly time: string;
  readonly fields: Fields;
}

/** Who wrote which fields; what cannot be read is left out. */
export function managedEntries(metadata: unknown): readonly ManagedEntry[] {
  const { managedFields } = record(metadata);
  if (!Array.isArray(managedFields)) return [];
  return managedFields.map((one: unknown) => {
    const { manager, operation, subresource, time, fieldsV1 } = record(one);
    return {
      manager: text(manager),
      operation: text(operation),
      subresource: text(subresource),
      time: text(time),
      fields: record(fieldsV1),
    };
  });
}

/** `fields`: those of one manager. Undefined where none of them is there. */
export function ownedPart(value: unknown, fields: Fields): unknown {
  const parts = Object.keys(fields).filter((part) => part !== '.');
  if (parts.length === 0) return value;
  return Array.isArray(value) ? ownedItems(value, fields, parts) : ownedEntries(record(value), fields, parts);
}

function ownedEntries(value: Fields, fields: Fields, parts: readonly string[]): unknown {
  const owned = parts.flatMap((part) => {
    const name = part.slice(2);
    return part.startsWith('f:') && Object.hasOwn(value, name)
      ? [[name, ownedPart(value[name], record(fields[part]))] as const]
      : [];
  });
  return Object.fromEntries(owned);
}

/** Items of a list are known by the values of some of their fields, by their own value, or by their place. */
function ownedItems(items: readonly unknown[], fields: Fields, parts: readonly string[]): unknown {
  const keyed = parts.map((part) => ({ part, is: part.slice(0, 2), key: parsed(part.slice(2)) }));
  return items.flatMap((item, at) => {
    const found = keyed.find(({ is, key }) => {
      if (is === 'k:' && key !== undefined)
        return Object.entries(record(key)).every(([name, value]) => record(item)[name] === value);
      return is === 'v:' ? item === key : is === 'i:' && key === at;
    });
    return found === undefined ? [] : [ownedPart(item, record(fields[found.part]))];
  });
}

export function record(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

export function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function parsed(written: string): unknown {
  try {
    return JSON.parse(written);
  } catch {
    return undefined;
  }
}
