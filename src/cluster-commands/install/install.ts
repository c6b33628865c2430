/**
 * `isthmus install` and `isthmus upgrade`: what the chart makes, applied in an order in which everything finds what it needs.
 * Applying it again changes nothing. Definitions of others' kinds are left alone where somebody else has them.
 */

import type { InstallOutcome, InstallWish } from '../../cli/installation-actions.ts';
import type { ApiServer } from '../../kubernetes-api/api-server.ts';
import { IsthmusError } from '../../model/errors.ts';
import { managedByLabel } from '../../model/ownership.ts';
import { version } from '../../model/version.ts';
import { isMap, type PlainMap } from '../../resources/plain-values.ts';
import {
  type Applied,
  applyObject,
  deleteObject,
  installer,
  labelsOf,
  listObjects,
  readObject,
} from '../cluster-objects.ts';
import {
  definitions,
  deployments,
  type InstalledObject,
  inApplyOrder,
  nameOf,
  objectIn,
  pathOf,
} from '../manifest-kinds.ts';
import { untilGone, untilReady } from '../readiness.ts';
import { withCluster } from '../with-cluster.ts';
import { renderChart, valuesOf } from './chart.ts';
import { isOfInstallation, standingOf, whoseIs } from './installed-objects.ts';
import { type Inventory, inventoryManifest, inventoryObject, readInventory } from './inventory.ts';
import { refuseElsewhere } from './other-revisions.ts';
import { mergeValues } from './values.ts';

const definitionsTimeoutMs = 60_000;

/** The manifests of a wish, without a cluster: what `--dry-run` prints. */
export function renderInstallation(wish: Pick<InstallWish, 'release' | 'namespace' | 'values'>): readonly PlainMap[] {
  return [namespaceOf(wish.namespace), ...rendered(wish, wish.values, () => ({}))];
}

/** Throws what the cluster says against it; then some of it may be there, and applying it again goes on. */
export async function install(wish: InstallWish): Promise<InstallOutcome> {
  return withCluster(wish, async ({ server }) => installInto(server, wish));
}

async function installInto(server: ApiServer, wish: InstallWish): Promise<InstallOutcome> {
  const { release, namespace, progress } = wish;
  const before = await readInventory(server, release, namespace);
  await refuseForeign(server, wish, before);
  const kept = before === undefined || wish.resetValues ? [] : [before.values];
  const values = [...kept, ...wish.values];
  const revision = String(valuesOf({ values }).revision);
  await refuseElsewhere(server, revision, namespace);
  const lookup = await definitionsThere(server, progress);
  const manifests = rendered(wish, values, (_version, _kind, _namespace, name) => lookup.get(name) ?? {});
  const leftAlone = [...lookup].filter(
    ([name, crd]) => labelsOf(crd)['app.kubernetes.io/part-of'] !== 'isthmus' && isMissing(wish, name, manifests),
  );
  for (const [name] of leftAlone)
    progress(`left alone: CustomResourceDefinition ${name}, which somebody else installed`);
  const counts: Record<Applied | 'removed', number> = { created: 0, changed: 0, unchanged: 0, removed: 0 };
  const apply = async (manifest: PlainMap): Promise<void> => {
    const object = objectIn(manifest);
    const foreign = (there: PlainMap) => (isOfInstallation(there, manifest) ? undefined : whoseIs(there));
    const applied = await applyObject(server, object, manifest, { force: wish.force, foreign });
    counts[applied] += 1;
    if (applied !== 'unchanged') progress(`${applied}: ${nameOf(object)}`);
  };
  const ownNamespace = await namespaceManifest(server, namespace, before);
  const all = inApplyOrder([...ownNamespace, ...manifests]);
  const isDefinition = ({ kind }: PlainMap): boolean => kind === 'CustomResourceDefinition';
  for (const manifest of all.filter(isDefinition)) await apply(manifest);
  await untilReady(server, all.filter(isDefinition).map(objectIn), definitionsTimeoutMs, progress);
  for (const manifest of all.filter((one) => !isDefinition(one))) await apply(manifest);
  const objects = all.map(objectIn);
  for (const gone of goneSince(before, objects)) {
    const standing = await standingOf(server, gone, release);
    if (standing.is === 'foreign') progress(`left alone: ${nameOf(gone)}: ${standing.whose}`);
    if (standing.is !== 'installed' || !(await deleteObject(server, pathOf(gone), standing.uid))) continue;
    counts.removed += 1;
    progress(`removed: ${nameOf(gone)}`);
  }
  const given = values.reduce<PlainMap>(mergeValues, {});
  await apply(inventoryManifest(release, namespace, { version, revision, values: given, objects }));
  if (wish.wait) {
    const awaited = objects.filter(({ kind }) => kind === 'Deployment');
    await untilReady(server, awaited, wish.timeoutMs, progress);
  }
  return { ...counts, version, before: before?.version };
}

function rendered(
  { release, namespace }: Pick<InstallWish, 'release' | 'namespace'>,
  values: readonly PlainMap[],
  lookup: (version: string, kind: string, namespace: string, name: string) => unknown,
): readonly PlainMap[] {
  // Definitions are applied first, so that every kind of ours is there.
  const manifests = renderChart({ name: release, namespace, service: installer, values, hasKind: () => true, lookup });
  return inApplyOrder(manifests);
}

/** Whoever installed by Helm upgrades by Helm: two installers would undo one another's work. */
async function refuseForeign(server: ApiServer, wish: InstallWish, before: Inventory | undefined): Promise<void> {
  if (wish.isUpgrade && before === undefined)
    throw new IsthmusError(
      'BAD_DATA',
      `There is no installation "${wish.release}" in namespace ${wish.namespace} to upgrade. "isthmus install" makes one.`,
    );
  const labels = `app.kubernetes.io/name=isthmus,${managedByLabel}=Helm`;
  const [byHelm] = await listObjects(server, deployments, { labels, namespace: wish.namespace });
  if (byHelm === undefined) return;
  throw new IsthmusError(
    'BAD_DATA',
    `Helm installed isthmus in namespace ${wish.namespace}: use "helm upgrade", or "helm uninstall" first.`,
  );
}

/** All, once those of ours are gone that are being deleted: what is applied to one of these goes with it. */
async function definitionsThere(
  server: ApiServer,
  progress: InstallWish['progress'],
): Promise<ReadonlyMap<string, PlainMap>> {
  const leaving = async (): Promise<readonly InstalledObject[]> =>
    (await listObjects(server, definitions, { labels: 'app.kubernetes.io/part-of=isthmus' }))
      .filter(({ metadata }) => isMap(metadata) && metadata.deletionTimestamp !== undefined)
      .map((crd) => objectIn({ ...crd, kind: 'CustomResourceDefinition' }));
  await untilGone(leaving, definitionsTimeoutMs, progress);
  const all = await listObjects(server, definitions);
  return new Map(all.flatMap((crd) => (isMap(crd.metadata) ? [[String(crd.metadata.name), crd] as const] : [])));
}

/** Whether the chart would have made it, were it not there. */
function isMissing(wish: InstallWish, name: string, manifests: readonly PlainMap[]): boolean {
  const isNamed = (manifest: PlainMap): boolean =>
    manifest.kind === 'CustomResourceDefinition' && objectIn(manifest).name === name;
  return !manifests.some(isNamed) && renderInstallation(wish).some(isNamed);
}

/** A namespace that is there belongs to somebody; one that we made stays ours. */
async function namespaceManifest(
  server: ApiServer,
  name: string,
  before: Inventory | undefined,
): Promise<readonly PlainMap[]> {
  const isOurs = before?.objects.some((object) => object.kind === 'Namespace' && object.name === name) === true;
  const isThere = (await readObject(server, pathOf({ kind: 'Namespace', name }))) !== undefined;
  if (isThere && !isOurs) return [];
  return [namespaceOf(name)];
}

function namespaceOf(name: string): PlainMap {
  const labels = { [managedByLabel]: installer, 'app.kubernetes.io/part-of': 'isthmus' };
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } };
}

/** Definitions stay: objects of users are in them. */
function goneSince(before: Inventory | undefined, objects: readonly InstalledObject[]): readonly InstalledObject[] {
  const present = new Set(objects.map(pathOf));
  return (before?.objects ?? [])
    .filter((object) => object.kind !== 'CustomResourceDefinition' && object.kind !== 'Namespace')
    .filter((object) => !present.has(pathOf(object)))
    .toReversed();
}

export function inventoryPath({ release, namespace }: Pick<InstallWish, 'release' | 'namespace'>): string {
  return pathOf(inventoryObject(release, namespace));
}
