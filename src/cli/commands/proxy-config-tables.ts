/** What people look for in a proxy's configuration, a row for each: what istioctl shows, and request routes beside. */
import type { Column } from '../output.ts';

export interface ConfiguredResource {
  readonly type: string;
  readonly name: string;
  readonly version: string;
  /** Where callers of several identities state the id of the node: whose it is. */
  readonly identity?: string;
  /** As proto JSON. */
  readonly resource: unknown;
}

type Row = readonly (string | number)[];

interface Table {
  readonly titles: readonly string[];
  readonly rows: (resource: ConfiguredResource) => readonly Row[];
}

/** A place in plain JSON: each step is a key, or an index of a list. */
function at(value: unknown, ...steps: readonly (string | number)[]): unknown {
  return steps.reduce<unknown>((inner, step) => {
    if (typeof inner !== 'object' || inner === null || !Object.hasOwn(inner, step)) return undefined;
    return Reflect.get(inner, step);
  }, value);
}

function listAt(value: unknown, ...steps: readonly (string | number)[]): readonly unknown[] {
  const found = at(value, ...steps);
  return Array.isArray(found) ? found : [];
}

function textAt(value: unknown, ...steps: readonly (string | number)[]): string {
  const found = at(value, ...steps);
  return typeof found === 'string' || typeof found === 'number' ? String(found) : '';
}

const clusters: Table = {
  titles: ['HOST', 'PORT', 'SUBSET', 'DIRECTION', 'TYPE'],
  rows: ({ name, resource }) => {
    const [direction = '', port = '', subset = '', host = ''] = name.split('|');
    return [[host || '-', port || '-', subset || '-', direction, textAt(resource, 'type')]];
  },
};

const endpoints: Table = {
  titles: ['ENDPOINT', 'HEALTH', 'WEIGHT', 'LOCALITY', 'CLUSTER'],
  rows: ({ name, resource }) =>
    listAt(resource, 'endpoints').flatMap((group) =>
      listAt(group, 'lbEndpoints').map((one) => [
        addressOf(at(one, 'endpoint', 'address')),
        textAt(one, 'healthStatus') || 'HEALTHY',
        textAt(one, 'loadBalancingWeight') || '1',
        ['region', 'zone', 'subZone'].flatMap((part) => textAt(group, 'locality', part) || []).join('/') || '-',
        name,
      ]),
    ),
};

const listeners: Table = {
  titles: ['ADDRESS', 'PORT', 'FILTER', 'DESTINATION'],
  rows: ({ resource }) => {
    const socket = at(resource, 'address', 'socketAddress');
    const filters = listAt(resource, 'filterChains').flatMap((chain) => listAt(chain, 'filters'));
    const last = filters.at(-1);
    const config = at(last, 'typedConfig');
    const kind = textAt(config, '@type').split('.').at(-1) ?? '';
    return [[textAt(socket, 'address') || '-', textAt(socket, 'portValue') || '-', kind || '-', destinationOf(config)]];
  },
};

const routes: Table = {
  titles: ['NAME', 'MATCH', 'DESTINATION', 'MIRROR'],
  rows: ({ name, resource }) => {
    const own = listAt(resource, 'routes');
    const hosts = listAt(resource, 'virtualHosts').flatMap((host) => listAt(host, 'routes'));
    return [...own, ...hosts].map((route) => [name, matchOf(route), targetsOf(at(route, 'route')), mirrorOf(route)]);
  },
};

export const tables: Readonly<Record<string, Table>> = {
  cluster: clusters,
  endpoint: endpoints,
  listener: listeners,
  route: routes,
};

/** The columns of a table for a list of rows. */
export function columnsOf({ titles }: Table): readonly Column<Row>[] {
  return titles.map((title, index) => ({ title, value: (row: Row) => row[index] }));
}

function addressOf(address: unknown): string {
  const pipe = textAt(address, 'pipe', 'path');
  if (pipe !== '') return `unix://${pipe}`;
  const host = textAt(address, 'socketAddress', 'address');
  return `${host.includes(':') ? `[${host}]` : host}:${textAt(address, 'socketAddress', 'portValue')}`;
}

function destinationOf(config: unknown): string {
  const route = textAt(config, 'rds', 'routeConfigName') || textAt(config, 'routeConfig', 'name');
  if (route !== '') return `route ${route}`;
  const cluster = textAt(config, 'cluster');
  if (cluster !== '') return cluster;
  const weighted = listAt(config, 'weightedClusters', 'clusters');
  return weighted.map((one) => `${textAt(one, 'name')} ${textAt(one, 'weight')}`).join(', ') || '-';
}

function matchOf(route: unknown): string {
  const headers = [...listAt(route, 'match', 'metadata'), ...listAt(route, 'match', 'headers')];
  const conditions = headers.map((header) => {
    const name = textAt(header, 'name');
    const [kind, value] = conditionOf(header);
    return kind === 'present' ? `${name} present` : `${name} ${kind} "${value}"`;
  });
  return conditions.join(' and ') || 'every request';
}

function conditionOf(header: unknown): readonly [kind: string, value: string] {
  const exact = textAt(header, 'stringMatch', 'exact') || textAt(header, 'exactMatch');
  if (exact !== '') return ['=', exact];
  const prefix = textAt(header, 'stringMatch', 'prefix') || textAt(header, 'prefixMatch');
  if (prefix !== '') return ['begins with', prefix];
  const regex = textAt(header, 'stringMatch', 'safeRegex', 'regex') || textAt(header, 'safeRegexMatch', 'regex');
  return regex === '' ? ['present', ''] : ['matches', regex];
}

function targetsOf(action: unknown): string {
  const cluster = textAt(action, 'cluster');
  if (cluster !== '') return cluster;
  const weighted = listAt(action, 'weightedClusters', 'clusters');
  return weighted.map((one) => `${textAt(one, 'name')} ${textAt(one, 'weight')}`).join(', ') || '-';
}

function mirrorOf(route: unknown): string {
  const policies = listAt(route, 'route', 'requestMirrorPolicies');
  return policies.map((one) => textAt(one, 'cluster')).join(', ') || '-';
}
