/** What goes when the labels of a Namespace change: who stops heeding it, and how much is in it. */

import { ApiFailure } from '../../kubernetes-api/api-failure.ts';
import { collectionPath } from '../../kubernetes-api/api-paths.ts';
import type { ApiServer } from '../../kubernetes-api/api-server.ts';
import { leases } from '../../kubernetes-api/built-in-collections.ts';
import { fieldOf, textOf } from '../../kubernetes-api/plain-fields.ts';
import { managedByLabel, ownManager, ownName, revisionLabel } from '../../model/ownership.ts';
import { apiKindOf } from '../../resources/kind-info.ts';
import { kinds } from '../../resources/kind-table.ts';
import type { Heeding } from './namespace-meaning.ts';

/** One that is, or was, in the cluster: its Lease says so. */
export interface KnownPlane {
  readonly revision: string;
  readonly namespace: string;
}

/** Undefined where whoever asks may not list Leases. Rejects with ApiFailure. */
export async function knownPlanes(server: ApiServer): Promise<readonly KnownPlane[] | undefined> {
  const query = new URLSearchParams({ labelSelector: `${managedByLabel}=${ownManager}` });
  try {
    const items = fieldOf(await server.get(`${collectionPath(leases)}?${query}`), 'items');
    return (Array.isArray(items) ? items : []).flatMap((item: unknown) => {
      const metadata = fieldOf(item, 'metadata');
      const revision = textOf(fieldOf(metadata, 'labels'), revisionLabel);
      const namespace = textOf(metadata, 'namespace');
      const isPlane = revision !== undefined && textOf(metadata, 'name') === ownName(revision);
      return isPlane && namespace !== undefined ? [{ revision, namespace }] : [];
    });
  } catch (error) {
    if (error instanceof ApiFailure && error.isForbidden) return undefined;
    throw error;
  }
}

/** Who heeds it now, and not any more afterwards, for people; undefined where nobody is so, or no such control plane is known. */
export function losersOf(
  before: Heeding,
  after: Heeding,
  planes: readonly KnownPlane[] | undefined,
): string | undefined {
  // Who may not see which there are does well to expect the one that is there as a rule.
  const known = [...new Set(planes?.map(({ revision }) => revision) ?? ['default'])].sort();
  const losers = known.filter((revision) => isHeededBy(before, revision) && !isHeededBy(after, revision));
  return losers.length === 0 ? undefined : losers.map((one) => `"${one}"`).join(' and ');
}

function isHeededBy(heeding: Heeding, revision: string): boolean {
  return heeding === 'all' || (heeding !== 'none' && heeding.revision === revision);
}

/** What Kubernetes and controllers make goes with what people make: Services count, their slices do not. */
const counted = kinds.filter(
  ({ kind, scope }) => scope !== 'Cluster' && !['Pod', 'EndpointSlice', 'ConfigMap', 'Secret', 'Node'].includes(kind),
);

/** Of what is heeded in the namespace, such as `Service (4)`; empty for nothing. Kinds that may not be listed are said. */
export async function contentsOf(server: ApiServer, namespace: string): Promise<readonly string[]> {
  const found = await Promise.all(
    counted.map(async ({ group, versions, plural, ...info }) => {
      const paths = versions.map((version) => collectionPath({ group, version, plural }, namespace));
      const count = await countOf(server, paths);
      return count === 0 ? undefined : `${apiKindOf(info)} (${count ?? 'unknown: you may not list them'})`;
    }),
  );
  return found.filter((text) => text !== undefined);
}

/** In the first of the versions that is there. Undefined: it may not be asked. */
async function countOf(server: ApiServer, [path, ...more]: readonly string[]): Promise<number | undefined> {
  if (path === undefined) return 0;
  try {
    const list = await server.get(`${path}?limit=1`);
    const items = fieldOf(list, 'items');
    const remaining = fieldOf(fieldOf(list, 'metadata'), 'remainingItemCount');
    return (Array.isArray(items) ? items.length : 0) + (typeof remaining === 'number' ? remaining : 0);
  } catch (error) {
    if (!(error instanceof ApiFailure)) throw error;
    if (error.isAbsent) return countOf(server, more);
    if (error.isForbidden) return undefined;
    throw error;
  }
}
