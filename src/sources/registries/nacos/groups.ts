/**
 * Which namespaces and groups are read: those that the ServiceRegistry names, else all that the server's own console API
 * lists. gRPC lists the services of one group, and no groups.
 */
import { messageOf } from '../../../model/errors.ts';
import type { RegistrySelectSpec } from '../../../resources/kinds.ts';
import type { Doubt } from '../doubt.ts';
import {
  type CatalogPage,
  type HttpServer,
  isUnknownPath,
  readCatalog1,
  readCatalog3,
  readJson,
} from './http-session.ts';
import { isRecord } from './json-record.ts';
import { doubtOf, namespaceOf, Refused } from './naming-session.ts';

const usualNamespace = 'public';
const usualGroup = 'DEFAULT_GROUP';
const maxPages = 1_000;

export interface Group {
  readonly namespace: string;
  readonly group: string;
}

export interface Groups {
  readonly groups: readonly Group[];
  /** Why there may be others. */
  readonly doubts: readonly Doubt[];
}

export async function readGroups(server: HttpServer, select: RegistrySelectSpec): Promise<Groups> {
  const doubts: Doubt[] = [];
  const note = (what: string, error: unknown): void => {
    doubts.push({
      cause: error instanceof Refused ? doubtOf(error).cause : 'unsettled',
      text: `${what}: others cannot be listed, ${messageOf(error)}`,
    });
  };
  let namespaces: readonly string[] = select.namespaces.map(namespaceOf);
  if (namespaces.length === 0) {
    namespaces = await readNamespaces(server).catch((error: unknown) => {
      note('spec.select names no namespaces, and only public is read', error);
      return [usualNamespace];
    });
  }
  const groups: Group[] = [];
  for (const namespace of new Set(namespaces)) {
    let names: readonly string[] = select.groups;
    if (names.length === 0) {
      names = await readGroupNames(server, namespace).catch((error: unknown) => {
        note(`spec.select names no groups, and only ${usualGroup} of ${namespace} is read`, error);
        return [usualGroup];
      });
    }
    groups.push(...names.map((group) => ({ namespace, group })));
  }
  return { groups, doubts };
}

async function readNamespaces(server: HttpServer): Promise<readonly string[]> {
  const { data } = await newestOf(
    () => readJson(server, '/v3/admin/core/namespace/list', {}),
    () => readJson(server, '/v1/console/namespaces', {}),
  );
  const items: readonly unknown[] = Array.isArray(data) ? data : [];
  const ids = items.flatMap((item) => (isRecord(item) && typeof item.namespace === 'string' ? [item.namespace] : []));
  return [...new Set([usualNamespace, ...ids.map(namespaceOf)])];
}

async function readGroupNames(server: HttpServer, namespace: string): Promise<readonly string[]> {
  const found = new Set([usualGroup]);
  let seen = 0;
  for (let pageNo = 1; pageNo <= maxPages; pageNo++) {
    const { services, count }: CatalogPage = await newestOf(
      () => readCatalog3(server, namespace, '', pageNo),
      () => readCatalog1(server, namespace, pageNo),
    );
    for (const { group } of services) found.add(group);
    seen += services.length;
    if (services.length === 0 || seen >= count) break;
  }
  return [...found];
}

async function newestOf<T>(newer: () => Promise<T>, older: () => Promise<T>): Promise<T> {
  try {
    return await newer();
  } catch (error) {
    if (!isUnknownPath(error)) throw error;
    return older();
  }
}
