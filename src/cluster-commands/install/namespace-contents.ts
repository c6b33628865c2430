/** What there is in a namespace beside what Kubernetes itself makes: of every kind that can be deleted with it. */
import type { ApiCollection } from '../../kubernetes-api/api-paths.ts';
import type { ApiServer } from '../../kubernetes-api/api-server.ts';
import { fieldOf, textOf } from '../../kubernetes-api/plain-fields.ts';
import { messageOf } from '../../model/errors.ts';
import type { PlainMap } from '../../resources/plain-values.ts';
import { listObjects, readObject } from '../cluster-objects.ts';

/** What controllers make of other objects, and what is said of them. */
const made: ReadonlySet<string> = new Set(['events', 'endpoints', 'endpointslices']);

/** What Kubernetes, or Istio, puts into each namespace. */
const ofEvery: ReadonlySet<string> = new Set([
  'configmaps kube-root-ca.crt',
  'configmaps istio-ca-root-cert',
  'serviceaccounts default',
]);

/** Kinds of which there are objects, by their plural; sorted. A group that does not answer may have some: it is one of them. */
export async function othersIn(server: ApiServer, namespace: string): Promise<readonly string[]> {
  const others = new Set<string>();
  const seen = new Set<string>();
  for (const version of await servedVersions(server)) {
    try {
      for (const collection of await collectionsOf(server, version)) {
        const kind = `${collection.plural}.${collection.group}`;
        if (seen.has(kind)) continue;
        seen.add(kind);
        for (const object of await listObjects(server, collection, { namespace }))
          if (!isOfNobody(collection, object)) others.add(collection.plural);
      }
    } catch (error) {
      others.add(`what cannot be seen (${messageOf(error)})`);
    }
  }
  return [...others].sort();
}

/** What has an owner goes with it. */
function isOfNobody({ plural }: ApiCollection, { metadata }: PlainMap): boolean {
  const owners: unknown = fieldOf(metadata, 'ownerReferences');
  return (Array.isArray(owners) && owners.length > 0) || ofEvery.has(`${plural} ${textOf(metadata, 'name')}`);
}

interface ServedVersion {
  readonly group: string;
  readonly version: string;
}

/** Of each group all: not every kind is in the one that is preferred. Throws UNAVAILABLE. */
async function servedVersions(server: ApiServer): Promise<readonly ServedVersion[]> {
  const groups = listIn(await readObject(server, '/apis'), 'groups').flatMap((one) =>
    listIn(one, 'versions').map((version) => ({
      group: textOf(one, 'name') ?? '',
      version: textOf(version, 'version') ?? '',
    })),
  );
  return [{ group: '', version: 'v1' }, ...groups];
}

async function collectionsOf(server: ApiServer, { group, version }: ServedVersion): Promise<readonly ApiCollection[]> {
  const path = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
  return listIn(await readObject(server, path), 'resources').flatMap((one) => {
    const [plural = '', verbs] = [textOf(one, 'name'), listIn(one, 'verbs')];
    const isKept = fieldOf(one, 'namespaced') === true && verbs.includes('list') && verbs.includes('delete');
    return isKept && !plural.includes('/') && !made.has(plural) ? [{ group, version, plural }] : [];
  });
}

function listIn(value: unknown, name: string): readonly unknown[] {
  const list: unknown = fieldOf(value, name);
  return Array.isArray(list) ? list : [];
}
