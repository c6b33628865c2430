/** What a ServiceEntry declares: a service for each of its hosts, alike but for the name. */
import type { Context } from '../../collections/collection.ts';
import { finding } from '../../model/finding.ts';
import { type Location, type Resolution, type ServicePort, serviceKey } from '../../model/service.ts';
import type { ServiceEntry } from '../../resources/kinds.ts';
import { isWrittenByBridge } from '../../resources/registry-labels.ts';
import type { AllocatedAddress } from '../../resources/types/istio.ts';
import { plainAddress } from '../endpoints/ip-address.ts';
import { about } from '../resource-order.ts';
import type { ServiceDeclaration } from './declarations.ts';
import { portProtocol } from './port-protocol.ts';
import { visibilityOf } from './visibility.ts';

export function declareServiceEntry(entry: ServiceEntry, context: Context): readonly ServiceDeclaration[] {
  const { namespace, labels } = entry.metadata;
  const hosts = [...new Set(entry.spec.hosts.map((host) => host.toLowerCase()))];
  const common = {
    namespace,
    ports: serviceEntryPorts(entry, context),
    resolution: resolutions[entry.spec.resolution],
    location: locations[entry.spec.location],
    addresses: [...new Set((entry.spec.addresses ?? []).map(plainAddress))],
    headless: false,
    visibility: visibilityOf(entry.spec.exportTo, namespace),
    subjectAltNames: entry.spec.subjectAltNames ?? [],
    labels,
    provenance: { source: 'service-entry', object: about(entry).object },
  } as const;
  const { allocated } = entry.spec;
  const resource = { kind: entry.kind, key: entry.key, metadata: entry.metadata };
  return hosts.map((host) => ({
    key: `${entry.key}|${host}`,
    service: { key: serviceKey(namespace, host), host, ...common },
    resource,
    // Where it is not said whose an address is, it may be of any.
    ...(allocated === undefined
      ? {}
      : { allocated: addressesIn(allocated.filter((one) => one.host === undefined || one.host === host)) }),
    ...(isWrittenByBridge(entry.metadata) ? { isBridged: true } : {}),
  }));
}

/** What Istio dials for a host where `spec.addresses` says nothing. */
export function allocatedTo({ spec: { hosts, allocated = [] } }: ServiceEntry, host: string): readonly string[] {
  return addressesIn(allocated.filter((one) => (one.host === undefined ? hosts.length === 1 : one.host === host)));
}

function addressesIn(allocated: readonly AllocatedAddress[]): readonly string[] {
  return [...new Set(allocated.map(({ address }) => address))].sort();
}

function serviceEntryPorts(entry: ServiceEntry, context: Context): readonly ServicePort[] {
  const ports = entry.spec.ports.map((port, at): ServicePort => {
    const { protocol, problem } = portProtocol(port);
    if (problem !== undefined) {
      context.report(finding('ISTH0303', { ...about(entry), path: `spec.ports[${at}].name`, message: problem }));
    }
    return { number: port.number, name: port.name, protocol, targetPort: port.targetPort ?? port.number };
  });
  return ports.toSorted((a, b) => a.number - b.number);
}

const resolutions: Readonly<Record<ServiceEntry['spec']['resolution'], Resolution>> = {
  NONE: 'none',
  STATIC: 'static',
  DNS: 'dns',
  DNS_ROUND_ROBIN: 'dns-round-robin',
  DYNAMIC_DNS: 'dynamic-dns',
};

const locations: Readonly<Record<ServiceEntry['spec']['location'], Location>> = {
  MESH_EXTERNAL: 'mesh-external',
  MESH_INTERNAL: 'mesh-internal',
};
