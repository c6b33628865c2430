/** Which control planes of ours are in the cluster, and where: by their Deployments, and by the Leases that they hold. */
import type { ApiServer } from '../../kubernetes-api/api-server.ts';
import { leases } from '../../kubernetes-api/built-in-collections.ts';
import { fieldOf, textOf } from '../../kubernetes-api/plain-fields.ts';
import { IsthmusError } from '../../model/errors.ts';
import { controlPlaneLabel, managedByLabel, ownManager, ownName, revisionLabel } from '../../model/ownership.ts';
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
  return planesOf(server, (label) => `${label},${label}!=${own}`);
}

/**
 * Of what one control plane wrote, the labels say of which revision it is, and not from which namespace: who acts for a namespace
 * in which it is not would act against the one that is elsewhere. Throws BAD_DATA then, and UNAVAILABLE.
 */
export async function refuseElsewhere(server: ApiServer, revision: string, namespace: string): Promise<void> {
  const planes = await planesOf(server, (label) => `${label}=${revision}`);
  const elsewhere = planes.find((one) => one.namespace !== namespace);
  if (elsewhere === undefined) return;
  const { namespace: home } = elsewhere;
  const remedy = elsewhere.isInstalled
    ? `To remove it there: isthmus uninstall -n ${home} --revision ${revision}.`
    : `It has no Deployment there, and holds its Lease. Where none runs there any more: kubectl -n ${home} delete lease ${ownName(revision)}.`;
  throw new IsthmusError(
    'BAD_DATA',
    `Control plane "${revision}" is in namespace ${home}, and not in ${namespace}: say -n ${home} for that one, or --revision NAME for another. ${remedy}`,
  );
}

interface FoundPlane extends OtherRevision {
  /** There is its Deployment, and not only the Lease that it holds. */
  readonly isInstalled: boolean;
}

/** `selector`: from the label that says of which revision it is. */
async function planesOf(server: ApiServer, selector: (label: string) => string): Promise<readonly FoundPlane[]> {
  const ofDeployments = `app.kubernetes.io/name=isthmus,${selector(controlPlaneLabel)}`;
  const ofLeases = `${managedByLabel}=${ownManager},${selector(revisionLabel)}`;
  const installed = await listObjects(server, deployments, { labels: ofDeployments });
  // One that runs outside the cluster, or was installed in another way, has no such Deployment.
  const held = (await listObjects(server, leases, { labels: ofLeases })).filter(isHeld);
  const found = [
    ...held.map((one) => ({ ...placeOf(one, revisionLabel), isInstalled: false })),
    ...installed.map((one) => ({ ...placeOf(one, controlPlaneLabel), isInstalled: true })),
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
