/**
 * Findings as they are shown: the object under the name that its user knows, with its API group and the generation that was
 * read. In the model an object is known by its kind and name alone, so that a new generation changes nothing there.
 */
import type { Finding, ObjectRef } from '../../model/finding.ts';
import { apiKindOf } from '../../resources/kind-info.ts';
import { resourceKey } from '../../resources/kinds.ts';
import { kindOfObject } from '../../resources/object-keys.ts';
import type { Pipeline } from '../pipeline.ts';

export function located(finding: Finding, resources: Pipeline['resources']): Finding {
  const object = locatedObject(finding.object, resources);
  return object === finding.object ? finding : { ...finding, object };
}

/** Who read the object says its group and generation already: what it refused is in no table. */
function locatedObject(object: ObjectRef, resources: Pipeline['resources']): ObjectRef {
  const info = object.group === undefined ? kindOfObject(object) : undefined;
  if (info === undefined) return object;
  const { namespace = '', name } = object;
  const generation = resources[info.kind].get(resourceKey(info.kind, namespace, name))?.metadata.generation;
  return { ...object, kind: apiKindOf(info), group: info.group, ...(generation === undefined ? {} : { generation }) };
}
