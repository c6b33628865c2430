/** Mesh services of what registries hold, by the mapping of their ServiceRegistry. Their endpoints: registry-endpoints.ts. */
import type { Collection, Context } from '../../collections/collection.ts';
import type { FirstPort, RegisteredService } from '../../model/registry.ts';
import { type Location, type ServicePort, serviceKey } from '../../model/service.ts';
import type { Metadata, RegistryMappingSpec, ServiceRegistry } from '../../resources/kinds.ts';
import { about } from '../resource-order.ts';
import type { ServiceDeclaration } from '../services/declarations.ts';
import { portProtocol } from '../services/port-protocol.ts';
import { type RegistryHost, registryOf } from './registry-hosts.ts';
import { isExternal, namespaceOf } from './registry-metadata.ts';

export interface RegistryTables {
  readonly registered: Collection<RegisteredService>;
  readonly registries: Collection<ServiceRegistry>;
  readonly hosts: Collection<RegistryHost>;
}

export function declareRegistered(
  service: RegisteredService,
  context: Context,
  tables: RegistryTables,
): ServiceDeclaration | undefined {
  const registry = registryOf(context, tables.registries, service);
  const host = context.get(tables.hosts, service.key)?.host;
  if (registry === undefined || host === undefined) return undefined;
  const { mapping } = registry.spec;
  const namespace = namespaceOf(service, registry);
  return {
    key: `${service.key}|${host}`,
    service: {
      key: serviceKey(namespace, host),
      host,
      namespace,
      ports: servicePorts(service, mapping),
      resolution: 'static',
      location: isExternal(service, registry) ? 'mesh-external' : locations[mapping.location],
      addresses: [],
      headless: false,
      visibility: { kind: 'public' },
      subjectAltNames: [],
      labels: {},
      provenance: {
        source: 'registry',
        object: about(registry).object,
        registry: service.registry,
      },
    },
    resource: {
      kind: registry.kind,
      key: `${String(registry.spec.priority).padStart(4, '0')}|${service.key}`,
      metadata: withoutAge(registry.metadata),
    },
  };
}

/** Registries count by their priority, which the key begins with. */
function withoutAge({ created: _, ...metadata }: Metadata): Metadata {
  return metadata;
}

const locations: Readonly<Record<RegistryMappingSpec['location'], Location>> = {
  MESH_EXTERNAL: 'mesh-external',
  MESH_INTERNAL: 'mesh-internal',
};

/** A port of the service for each that its instances have. Where the mapping fixes the number, there is only the first. */
export function servicePorts(service: RegisteredService, mapping: RegistryMappingSpec): readonly ServicePort[] {
  return bridgedPorts(service, mapping)
    .map(({ number, protocol: registered }) => {
      const name = `${protocolName(registered, mapping)}-${number}`;
      return { number, name, protocol: portProtocol({ name }).protocol, targetPort: number };
    })
    .toSorted((a, b) => a.number - b.number);
}

interface BridgedPort extends FirstPort {
  readonly id: string;
}

/** By id; two ports that were first seen with one number are one port, the first one's. */
export function bridgedPorts({ firstPorts }: RegisteredService, { port }: RegistryMappingSpec): readonly BridgedPort[] {
  const ports = Object.entries(firstPorts).map(([id, first]) => ({ id, ...first, number: port ?? first.number }));
  return ports.filter(({ number }, at) => ports.findIndex((other) => other.number === number) === at);
}

/** What a port of the mesh is named by: `tcp-metaprotocol-dubbo`, `grpc`. */
function protocolName(registered: string, { protocols }: RegistryMappingSpec): string {
  const lower = registered.toLowerCase();
  const mapped = own(protocols, registered) ?? own(protocols, lower) ?? own(protocols, '*') ?? lower;
  if (mapped.startsWith('metaprotocol-') || needsTransport.has(mapped)) return `tcp-${mapped}`;
  return isPortWord(mapped) ? mapped : 'tcp';
}

function isPortWord(text: string): boolean {
  return text.length <= 32 && /^[a-z0-9][a-z0-9]*$/.test(text);
}

/** Protocols that a port name has in its second place. */
const needsTransport = new Set(['dubbo', 'thrift', 'redis', 'kafka', 'zookeeper', 'mongo', 'mysql']);

function own(record: Readonly<Record<string, string>>, key: string): string | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}
