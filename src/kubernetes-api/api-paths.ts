/** Where an API server has its collections and objects. */
import { ApiFailure } from './api-failure.ts';
import type { ApiServer } from './api-server.ts';

/** All objects of a kind, in one version. `group` is empty for the core group. */
export interface ApiCollection {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
}

export interface ApiObjectName {
  /** Absent or empty for what belongs to no namespace. */
  readonly namespace?: string;
  readonly name: string;
}

export function apiVersionOf({ group, version }: ApiCollection): string {
  return group === '' ? version : `${group}/${version}`;
}

/** `namespace` absent: those of all namespaces. */
export function collectionPath(collection: ApiCollection, namespace?: string): string {
  const inNamespace = namespace === undefined || namespace === '' ? '' : `/namespaces/${encodeURIComponent(namespace)}`;
  return `${versionPath(collection)}${inNamespace}/${collection.plural}`;
}

/** `subresource`: such as `status`. */
export function objectPath(
  collection: ApiCollection,
  { namespace, name }: ApiObjectName,
  subresource?: string,
): string {
  const whole = `${collectionPath(collection, namespace)}/${encodeURIComponent(name)}`;
  return subresource === undefined ? whole : `${whole}/${subresource}`;
}

function versionPath({ group, version }: ApiCollection): string {
  return group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
}

/**
 * The collection in the first of the versions in which the server has it; undefined where it has it in none. Rejects with
 * ApiFailure where that cannot be told.
 */
export async function findCollection(
  server: Pick<ApiServer, 'get'>,
  {
    group,
    versions,
    plural,
  }: { readonly group: string; readonly versions: readonly string[]; readonly plural: string },
  signal?: AbortSignal,
): Promise<ApiCollection | undefined> {
  for (const version of versions) {
    const collection = { group, version, plural };
    if (await isServed(server, collection, signal)) return collection;
  }
  return undefined;
}

async function isServed(
  server: Pick<ApiServer, 'get'>,
  collection: ApiCollection,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  try {
    return listsResource(await server.get(versionPath(collection), signal), collection.plural);
  } catch (error) {
    if (error instanceof ApiFailure && error.isAbsent) return false;
    throw error;
  }
}

function listsResource(value: unknown, plural: string): boolean {
  const resources: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, 'resources') : undefined;
  if (!Array.isArray(resources)) throw new ApiFailure('an answer is no list of resources');
  return resources.some(
    (one: unknown) => typeof one === 'object' && one !== null && Reflect.get(one, 'name') === plural,
  );
}
