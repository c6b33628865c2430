/**
 * What an installation wrote and by which values, in a ConfigMap beside it: an upgrade begins with these values, and what the
 * chart does not make any more is known by it.
 */

import { dump, load } from 'js-yaml';
import type { ApiServer } from '../../kubernetes-api/api-server.ts';
import { managedByLabel } from '../../model/ownership.ts';
import { isMap, type PlainMap } from '../../resources/plain-values.ts';
import { installer, readObject } from '../cluster-objects.ts';
import { type InstalledObject, pathOf } from '../manifest-kinds.ts';

export interface Inventory {
  readonly version: string;
  readonly revision: string;
  /** What the user gave, merged. */
  readonly values: PlainMap;
  /** In the order in which they were applied. */
  readonly objects: readonly InstalledObject[];
}

export function inventoryObject(release: string, namespace: string): InstalledObject {
  return { kind: 'ConfigMap', namespace, name: `${release}-installed` };
}

export async function readInventory(
  server: ApiServer,
  release: string,
  namespace: string,
): Promise<Inventory | undefined> {
  const found = await readObject(server, pathOf(inventoryObject(release, namespace)));
  if (!isMap(found?.data)) return undefined;
  const { version, revision, values, objects } = found.data;
  const given = typeof values === 'string' ? load(values) : undefined;
  const listed = typeof objects === 'string' ? load(objects) : undefined;
  return {
    version: String(version),
    revision: String(revision),
    values: isMap(given) ? given : {},
    objects: Array.isArray(listed) ? listed.filter(isInstalled) : [],
  };
}

export function inventoryManifest(
  release: string,
  namespace: string,
  { version, revision, values, objects }: Inventory,
): PlainMap {
  const labels = { 'app.kubernetes.io/name': 'isthmus', 'app.kubernetes.io/instance': release };
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name: inventoryObject(release, namespace).name,
      namespace,
      labels: { ...labels, [managedByLabel]: installer, 'app.kubernetes.io/part-of': 'isthmus' },
    },
    data: { version, revision, values: dump(values), objects: dump(objects) },
  };
}

function isInstalled(value: unknown): value is InstalledObject {
  return isMap(value) && typeof value.kind === 'string' && typeof value.name === 'string';
}
