/** What installing asks of an API server: to read, apply and delete single objects, each answer told apart. */
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiFailure } from '../kubernetes-api/api-failure.ts';
import { type ApiCollection, collectionPath, findCollection } from '../kubernetes-api/api-paths.ts';
import { type ApiServer, serverSideApply } from '../kubernetes-api/api-server.ts';
import { IsthmusError, messageOf } from '../model/errors.ts';
import { isMap, type PlainMap } from '../resources/plain-values.ts';
import { type InstalledObject, nameOf, pathOf } from './manifest-kinds.ts';

/** Who made an object, by its label and as its field manager: not Helm. */
export const installer = 'isthmus-install';

const mostTries = 10;

export type Applied = 'created' | 'changed' | 'unchanged';

/** Undefined where there is none, or no such kind. Throws UNAVAILABLE. */
export async function readObject(server: ApiServer, path: string): Promise<PlainMap | undefined> {
  try {
    const value = await patiently(async () => server.get(path));
    return isMap(value) ? value : undefined;
  } catch (error) {
    if (error instanceof ApiFailure && error.isAbsent) return undefined;
    throw unavailable(`${path} cannot be read`, error);
  }
}

/** All of a kind, with these labels where some are given; none where there is no such kind. Throws UNAVAILABLE. */
export async function listObjects(
  server: ApiServer,
  collection: ApiCollection,
  { labels, namespace, limit }: { readonly labels?: string; readonly namespace?: string; readonly limit?: number } = {},
): Promise<readonly PlainMap[]> {
  const query = new URLSearchParams({
    ...(labels === undefined ? {} : { labelSelector: labels }),
    ...(limit === undefined ? {} : { limit: String(limit) }),
  });
  const list = await readObject(server, `${collectionPath(collection, namespace)}?${query}`);
  return Array.isArray(list?.items) ? list.items.filter(isMap) : [];
}

/** A kind in the first of these versions that is served; undefined where none is. Throws UNAVAILABLE. */
export async function servedCollection(
  server: ApiServer,
  kind: { readonly group: string; readonly versions: readonly string[]; readonly plural: string },
): Promise<ApiCollection | undefined> {
  // An answer is asked for one by one, so that each can be asked for again.
  const asking = { get: async (path: string) => patiently(async () => server.get(path)) };
  try {
    return await findCollection(asking, kind);
  } catch (error) {
    throw unavailable(`versions of ${kind.plural}.${kind.group} cannot be read`, error);
  }
}

/** The objects of a definition, in a version that is served; undefined where it serves none. */
export function collectionOf({ spec }: PlainMap): ApiCollection | undefined {
  if (!isMap(spec) || !isMap(spec.names) || !Array.isArray(spec.versions)) return undefined;
  const served = spec.versions.filter(isMap).find((version) => version.served === true);
  if (served === undefined) return undefined;
  return { group: String(spec.group), version: String(served.name), plural: String(spec.names.plural) };
}

/**
 * Server-side, as what we want of the object and nothing else of it. `foreign`: whose what is there is, where it is not to be
 * changed. Throws BAD_DATA for that, where others have some of these fields, or where the API server refuses the object;
 * UNAVAILABLE where we may not, or it does not answer.
 */
export async function applyObject(
  server: ApiServer,
  object: InstalledObject,
  manifest: PlainMap,
  { force, foreign }: { readonly force: boolean; readonly foreign: (before: PlainMap) => string | undefined },
): Promise<Applied> {
  const path = pathOf(object);
  const before = await readObject(server, path);
  const whose = before === undefined || force ? undefined : foreign(before);
  if (whose !== undefined)
    throw new IsthmusError(
      'BAD_DATA',
      `${nameOf(object)} is there already, and not by this installation: ${whose}. Remove it or rename it; with --force-conflicts it is taken over, and goes with "isthmus uninstall".`,
    );
  const query = new URLSearchParams({ fieldManager: installer, force: String(force) });
  try {
    const change = { method: 'PATCH', path: `${path}?${query}`, body: manifest, contentType: serverSideApply } as const;
    const after = await patiently(async () => server.send(change));
    if (before === undefined) return 'created';
    return versionOf(before) === versionOf(after) ? 'unchanged' : 'changed';
  } catch (error) {
    throw refused(object, error);
  }
}

/** `uid`: of the very object that is meant. False where there was none, or another one by now. Throws UNAVAILABLE. */
export async function deleteObject(server: ApiServer, path: string, uid?: string): Promise<boolean> {
  const meant = uid === undefined ? {} : { preconditions: { uid } };
  const body = { kind: 'DeleteOptions', apiVersion: 'v1', propagationPolicy: 'Background', ...meant };
  try {
    await patiently(async () => server.send({ method: 'DELETE', path, body }));
    return true;
  } catch (error) {
    if (error instanceof ApiFailure && (error.isAbsent || error.status === 409)) return false;
    throw unavailable(`${path} cannot be deleted`, error);
  }
}

/** Server-side, as a field manager that has it already. False where there is no such object. Throws UNAVAILABLE. */
export async function applyAs(server: ApiServer, manager: string, path: string, body: object): Promise<boolean> {
  const query = new URLSearchParams({ fieldManager: manager, force: 'true' });
  const change = { method: 'PATCH', path: `${path}?${query}`, body, contentType: serverSideApply } as const;
  try {
    await patiently(async () => server.send(change));
    return true;
  } catch (error) {
    if (error instanceof ApiFailure && error.isAbsent) return false;
    throw unavailable(`${path} cannot be changed`, error);
  }
}

/** An API server that has just started, or has just learnt of a kind, asks to be asked again. */
async function patiently(ask: () => Promise<unknown>): Promise<unknown> {
  for (let tries = 1; ; tries++) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof ApiFailure) || error.status !== 429 || tries === mostTries) throw error;
      await sleep(error.retryAfterMs ?? 1000);
    }
  }
}

export function labelsOf(object: PlainMap | undefined): PlainMap {
  const labels = isMap(object?.metadata) ? object.metadata.labels : undefined;
  return isMap(labels) ? labels : {};
}

function versionOf(object: unknown): unknown {
  return isMap(object) && isMap(object.metadata) ? object.metadata.resourceVersion : undefined;
}

function refused(object: InstalledObject, error: unknown): IsthmusError {
  const what = nameOf(object);
  if (error instanceof ApiFailure && error.status === 409)
    return new IsthmusError(
      'BAD_DATA',
      `${what} has fields that somebody else wrote: ${error.message}. Give --force-conflicts to take them over.`,
      { cause: error },
    );
  if (error instanceof ApiFailure && error.isRefused)
    return new IsthmusError('BAD_DATA', `${what} is refused: ${error.message}`, { cause: error });
  if (error instanceof ApiFailure && error.isAbsent)
    return new IsthmusError('BAD_DATA', `${what}: this cluster has no such kind, or no such namespace.`, {
      cause: error,
    });
  if (error instanceof ApiFailure && error.isOfEndingNamespace)
    return new IsthmusError(
      'UNAVAILABLE',
      `${what} cannot be applied: Namespace ${object.namespace} is being deleted. When it is gone, give the same command again: kubectl wait --for=delete namespace/${object.namespace} --timeout=5m.`,
      { cause: error },
    );
  return unavailable(`${what} cannot be applied`, error);
}

function unavailable(what: string, error: unknown): IsthmusError {
  return new IsthmusError('UNAVAILABLE', `${what}: ${messageOf(error)}`, { cause: error });
}
