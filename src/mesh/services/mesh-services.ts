/** Each service with all that callers need: addresses, codecs and routes of its ports, policy. */
import type { Collection, Context, Index } from '../../collections/collection.ts';
import type { Engine } from '../../collections/engine.ts';
import { finding } from '../../model/finding.ts';
import type { MeshPort, MeshService, MeshSettings, PortCodec, ServiceSecurity } from '../../model/mesh-service.ts';
import type { ServiceRetries } from '../../model/retry.ts';
import type { RouteTable } from '../../model/route.ts';
import type { Service, ServicePort } from '../../model/service.ts';
import type { ServiceSplits, SplitCallers } from '../../model/traffic-split.ts';
import type { VirtualIpLease } from '../../model/virtual-ip.ts';
import { singleAddress } from '../endpoints/ip-address.ts';
import { leftAlone } from '../openservicemesh/left-alone.ts';
import { routeTableKey } from '../routing/route-tables.ts';
import { settingsOf } from '../settings.ts';
import { boundedPolicy, type PolicyTables } from '../traffic/bounded-policies.ts';
import { sharedAt } from '../virtual-ips/shared-addresses.ts';
import { type ReservedAddress, wantsVirtualIp } from '../virtual-ips/virtual-ip-claims.ts';
import type { HostServices } from './services.ts';

interface Tables extends PolicyTables {
  readonly settings: Collection<MeshSettings>;
  readonly services: Collection<Service>;
  readonly hosts: Collection<HostServices>;
  readonly leases: Collection<VirtualIpLease>;
  readonly reservedAddresses: Collection<ReservedAddress>;
  readonly portCodecs: Collection<PortCodec>;
  readonly routeTables: Collection<RouteTable>;
  /** By service key. */
  readonly securities: Collection<ServiceSecurity>;
  /** By service key. */
  readonly splits: Collection<ServiceSplits>;
  /** By service key. */
  readonly splitCallers: Collection<SplitCallers>;
  /** By service key. */
  readonly retries: Collection<ServiceRetries>;
}

/** Keyed by service key. */
export function meshServices(engine: Engine, tables: Tables): Collection<MeshService> {
  const leasesByAddress = engine.index('leases by address', tables.leases, ({ state, ipv4, ipv6 }) =>
    state === 'bound' ? [ipv4, ipv6].flatMap((address) => address ?? []) : [],
  );
  return engine.map('mesh services', tables.services, (service, context) => {
    const addresses = addressesOf(service, context, tables, leasesByAddress);
    return {
      service,
      addresses,
      ports: service.ports.map((port) => meshPort(service, port, context, tables)),
      policy: boundedPolicy(service, context, tables),
      ...(isContested(service, context, tables) ? { contested: true } : {}),
      ...securityOf(service, context, tables),
      ...retriesOf(service, context, tables),
      ...egressOf(service, context, tables),
      ...sharedAt(service, addresses, context, tables.reservedAddresses),
      ...leftAlone(service, addresses, settingsOf(context, tables.settings)),
    };
  });
}

function securityOf(
  { key }: Service,
  context: Context,
  { securities, splitCallers }: Tables,
): Pick<MeshService, 'security' | 'splitCallers'> {
  const security = context.get(securities, key);
  const split = context.get(splitCallers, key);
  return {
    ...(security === undefined ? {} : { security }),
    ...(split === undefined ? {} : { splitCallers: split.callers }),
  };
}

function retriesOf({ key }: Service, context: Context, { retries }: Tables): Pick<MeshService, 'retries'> {
  const callers = context.get(retries, key)?.callers;
  return callers === undefined ? {} : { retries: callers };
}

function egressOf(
  { host, provenance }: Service,
  context: Context,
  { egressHosts }: Tables,
): Pick<MeshService, 'egress'> {
  const found = provenance.source === 'egress' ? context.get(egressHosts, host) : undefined;
  return found === undefined ? {} : { egress: found.ports };
}

function isContested({ host }: Service, context: Context, { hosts }: Tables): boolean {
  return (context.get(hosts, host)?.services.length ?? 0) > 1;
}

function addressesOf(
  service: Service,
  context: Context,
  tables: Tables,
  leasesByAddress: Index<VirtualIpLease>,
): readonly string[] {
  if (!wantsVirtualIp(service)) {
    return service.addresses.flatMap((written) => {
      const address = singleAddress(written);
      if (address === undefined) return [];
      // What callers of another host use already does not move to this one, whoever wrote it.
      const isLeased = context.lookup(leasesByAddress, address).some(({ key }) => key !== service.key);
      const displaced = context.get(tables.reservedAddresses, written)?.displaced ?? [];
      return isLeased || displaced.includes(service.key) ? [] : [address];
    });
  }
  const lease = context.get(tables.leases, service.key);
  if (lease?.state !== 'bound') return [];
  return [lease.ipv4, lease.ipv6].flatMap((address) => address ?? []);
}

function meshPort(service: Service, port: ServicePort, context: Context, tables: Tables): MeshPort {
  if (port.protocol.kind !== 'metaprotocol') {
    const split = context.get(tables.splits, service.key)?.ports[port.number];
    return split === undefined ? { port } : { port, split };
  }
  const { application } = port.protocol;
  const codec = context.get(tables.portCodecs, application);
  const routes = context.get(tables.routeTables, routeTableKey(service.key, port.number));
  if (codec === undefined) {
    const message = `Port ${port.name} of ${service.host} speaks ${application}; it is served as plain TCP.`;
    context.report(finding('ISTH0304', { object: service.provenance.object, message }));
  }
  return { port, ...(codec === undefined ? {} : { codec }), ...(routes === undefined ? {} : { routes }) };
}
