/** What a control plane wrote into the status of users' objects, found by who owns these fields, and withdrawn. */
import { statusManagerOf } from '../../delivery/kubernetes/kind-statuses.ts';
import { ApiFailure } from '../../kubernetes-api/api-failure.ts';
import { type ApiCollection, apiVersionOf, objectPath } from '../../kubernetes-api/api-paths.ts';
import { type ApiServer, serverSideApply } from '../../kubernetes-api/api-server.ts';
import { apiKindOf } from '../../resources/kind-info.ts';
import { kinds } from '../../resources/kind-table.ts';
import { isMap, type PlainMap } from '../../resources/plain-values.ts';
import { listObjects, servedCollection } from '../cluster-objects.ts';
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

/** Whoever owns a field takes it away by applying nothing. */
export async function withdrawStatus(
  server: ApiServer,
  { collection, kind, namespace, name }: WrittenStatus,
  revision: string,
): Promise<void> {
  const place = { name, ...(namespace === undefined ? {} : { namespace }) };
  const query = new URLSearchParams({ fieldManager: statusManagerOf(revision), force: 'true' });
  const path = `${objectPath(collection, place, 'status')}?${query}`;
  const body = { apiVersion: apiVersionOf(collection), kind, metadata: place };
  try {
    await server.send({ method: 'PATCH', path, body, contentType: serverSideApply });
  } catch (error) {
    // Somebody removed the object meanwhile, and its status with it.
    if (!(error instanceof ApiFailure) || !error.isAbsent) throw error;
  }
}

function isOf({ metadata }: PlainMap, statusManager: string): boolean {
  const fields = isMap(metadata) && Array.isArray(metadata.managedFields) ? metadata.managedFields : [];
  return fields.filter(isMap).some(({ manager, subresource }) => manager === statusManager && subresource === 'status');
}
