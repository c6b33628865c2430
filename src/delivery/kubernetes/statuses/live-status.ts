/**
 * The status that an object has, as far as it is ours, beside the one that it is to have: what is to be sent, or nothing.
 * When a condition changed, its time does; else it stays. What others tell of the object is theirs.
 */
import { type Condition, type ObjectStatus, withoutProxies } from '../../../model/object-status.ts';

interface TimedCondition extends Condition {
  /** As RFC 3339 has it, to the second. */
  readonly lastTransitionTime: string;
  readonly observedGeneration?: number;
}

export interface LiveStatus {
  /** Empty until an API server said it. */
  readonly uid: string;
  /** By type. */
  readonly conditions: ReadonlyMap<string, TimedCondition>;
  /** Types of those that our field manager owns: others are as they are by somebody else's word. */
  readonly owned: ReadonlySet<string>;
  /** All other fields of the status. */
  readonly fields: Readonly<Record<string, unknown>>;
}

export const noStatus: LiveStatus = { uid: '', conditions: new Map(), owned: new Set(), fields: {} };

/** Undefined for what is no object. `manager`: by whose name we write. */
export function liveStatusOf(
  object: unknown,
  manager: string,
): { readonly place: string; readonly status: LiveStatus } | undefined {
  const { metadata, status } = record(object);
  const { name, namespace, uid, managedFields } = record(metadata);
  if (typeof name !== 'string') return undefined;
  const { conditions, ...fields } = record(status);
  const known = (Array.isArray(conditions) ? conditions : []).flatMap((one: unknown) => timedCondition(one) ?? []);
  return {
    place: `${text(namespace)}/${name}`,
    status: {
      uid: text(uid),
      conditions: new Map(known.map((one) => [one.type, one])),
      owned: ownedTypes(managedFields, manager, known),
      fields,
    },
  };
}

export interface StatusChange {
  /** The whole of what we say, for the API server. */
  readonly status: object;
  /** As it will be then. */
  readonly live: LiveStatus;
  /** That turned False, or are so at a later generation. */
  readonly fallen: readonly Condition[];
}

/**
 * Undefined where the object says all of it already, by our word. `now`: milliseconds since the epoch. `prefix`: of the types,
 * where another control plane speaks for the object: we say our conditions beside its own, and nothing else.
 */
export function changeOf(wanted: ObjectStatus, live: LiveStatus, now: number, prefix = ''): StatusChange | undefined {
  const { generation } = wanted;
  const observed = generation === undefined ? {} : { observedGeneration: generation };
  const conditions = wanted.conditions.map(({ type, ...rest }) =>
    timed({ type: `${prefix}${type}`, ...rest }, live, generation, now),
  );
  const fields = prefix === '' ? { ...observed, ...wanted.fields, ...timesOf(wanted) } : {};
  const isSame =
    conditions.every((one) => live.owned.has(one.type) && isEqual(one, live.conditions.get(one.type))) &&
    Object.entries(fields).every(([name, value]) => live.fields[name] === value);
  if (isSame) return undefined;
  const merged = new Map([...live.conditions, ...conditions.map((one) => [one.type, one] as const)]);
  return {
    status: { ...fields, conditions },
    live: {
      uid: live.uid,
      conditions: merged,
      owned: new Set(conditions.map(({ type }) => type)),
      fields: { ...live.fields, ...fields },
    },
    fallen: conditions.filter((one) => isFallen(one, live.conditions.get(one.type))),
  };
}

/** Whether two sights of an object agree on what we say of it, in conditions and fields; what others say is theirs. */
export function isSameWord(wanted: ObjectStatus, a: LiveStatus, b: LiveStatus, prefix = ''): boolean {
  const types = wanted.conditions.map(({ type }) => `${prefix}${type}`);
  const fields = prefix === '' ? ['observedGeneration', ...Object.keys(wanted.fields)] : [];
  return (
    types.every((type) => isEqual(a.conditions.get(type), b.conditions.get(type))) &&
    fields.every((name) => a.fields[name] === b.fields[name])
  );
}

/** Whether all is known: what is not may be known in a moment. */
export function isSettled({ conditions }: ObjectStatus): boolean {
  return conditions.every(({ status }) => status !== 'Unknown');
}

function timed(condition: Condition, live: LiveStatus, generation: number | undefined, now: number): TimedCondition {
  const before = live.conditions.get(condition.type);
  const isKnown = before !== undefined && before.observedGeneration === generation && before.status !== 'Unknown';
  // What was known of this very generation is not forgotten since it has to be found out anew.
  if (condition.status === 'Unknown' && isKnown) return before;
  const { type, status, reason, message } = condition;
  // Nor is what proxies have taken told otherwise since they are not there now.
  if (reason === withoutProxies && before?.status === 'True' && before.observedGeneration === generation) return before;
  return {
    type,
    status,
    reason,
    message,
    lastTransitionTime: before?.status === status ? before.lastTransitionTime : timeText(now),
    ...(generation === undefined ? {} : { observedGeneration: generation }),
  };
}

function timesOf({ times = {} }: ObjectStatus): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(times).map(([name, time]) => [name, timeText(time)]));
}

function timeText(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

/** Whether both say the same, whenever they began to. */
export function isEqual(a: TimedCondition | undefined, b: TimedCondition | undefined): boolean {
  return (
    a === b ||
    (a !== undefined &&
      b !== undefined &&
      a.status === b.status &&
      a.reason === b.reason &&
      a.message === b.message &&
      a.observedGeneration === b.observedGeneration)
  );
}

function isFallen(now: TimedCondition, before: TimedCondition | undefined): boolean {
  if (now === before || now.status !== 'False') return false;
  return (
    before?.status !== 'False' || before.observedGeneration !== now.observedGeneration || before.reason !== now.reason
  );
}

/** As the API server notes it: `f:conditions` has a key for each, unless the kind's definition takes the list as one. */
function ownedTypes(managedFields: unknown, manager: string, known: readonly TimedCondition[]): ReadonlySet<string> {
  const entries = (Array.isArray(managedFields) ? managedFields : []).map(record);
  const own = entries.filter((entry) => entry.manager === manager && entry.operation === 'Apply');
  const keys = own.flatMap(({ fieldsV1 }) => {
    const conditions = record(record(fieldsV1)['f:status'])['f:conditions'];
    return conditions === undefined ? [] : [Object.keys(record(conditions))];
  });
  const types = known.map(({ type }) => type);
  return new Set(
    keys.flatMap((ofEntry) =>
      ofEntry.length === 0 ? types : types.filter((type) => ofEntry.includes(`k:${JSON.stringify({ type })}`)),
    ),
  );
}

function timedCondition(value: unknown): TimedCondition | undefined {
  const { type, status, reason, message, lastTransitionTime, observedGeneration } = record(value);
  if (typeof type !== 'string' || (status !== 'True' && status !== 'False' && status !== 'Unknown')) return undefined;
  return {
    type,
    status,
    reason: text(reason),
    message: text(message),
    lastTransitionTime: text(lastTransitionTime),
    ...(typeof observedGeneration === 'number' ? { observedGeneration } : {}),
  };
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
