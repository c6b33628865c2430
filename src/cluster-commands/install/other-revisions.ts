/** Which other control planes of ours are in the cluster: by their Deployments, and by the Leases that they hold. */
import { leases } from '../../delivery/kubernetes/lease-object.ts';
import type { ApiServer } from '../../kubernetes-api/api-server.ts';
import { fieldOf, textOf } from '../../kubernetes-api/plain-fields.ts';
import { controlPlaneLabel, managedByLabel, ownManager, revisionLabel } from '../../model/ownership.ts';
import type { PlainMap } from '../../resources/plain-values.ts';
import { labelsOf, listObjects } from '../cluster-objects.ts';
import { deployments } from '../manifest-kinds.ts';

export interface OtherRevision {
  readonly revision: string;
  /** Its system namespace. */
  readonly namespace: string;
}

/** Sorted, each once. Throws UNAVAILABLE. */
export async function otherRevisions(server: ApiServer, own: string): Promise<readonly OtherRevision[]> {
  const ofDeployments = `app.kubernetes.io/name=isthmus,${controlPlaneLabel},${controlPlaneLabel}!=${own}`;
  const ofLeases = `${managedByLabel}=${ownManager},${revisionLabel},${revisionLabel}!=${own}`;
  const installed = await listObjects(server, deployments, { labels: ofDeployments });
  // One that runs outside the cluster, or was installed in another way, has no such Deployment.
  const held = (await listObjects(server, leases, { labels: ofLeases })).filter(isHeld);
  const found = [
    ...installed.map((one) => placeOf(one, controlPlaneLabel)),
    ...held.map((one) => placeOf(one, revisionLabel)),
  ];
  const byPlace = new Map(found.map((one) => [`${one.revision} ${one.namespace}`, one]));
  return [...byPlace].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one);
}

function isHeld({ spec }: PlainMap): boolean {
  return (textOf(spec, 'holderIdentity') ?? '') !== '';
}

function placeOf(object: PlainMap, label: string): OtherRevision {
  return {
    revision: String(labelsOf(object)[label]),
    namespace: textOf(fieldOf(object, 'metadata'), 'namespace') ?? '',
  };
}
