/** A session over HTTP, for servers of which gRPC cannot be reached: it pushes nothing. */
import { IsthmusError } from '../../../model/errors.ts';
import type { RegistryServiceName } from '../../../model/registry.ts';
import { numberFrom } from '../json-number.ts';
import type { AccessToken } from './access-token.ts';
import type { HttpAnswer, HttpApi, Parameters } from './http-api.ts';
import { isRecord, type JsonRecord } from './json-record.ts';
import { type NamingSession, Refused, type ServiceInfo, serviceInfo, withoutGroup } from './naming-session.ts';

const pageSize = 500;
const maxPages = 1_000;

export interface HttpServer {
  readonly api: HttpApi;
  readonly token: AccessToken;
}

/** Rejects with Refused where the answer is another than 200. */
export async function readJson({ api, token }: HttpServer, path: string, query: Parameters): Promise<JsonRecord> {
  let answer = await api.get(path, query, await token.current());
  if ((answer.status === 401 || answer.status === 403) && token.refuse())
    answer = await api.get(path, query, await token.current());
  if (answer.status === 200 && isRecord(answer.body) && isSuccess(answer.body)) return answer.body;
  throw new Refused(answer.status, `${api.host}${path}: status ${answer.status}${messageIn(answer)}${token.hint}`);
}

/** Of 3.x, which wraps its answers: `{code: 0, data}`. */
function isSuccess({ code }: JsonRecord): boolean {
  return code === undefined || code === 0 || code === 200;
}

function messageIn({ body }: HttpAnswer): string {
  return isRecord(body) && typeof body.message === 'string' ? `, ${body.message}` : '';
}

/** Whether the path is none of this server's. */
export function isUnknownPath(error: unknown): boolean {
  return error instanceof Refused && [404, 410, 501].includes(error.status);
}

/** 1.x to 3.1 have the first API, 3.x the other one. Rejects with UNAVAILABLE where neither answers. */
export async function openHttpSession(server: HttpServer): Promise<NamingSession> {
  try {
    await readJson(server, '/v1/ns/service/list', { pageNo: '1', pageSize: '1' });
    return new HttpSession(new Api1(server));
  } catch (error) {
    if (!isUnknownPath(error)) throw error;
  }
  await readJson(server, '/v3/client/ns/instance/list', { serviceName: 'isthmus' });
  return new HttpSession(new Api3(server));
}

interface Api {
  /** Names, and how many there are on all pages. */
  page(namespace: string, group: string, pageNo: number): Promise<Page>;
  read(service: RegistryServiceName): Promise<ServiceInfo>;
}

interface Page {
  readonly names: readonly string[];
  readonly size: number;
  readonly count: number;
}

class HttpSession implements NamingSession {
  readonly pushes = false;
  readonly over: Promise<never>;
  readonly #api: Api;
  readonly #end: (error: Error) => void;

  constructor(api: Api) {
    this.#api = api;
    const { promise, reject } = Promise.withResolvers<never>();
    this.over = promise;
    this.#end = reject;
    promise.catch(() => {});
  }

  async list(namespace: string, group: string): Promise<readonly string[] | undefined> {
    const names = new Set<string>();
    let seen = 0;
    for (let pageNo = 1; pageNo <= maxPages; pageNo++) {
      const page = await this.#api.page(namespace, group, pageNo);
      for (const name of page.names) names.add(name);
      seen += page.size;
      if (seen === page.count) return [...names];
      if (page.size < pageSize) return undefined;
    }
    return undefined;
  }

  async subscribe(service: RegistryServiceName): Promise<ServiceInfo> {
    return this.#api.read(service);
  }

  async unsubscribe(): Promise<void> {}

  async read(service: RegistryServiceName): Promise<ServiceInfo> {
    return this.#api.read(service);
  }

  close(): void {
    this.#end(new IsthmusError('UNAVAILABLE', 'closed'));
  }
}

class Api1 implements Api {
  readonly #server: HttpServer;

  constructor(server: HttpServer) {
    this.#server = server;
  }

  async page(namespaceId: string, groupName: string, pageNo: number): Promise<Page> {
    const query = { namespaceId, groupName, pageNo: String(pageNo), pageSize: String(pageSize) };
    const { count, doms } = await readJson(this.#server, '/v1/ns/service/list', query);
    const names = listIn(doms, count, this.#server)
      .filter((one): one is string => typeof one === 'string')
      .map(withoutGroup);
    return { names, size: names.length, count: numberFrom(count) };
  }

  async read({ namespace, group, name }: RegistryServiceName): Promise<ServiceInfo> {
    const query = { namespaceId: namespace, serviceName: `${group}@@${name}`, healthyOnly: 'false' };
    const answer = await readJson(this.#server, '/v1/ns/instance/list', query);
    listIn(answer.hosts, 0, this.#server);
    return serviceInfo(answer);
  }
}

class Api3 implements Api {
  readonly #server: HttpServer;

  constructor(server: HttpServer) {
    this.#server = server;
  }

  async page(namespace: string, group: string, pageNo: number): Promise<Page> {
    const { services, count } = await readCatalog3(this.#server, namespace, group, pageNo);
    // The server takes what is asked for as a part of the group's name.
    const names = services.filter((service) => service.group === group).map(({ name }) => name);
    return { names, size: services.length, count };
  }

  async read({ namespace, group, name }: RegistryServiceName): Promise<ServiceInfo> {
    const query = { namespaceId: namespace, groupName: group, serviceName: name };
    const { data } = await readJson(this.#server, '/v3/client/ns/instance/list', query);
    return serviceInfo({ hosts: listIn(data, 0, this.#server) });
  }
}

export interface CatalogPage {
  readonly services: readonly { readonly name: string; readonly group: string }[];
  readonly count: number;
}

/** Services of all groups, or of those whose names hold `group`. */
export async function readCatalog3(
  server: HttpServer,
  namespaceId: string,
  group: string,
  pageNo: number,
): Promise<CatalogPage> {
  const query = { namespaceId, groupNameParam: group, pageNo: String(pageNo), pageSize: String(pageSize) };
  const { data } = await readJson(server, '/v3/admin/ns/service/list', query);
  const { pageItems, totalCount } = isRecord(data) ? data : {};
  return { services: servicesIn(listIn(pageItems, totalCount, server)), count: numberFrom(totalCount) };
}

/** The same of servers before 3.0. */
export async function readCatalog1(server: HttpServer, namespaceId: string, pageNo: number): Promise<CatalogPage> {
  const paging = { pageNo: String(pageNo), pageSize: String(pageSize) };
  const query = { namespaceId, withInstances: 'false', hasIpCount: 'false', ...paging };
  const { serviceList, count } = await readJson(server, '/v1/ns/catalog/services', query);
  return { services: servicesIn(listIn(serviceList, count, server)), count: numberFrom(count) };
}

/** Whatever stands between says 200 as well, with a page of its own: what has neither list nor count says nothing. */
function listIn(list: unknown, count: unknown, { api }: HttpServer): readonly unknown[] {
  if (Array.isArray(list) && Number.isSafeInteger(numberFrom(count))) return list;
  throw new Refused(200, `${api.host} answers, and not as Nacos does`);
}

function servicesIn(items: readonly unknown[]): CatalogPage['services'] {
  return items.flatMap((item) => {
    if (!isRecord(item)) return [];
    const { name, groupName } = item;
    return typeof name === 'string' && typeof groupName === 'string'
      ? [{ name: withoutGroup(name), group: groupName }]
      : [];
  });
}
