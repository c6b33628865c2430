/**
 * `isthmus uninstall`: away goes what install wrote and what the control plane wrote, webhooks first, so that nobody calls what
 * is not there. What stays: leases of virtual IPs, as tombstones, and definitions of which users have objects.
 */

import type { UninstallOutcome, UninstallWish } from '../../cli/installation-actions.ts';
import { fieldManager } from '../../delivery/kubernetes/objects/live-object.ts';
import { addressLeases } from '../../delivery/kubernetes/records/address-lease.ts';
import { type ApiCollection, objectPath } from '../../kubernetes-api/api-paths.ts';
import type { ApiServer } from '../../kubernetes-api/api-server.ts';
import { IsthmusError } from '../../model/errors.ts';
import { controlPlaneLabel, managedByLabel } from '../../model/ownership.ts';
import { isMap, type PlainMap } from '../../resources/plain-values.ts';
import { applyAs, deleteObject, labelsOf, listObjects } from '../cluster-objects.ts';
import { deployments, type InstalledObject, nameOf, objectIn, pathOf } from '../manifest-kinds.ts';
import { untilNonePresent } from '../readiness.ts';
import { withCluster } from '../with-cluster.ts';
import { inventoryPath } from './install.ts';
import { othersIn } from './namespace-contents.ts';
import { type Plan, type PresentObject, planOf } from './uninstall-plan.ts';
import { withdrawStatus } from './written-statuses.ts';

const pods: ApiCollection = { group: '', version: 'v1', plural: 'pods' };

type Remove = (path: string, name: string, uid?: string) => Promise<void>;

/** Throws BAD_DATA where Helm installed it, UNAVAILABLE where the API server does not answer, or refuses: it can be run again. */
export async function uninstall(wish: UninstallWish): Promise<UninstallOutcome> {
  return withCluster(wish, async ({ server }) => {
    await refuseHelms(server, wish);
    const plan = await planOf(server, wish);
    if (!wish.isConfirmed) return { ...outcomeOf(plan), isDone: false };
    await carryOut(server, wish, plan);
    return { ...outcomeOf(plan), isDone: true };
  });
}

async function refuseHelms(server: ApiServer, { namespace }: UninstallWish): Promise<void> {
  const labels = `app.kubernetes.io/name=isthmus,${managedByLabel}=Helm`;
  const [byHelm] = await listObjects(server, deployments, { labels, namespace });
  if (byHelm !== undefined)
    throw new IsthmusError(
      'BAD_DATA',
      `Helm installed isthmus in namespace ${namespace}: run "helm uninstall" first, and this again for what it leaves.`,
    );
}

async function carryOut(server: ApiServer, wish: UninstallWish, plan: Plan): Promise<void> {
  const { progress } = wish;
  const remove: Remove = async (path, name, uid) => {
    if (await deleteObject(server, path, uid)) progress(`removed: ${name}`);
  };
  const isWebhook = ({ kind }: InstalledObject): boolean => kind.endsWith('WebhookConfiguration');
  const isOfTheEnd = ({ kind }: InstalledObject): boolean => kind === 'Namespace';
  const runs = ({ kind }: InstalledObject): boolean => kind === 'Deployment';
  const take = async (wanted: (object: InstalledObject) => boolean): Promise<void> => {
    for (const object of plan.installed.filter(wanted).toReversed())
      await remove(pathOf(object), nameOf(object), object.uid);
  };
  await take(isWebhook);
  await take(runs);
  // Who still runs would write anew what is removed.
  const labels = `app.kubernetes.io/name=isthmus,${controlPlaneLabel}=${plan.revision}`;
  await untilNonePresent(
    async () => listObjects(server, pods, { labels, namespace: wish.namespace }),
    wish.timeoutMs,
    progress,
  );
  for (const { path, name, uid } of plan.written) await remove(path, name, uid);
  for (const status of plan.statuses) await withdrawStatus(server, status, plan.revision);
  await bury(server, plan.bound, wish);
  await take((object) => !isWebhook(object) && !runs(object) && !isOfTheEnd(object));
  for (const name of plan.goingDefinitions) {
    const object = { kind: 'CustomResourceDefinition', name };
    await remove(pathOf(object), nameOf(object));
  }
  await remove(inventoryPath(wish), 'the record of the installation');
  await removeNamespace(server, wish, plan.installed.filter(isOfTheEnd), remove);
}

/** As if each host had gone now: its address is reused last, and is its own again when it comes back. */
async function bury(server: ApiServer, bound: readonly PlainMap[], { now }: UninstallWish): Promise<void> {
  const since = new Date(now()).toISOString();
  for (const lease of bound) {
    const { name } = objectIn({ ...lease, kind: 'AddressLease' });
    const spec = { ...(isMap(lease.spec) ? lease.spec : {}), state: 'Tombstone', since };
    const body = {
      apiVersion: 'isthmus.dev/v1alpha1',
      kind: 'AddressLease',
      metadata: { name, labels: labelsOf(lease) },
      spec,
    };
    await applyAs(server, fieldManager, objectPath(addressLeases, { name }), body);
  }
}

/** One that we made, unless something of others is in it: with it, that would go as well. */
async function removeNamespace(
  server: ApiServer,
  { namespace, progress }: UninstallWish,
  made: readonly PresentObject[],
  remove: Remove,
): Promise<void> {
  if (made.length === 0) return;
  const others = await othersIn(server, namespace);
  if (others.length > 0) {
    progress(`left alone: Namespace ${namespace}, which holds ${others.join(', ')} of others`);
    return;
  }
  for (const object of made) await remove(pathOf(object), nameOf(object), object.uid);
}

function outcomeOf(plan: Plan): Omit<UninstallOutcome, 'isDone'> {
  return {
    installed: plan.installed.map(nameOf),
    written: plan.written.map(({ name }) => name),
    statuses: plan.statuses.length,
    bound: plan.bound.length,
    tombstones: plan.tombstones,
    ...(plan.keptNamespace === undefined ? {} : { keptNamespace: plan.keptNamespace }),
    kept: plan.kept,
    removedDefinitions: plan.goingDefinitions,
    keptDefinitions: plan.stayingDefinitions,
  };
}
