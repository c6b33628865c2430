/** Endpoint groups: what all sources, or the two sides of a migration, give to a service's ports, divided by locality. */
import type { Collection, Context, Index } from '../../collections/collection.ts';
import type { Engine } from '../../collections/engine.ts';
import { type Endpoint, type EndpointGroup, endpointGroupKey, type Locality } from '../../model/endpoint.ts';
import type { Service, ServicePort } from '../../model/service.ts';
import { mixEndpoints } from '../migrations/migrating-endpoints.ts';
import type { Migration } from '../migrations/migrations.ts';
import { compareText } from '../resource-order.ts';
import { distinctEndpoints } from './distinct-endpoints.ts';
import type { EndpointSource } from './endpoint-source.ts';
import type { LocatedEndpoint } from './workloads.ts';

interface Tables {
  readonly sources: Index<EndpointSource>;
  /** In force, by service key. */
  readonly migrations: Collection<Migration>;
}

export function endpointGroups(
  engine: Engine,
  services: Collection<Service>,
  tables: Tables,
): Collection<EndpointGroup> {
  return engine.flatMap(
    'endpoint groups',
    services,
    (service, context) =>
      service.ports.flatMap((port) => groupByLocality(service, port, endpointsOf(service, port, context, tables))),
    { key: (group) => group.key },
  );
}

function endpointsOf(
  service: Service,
  port: ServicePort,
  context: Context,
  { sources, migrations }: Tables,
): readonly LocatedEndpoint[] {
  const migration = context.get(migrations, service.key);
  const moving = migration?.ports.find(({ number }) => number === port.number);
  if (migration !== undefined && moving !== undefined) return mixEndpoints(moving, migration.share);
  const given = context.lookup(sources, service.key);
  return distinctEndpoints(service, port, given, (conflict) => context.report(conflict));
}

function groupByLocality(
  service: Service,
  port: ServicePort,
  located: readonly LocatedEndpoint[],
): readonly EndpointGroup[] {
  const groups = new Map<string, MutableGroup>();
  let last: MutableGroup | undefined;
  for (const { endpoint, locality } of located) {
    // Of most endpoints the place is one and the same object.
    last = locality === last?.locality ? last : groupAt(groups, service, port, locality);
    last.endpoints.push(endpoint);
  }
  for (const { endpoints } of groups.values()) endpoints.sort(byAddress);
  return [...groups.values()];
}

type MutableGroup = EndpointGroup & { readonly endpoints: Endpoint[] };

function groupAt(
  groups: Map<string, MutableGroup>,
  service: Service,
  { number: port }: ServicePort,
  locality: Locality,
): MutableGroup {
  const key = endpointGroupKey(service.key, port, locality);
  const known = groups.get(key);
  if (known !== undefined) return known;
  const group = { key, service: service.key, port, locality, endpoints: [] };
  groups.set(key, group);
  return group;
}

function byAddress(a: Endpoint, b: Endpoint): number {
  return compareText(a.address, b.address) || a.port - b.port;
}
