/** What is to go when a control plane is uninstalled, and what is to stay. */

import type { KeptObject, UninstallWish } from '../../cli/installation-actions.ts';
import { liveObjectOf } from '../../delivery/kubernetes/objects/live-object.ts';
import { writtenKinds } from '../../delivery/kubernetes/objects/written-kinds.ts';
import { addressLeases } from '../../delivery/kubernetes/records/address-lease.ts';
import { type ApiCollection, collectionPath } from '../../kubernetes-api/api-paths.ts';
import type { ApiServer } from '../../kubernetes-api/api-server.ts';
import {
  configMaps,
  leases as coordinationLeases,
  namespaces,
  secrets,
} from '../../kubernetes-api/built-in-collections.ts';
import { fieldOf, textOf } from '../../kubernetes-api/plain-fields.ts';
import { managedByLabel, ownManager, ownName, ownSelector, revisionLabel } from '../../model/ownership.ts';
import { isMap, type PlainMap } from '../../resources/plain-values.ts';
import { collectionOf, installer, labelsOf, listObjects, readObject, servedCollection } from '../cluster-objects.ts';
import { definitions, type InstalledObject, nameOf, objectIn, pathOf } from '../manifest-kinds.ts';
import { standingOf } from './installed-objects.ts';
import { readInventory } from './inventory.ts';
import { reasonToKeep } from './kept-config-maps.ts';
import { type OtherRevision, otherRevisions, refuseElsewhere } from './other-revisions.ts';
import { type WrittenStatus, writtenStatuses } from './written-statuses.ts';

const leasesDefinition = 'addressleases.isthmus.dev';

/** What a control plane writes in its own namespace. */
const writtenAtHome: readonly ApiCollection[] = [secrets, configMaps, coordinationLeases];
/** Keys of the mesh are one for all revisions. */
const shared = /^isthmus-(certificate-authority|token-keys|issuer)/;

/** Of what the control plane wrote. */
interface WrittenObject {
  readonly path: string;
  readonly name: string;
  /** Of the very object: what comes in its place is none of ours. */
  readonly uid: string;
}

/** Of what was installed, likewise. */
export type PresentObject = InstalledObject & Pick<WrittenObject, 'uid'>;

/** What is to go. Nothing is done yet. */
export interface Plan {
  readonly revision: string;
  readonly installed: readonly PresentObject[];
  readonly written: readonly WrittenObject[];
  readonly kept: readonly KeptObject[];
  readonly statuses: readonly WrittenStatus[];
  /** Leases of virtual IPs in use. */
  readonly bound: readonly PlainMap[];
  /** How many were left by hosts that are gone. */
  readonly tombstones: number;
  /** That of the control plane, where somebody else made it, and no other control plane is in it. */
  readonly keptNamespace?: string;
  readonly goingDefinitions: readonly string[];
  readonly stayingDefinitions: readonly string[];
}

/** Throws BAD_DATA where the control plane is in another namespace, UNAVAILABLE. */
export async function planOf(server: ApiServer, wish: UninstallWish): Promise<Plan> {
  const inventory = await readInventory(server, wish.release, wish.namespace);
  const revision = inventory?.revision ?? wish.revision;
  await refuseElsewhere(server, revision, wish.namespace);
  const others = await otherRevisions(server, revision);
  const maps = await sortConfigMaps(server, revision, others);
  const keptPaths = new Set(maps.kept.map(({ path }) => path));
  const anywhere = await writtenAnywhere(server, revision);
  const found = [...anywhere.going, ...maps.going, ...(await atHome(server, wish.namespace, revision, others))].filter(
    ({ path }) => !keptPaths.has(path),
  );
  const leases = await listObjects(server, addressLeases, { labels: ownSelector(revision) });
  const bound = leases.filter(({ spec }) => isMap(spec) && spec.state === 'Bound');
  const sorted = await sortDefinitions(server, wish.isWithDefinitions, others);
  const { installed, foreign } = await sortInstalled(server, inventory?.objects ?? [], wish.release);
  const isShared = others.some(({ namespace }) => namespace === wish.namespace);
  return {
    revision,
    installed,
    written: [...new Map(found.map((one) => [one.path, one])).values()],
    kept: [...foreign, ...anywhere.kept, ...maps.kept, ...sorted.kept],
    statuses: await writtenStatuses(server, revision),
    bound,
    tombstones: leases.length - bound.length,
    ...(isShared ? {} : await keptNamespace(server, wish.namespace, installed)),
    goingDefinitions: sorted.going,
    stayingDefinitions: sorted.staying,
  };
}

/** What the inventory names may have been replaced since, or be somebody else's by now. */
async function sortInstalled(
  server: ApiServer,
  objects: readonly InstalledObject[],
  release: string,
): Promise<{ readonly installed: readonly PresentObject[]; readonly foreign: readonly KeptObject[] }> {
  const installed: PresentObject[] = [];
  const foreign: KeptObject[] = [];
  for (const object of objects.filter(({ kind }) => kind !== 'CustomResourceDefinition')) {
    const standing = await standingOf(server, object, release);
    if (standing.is === 'installed') installed.push({ ...object, uid: standing.uid });
    // That it stays is told of a Namespace in any case.
    else if (standing.is === 'foreign' && object.kind !== 'Namespace')
      foreign.push({ name: nameOf(object), why: `It is not as this installation made it: ${standing.whose}.` });
  }
  return { installed, foreign };
}

async function keptNamespace(
  server: ApiServer,
  name: string,
  installed: readonly InstalledObject[],
): Promise<Pick<Plan, 'keptNamespace'>> {
  if (installed.some(({ kind }) => kind === 'Namespace')) return {};
  const { metadata } = (await readObject(server, pathOf({ kind: 'Namespace', name }))) ?? {};
  return isMap(metadata) && metadata.deletionTimestamp === undefined ? { keptNamespace: name } : {};
}

function neededBy(others: readonly OtherRevision[]): string {
  const names = [...new Set(others.map(({ revision }) => revision))].join(', ');
  return `Another control plane is in the cluster, which needs this definition: ${names}. It stays at least as long as that one.`;
}

const copied =
  'It bears our labels, and we wrote nothing of it: labels can be copied. Delete it where nobody needs it.';

async function writtenAnywhere(
  server: ApiServer,
  revision: string,
): Promise<{ readonly going: readonly WrittenObject[]; readonly kept: readonly KeptObject[] }> {
  const going: WrittenObject[] = [];
  const kept: KeptObject[] = [];
  for (const kind of writtenKinds) {
    const collection = await servedCollection(server, kind);
    if (collection === undefined) continue;
    const bearing = await listObjects(server, collection, { labels: ownSelector(revision) });
    const isApplied = (object: PlainMap): boolean => liveObjectOf(object, revision)?.isApplied === true;
    going.push(...writtenIn(collection, bearing.filter(isApplied)));
    const strangers = writtenIn(
      collection,
      bearing.filter((object) => !isApplied(object)),
    );
    kept.push(...strangers.map(({ name }) => ({ name, why: copied })));
  }
  return { going, kept };
}

async function atHome(
  server: ApiServer,
  namespace: string,
  revision: string,
  others: readonly OtherRevision[],
): Promise<readonly WrittenObject[]> {
  const neighbours = others.filter((one) => one.namespace === namespace).map((one) => one.revision);
  const found: WrittenObject[] = [];
  for (const collection of writtenAtHome) {
    const ours = await listObjects(server, collection, { labels: `${managedByLabel}=${ownManager}`, namespace });
    found.push(
      ...writtenIn(
        collection,
        ours.filter((object) => isOfRevision(object, revision, neighbours)),
      ),
    );
  }
  return found;
}

/** Those in any namespace. */
async function sortConfigMaps(
  server: ApiServer,
  revision: string,
  others: readonly OtherRevision[],
): Promise<{ readonly going: readonly WrittenObject[]; readonly kept: readonly (WrittenObject & KeptObject)[] }> {
  const labels = `${revisionLabel}=${revision}`;
  const own = others.length === 0 ? [] : await listObjects(server, namespaces, { labels });
  const remaining = {
    revisions: [...new Set(others.map((one) => one.revision))],
    ownNamespaces: new Set(own.map((object) => objectIn({ ...object, kind: 'Namespace' }).name)),
  };
  const going: WrittenObject[] = [];
  const kept: (WrittenObject & KeptObject)[] = [];
  for (const map of await listObjects(server, configMaps, { labels: ownSelector(revision) })) {
    const why = reasonToKeep(map, remaining);
    for (const one of writtenIn(configMaps, [map]))
      if (why === undefined) going.push(one);
      else kept.push({ ...one, why });
  }
  return { going, kept };
}

/** Those that we installed. That of leases stays whatever is asked for. */
async function sortDefinitions(
  server: ApiServer,
  isWithUsed: boolean,
  others: readonly OtherRevision[],
): Promise<{
  readonly going: readonly string[];
  readonly staying: readonly string[];
  readonly kept: readonly KeptObject[];
}> {
  const all = await listObjects(server, definitions, { labels: 'app.kubernetes.io/part-of=isthmus' });
  const going: string[] = [];
  const staying: string[] = [];
  const kept: KeptObject[] = [];
  for (const crd of all) {
    const { name } = objectIn({ ...crd, kind: 'CustomResourceDefinition' });
    if (others.length > 0) {
      kept.push({ name: `CustomResourceDefinition ${name}`, why: neededBy(others) });
      continue;
    }
    const isLeases = name === leasesDefinition;
    const isUsed = await hasObjects(server, crd);
    if (isUsed && (isLeases || !isWithUsed)) staying.push(name);
    else going.push(name);
  }
  return { going, staying, kept };
}

async function hasObjects(server: ApiServer, { spec }: PlainMap): Promise<boolean> {
  const collection = collectionOf({ spec });
  if (collection === undefined) return true;
  const found = await listObjects(server, collection, { limit: 2 });
  // What the installation itself made is nobody's loss.
  return found.some((object) => labelsOf(object)[managedByLabel] !== installer);
}

/** What is ours in the namespace is named after the revision, but for what all have in common. */
function isOfRevision(object: PlainMap, revision: string, others: readonly string[]): boolean {
  const { name } = objectIn({ ...object, kind: 'object' });
  const isNamedAfter = (one: string): boolean => {
    const prefix = ownName(one);
    return name === prefix || name.startsWith(`${prefix}-`);
  };
  if (!isNamedAfter(revision) && !shared.test(name)) return false;
  return others.length === 0 || !(shared.test(name) || others.some((one) => one !== 'default' && isNamedAfter(one)));
}

function writtenIn(collection: ApiCollection, objects: readonly PlainMap[]): readonly WrittenObject[] {
  return objects.map((object) => {
    const { name, namespace } = objectIn({ ...object, kind: collection.plural });
    const path = `${collectionPath(collection, namespace)}/${encodeURIComponent(name)}`;
    const uid = textOf(fieldOf(object, 'metadata'), 'uid') ?? '';
    return { path, name: `${collection.plural} ${namespace}/${name}`, uid };
  });
}
