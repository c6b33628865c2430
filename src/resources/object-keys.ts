/** From the object that a finding names to the resource that it is. */
import type { ObjectRef } from '../model/finding.ts';
import { apiKindOf, type KindInfo } from './kind-info.ts';
import { kinds } from './kind-table.ts';
import { type Kind, resourceKey } from './kinds.ts';

const byKind = new Map(kinds.map((info) => [String(info.kind), info]));
const byApiKind = new Map(kinds.map((info) => [`${info.group}/${apiKindOf(info)}`, info]));

/** With a group, the kind is as manifests write it; without, it is ours. Undefined for what is none that is read. */
export function kindOfObject({ kind, group }: Pick<ObjectRef, 'kind' | 'group'>): KindInfo<Kind> | undefined {
  return group === undefined ? byKind.get(kind) : byApiKind.get(`${group}/${kind}`);
}

/** Undefined for what is none that is read. */
export function keyOfObject(object: ObjectRef): string | undefined {
  const info = kindOfObject(object);
  return info === undefined ? undefined : resourceKey(info.kind, object.namespace ?? '', object.name);
}
