/** Which of several resources comes first, and how a finding names one: the same on every replica and after a restart. */
import type { FindingDetails } from '../model/finding.ts';
import type { AnyResource } from '../resources/kinds.ts';

export type Described = Pick<AnyResource, 'kind' | 'key' | 'metadata'>;

/** The oldest first; what has no age comes after what has one; then the smallest key. */
export function byAge(a: Described, b: Described): number {
  const [createdA, createdB] = [a.metadata.created ?? Infinity, b.metadata.created ?? Infinity];
  if (createdA !== createdB) return createdA - createdB;
  return compareText(a.key, b.key);
}

/** By code units, as the engine orders keys; never by locale. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** The object and place of a finding about a resource. */
export function about(resource: Pick<Described, 'kind' | 'metadata'>): Pick<FindingDetails, 'object' | 'place'> {
  const { namespace, name, place } = resource.metadata;
  const object = { kind: resource.kind, ...(namespace === '' ? {} : { namespace }), name };
  return place === undefined ? { object } : { object, place };
}
