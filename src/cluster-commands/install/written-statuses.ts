/** What a control plane wrote into the status of users' objects, found by who owns these fields, and withdrawn. */
import { statusManagerOf } from '../../delivery/kubernetes/statuses/kind-statuses.ts';
import { type ApiCollection, apiVersionOf, objectPath } from '../../kubernetes-api/api-paths.ts';
import type { ApiServer } from '../../kubernetes-api/api-server.ts';
import { apiKindOf } from '../../resources/kind-info.ts';
import { kinds } from '../../resources/kind-table.ts';
import { isMap, type PlainMap } from '../../resources/plain-values.ts';
import { applyAs, listObjects, servedCollection } from '../cluster-objects.ts';
import { objectIn } from '../manifest-kinds.ts';

export interface WrittenStatus {
  readonly collection: ApiCollection;
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
}

/** Throws UNAVAILABLE. */
export async function writtenStatuses(server: ApiServer, revision: string): Promise<readonly WrittenStatus[]> {
  const found: WrittenStatus[] = [];
  for (const info of kinds.filter(({ group }) => group.includes('.'))) {
    const collection = await servedCollection(server, info);
    if (collection === undefined) continue;
    const kind = apiKindOf(info);
    for (const object of await listObjects(server, collection))
      if (isOf(object, statusManagerOf(revision))) found.push({ collection, ...objectIn({ ...object, kind }) });
  }
  return found;
}

/** Whoever owns a field takes it away by applying nothing. Throws UNAVAILABLE. */
export async function withdrawStatus(
  server: ApiServer,
  { collection, kind, namespace, name }: WrittenStatus,
  revision: string,
): Promise<void> {
  const place = { name, ...(namespace === undefined ? {} : { namespace }) };
  const body = { apiVersion: apiVersionOf(collection), kind, metadata: place };
  // Where somebody removed the object meanwhile, its status went with it.
  await applyAs(server, statusManagerOf(revision), objectPath(collection, place, 'status'), body);
}

function isOf({ metadata }: PlainMap, statusManager: string): boolean {
  const fields = isMap(metadata) && Array.isArray(metadata.managedFields) ? metadata.managedFields : [];
  return fields.filter(isMap).some(({ manager, subresource }) => manager === statusManager && subresource === 'status');
}
