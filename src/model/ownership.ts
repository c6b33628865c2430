/** What a control plane in a cluster is called, and how objects say whose they are. */

/** Whose hand an object is of: ours where it is `ownManager`. */
export const managedByLabel = 'app.kubernetes.io/managed-by';
export const ownManager = 'isthmus';
/** On an object, or else on its Namespace: the control plane that alone heeds it. On what we wrote: the one that wrote it. */
export const revisionLabel = 'isthmus.dev/rev';
/** On what a control plane was installed with: its revision. */
export const controlPlaneLabel = 'isthmus.dev/control-plane';
/** On a Namespace: `"true"` leaves it to nobody. */
export const ignoreLabel = 'isthmus.dev/ignore';
/** An annotation of what we wrote: the object of a user that it comes from. */
export const sourceAnnotation = 'isthmus.dev/source';
/** A label: `"true"` on what was somebody else's, and was taken over. */
export const adoptedLabel = 'isthmus.dev/adopted';
/** Kubernetes' own namespaces: their Pods are what everything else rests upon. */
export const systemNamespaces: readonly string[] = ['kube-system', 'kube-public', 'kube-node-lease'];

/** Of the Service, the ServiceAccount, the Lease, the webhooks of a control plane; all else of it begins with it, and a dash. */
export function ownName(revision: string): string {
  return revision === 'default' ? 'isthmus' : `isthmus-${revision}`;
}

/** Of what the control plane of the revision wrote. */
export function ownLabels(revision: string): Readonly<Record<string, string>> {
  return { [managedByLabel]: ownManager, [revisionLabel]: revision };
}

/** Of all that bears `ownLabels(revision)`, as kubectl writes a selector. */
export function ownSelector(revision: string): string {
  return `${managedByLabel}=${ownManager},${revisionLabel}=${revision}`;
}

/** Whether the labels are those of what the control plane of the revision wrote. */
export function bearsOwnLabels(labels: Readonly<Record<string, unknown>>, revision: string): boolean {
  return labels[managedByLabel] === ownManager && labels[revisionLabel] === revision;
}
