/** Each service with all that callers need: addresses, codecs and routes of its ports, policy. */
import type { Collection, Context } from '../collections/collection.ts';
import type { Engine } from '../collections/engine.ts';
import { finding } from '../model/finding.ts';
import type { MeshPort, MeshService, PortCodec } from '../model/mesh-service.ts';
import type { RouteTable } from '../model/route.ts';
import type { Service, ServicePort } from '../model/service.ts';
import type { HostPolicy } from '../model/traffic-policy.ts';
import type { VirtualIpLease } from '../model/virtual-ip.ts';
import { singleAddress } from './ip-address.ts';
import { routeTableKey } from './route-tables.ts';
import { defaultHostPolicy } from './traffic-policies.ts';
import { wantsVirtualIp } from './virtual-ip-claims.ts';

interface Tables {
  readonly services: Collection<Service>;
  readonly leases: Collection<VirtualIpLease>;
  readonly portCodecs: Collection<PortCodec>;
  readonly routeTables: Collection<RouteTable>;
  readonly hostPolicies: Collection<HostPolicy>;
}

/** Keyed by service key. */
export function meshServices(engine: Engine, tables: Tables): Collection<MeshService> {
  return engine.map('mesh services', tables.services, (service, context) => ({
    service,
    addresses: addressesOf(service, context, tables),
    ports: service.ports.map((port) => meshPort(service, port, context, tables)),
    policy: context.get(tables.hostPolicies, service.key) ?? defaultHostPolicy(service.key),
  }));
}

function addressesOf(service: Service, context: Context, tables: Tables): readonly string[] {
  if (!wantsVirtualIp(service)) return service.addresses.flatMap((written) => singleAddress(written) ?? []);
  const lease = context.get(tables.leases, service.key);
  if (lease?.state !== 'bound') return [];
  return [lease.ipv4, lease.ipv6].flatMap((address) => address ?? []);
}

function meshPort(service: Service, port: ServicePort, context: Context, tables: Tables): MeshPort {
  if (port.protocol.kind !== 'metaprotocol') return { port };
  const { application } = port.protocol;
  const codec = context.get(tables.portCodecs, application);
  const routes = context.get(tables.routeTables, routeTableKey(service.key, port.number));
  if (codec === undefined) {
    const message = `Port ${port.name} of ${service.host} speaks ${application}; it is served as plain TCP.`;
    context.report(finding('ISTH0304', { object: service.provenance.object, message }));
  }
  return { port, ...(codec === undefined ? {} : { codec }), ...(routes === undefined ? {} : { routes }) };
}
