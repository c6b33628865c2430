/** Mesh services and endpoints of what registries hold, by the mapping of their ServiceRegistry. */
import type { Collection, Context } from '../collections/collection.ts';
import type { Endpoint } from '../model/endpoint.ts';
import { finding } from '../model/finding.ts';
import type { MeshSettings } from '../model/mesh-service.ts';
import {
  type FirstPort,
  type RegisteredService,
  type RegistryInstance,
  type RegistryPort,
  registryPortId,
} from '../model/registry.ts';
import { type Location, type ServicePort, serviceKey } from '../model/service.ts';
import type { Metadata, RegistryMappingSpec, RegistrySafetySpec, ServiceRegistry } from '../resources/kinds.ts';
import { isLabelKey, isLabelValue } from '../resources/kubernetes-names.ts';
import { fits } from '../resources/name-patterns.ts';
import type { ServiceDeclaration } from './declarations.ts';
import type { EndpointSource, SourcePort } from './endpoint-source.ts';
import { portProtocol } from './port-protocol.ts';
import { type RegistryHost, registryOf } from './registry-hosts.ts';
import { endsIn, instanceHints, isExternal, namespaceOf } from './registry-metadata.ts';
import { about } from './resource-order.ts';
import { settingsOf } from './settings.ts';
import type { LocatedEndpoint } from './workloads.ts';

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
  const { mapping, trust } = registry.spec;
  const namespace = namespaceOf(service, registry);
  if (trust.hostSuffixes.length > 0 && !endsIn(host, trust.hostSuffixes)) {
    const message = `${host} ends in none of ${trust.hostSuffixes.join(', ')}.`;
    context.report(finding('ISTH1006', { ...about(registry), path: 'spec.trust.hostSuffixes', message }));
    return undefined;
  }
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
function bridgedPorts({ firstPorts }: RegisteredService, { port }: RegistryMappingSpec): readonly BridgedPort[] {
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

/** Besides what services are made of. */
export interface RegistryEndpointTables extends RegistryTables {
  readonly settings: Collection<MeshSettings>;
}

export function registeredEndpoints(
  service: RegisteredService,
  context: Context,
  tables: RegistryEndpointTables,
): readonly EndpointSource[] {
  const registry = registryOf(context, tables.registries, service);
  const host = context.get(tables.hosts, service.key)?.host;
  if (registry === undefined || host === undefined) return [];
  const { spec } = registry;
  const usable = usableInstances(service, spec.safety, (message) => {
    context.report(finding('ISTH1008', { ...about(registry), message: `${host}: ${message}` }));
  });
  const ids = bridgedPorts(service, spec.mapping).map(({ id }) => id);
  const leftOut = usable.filter(({ ports }) => !ports.some((port) => ids.includes(registryPortId(port))));
  if (leftOut.length > 0) {
    const message = `${host}: ${leftOut.length} instances have no port of protocol ${ids.join(', ') || 'tcp'}.`;
    context.report(finding('ISTH1009', { ...about(registry), message }));
  }
  const source = {
    key: sourceKey(service, registry),
    services: [serviceKey(namespaceOf(service, registry), host)],
    ports: sourcePorts(service, registry, usable, settingsOf(context, tables.settings).trustDomain),
    about: about(registry),
  };
  return [source];
}

/** Registries come last, by their priority. */
function sourceKey({ key }: RegisteredService, { spec }: ServiceRegistry): string {
  return `2|${String(spec.priority).padStart(4, '0')}|${key}`;
}

/** What an operator took out stays out, whatever the rest is like. */
function usableInstances(
  { instances, isProtected }: RegisteredService,
  { whenAllUnhealthy }: RegistrySafetySpec,
  report: (message: string) => void,
): readonly RegistryInstance[] {
  if (isProtected) report('the registry shows all instances as healthy, since too few of them are.');
  const offered = instances.filter(
    ({ isolated, weight, health }) => !isolated && weight !== 0 && health !== 'draining',
  );
  const healthy = offered.filter(({ health }) => health !== 'down');
  if (healthy.length > 0 || offered.length === 0) return healthy;
  report(
    `all ${offered.length} instances are unhealthy; ${whenAllUnhealthy === 'Keep' ? 'all' : 'none'} of them take requests.`,
  );
  return whenAllUnhealthy === 'Keep' ? offered : [];
}

function sourcePorts(
  service: RegisteredService,
  registry: ServiceRegistry,
  instances: readonly RegistryInstance[],
  trustDomain: string,
): readonly SourcePort[] {
  const weights = weightsOf(instances);
  return bridgedPorts(service, registry.spec.mapping).map(({ id, number }) => ({
    port: number,
    endpoints: instances.flatMap((instance) => {
      const port = instance.ports.find((one) => registryPortId(one) === id);
      const weight = weights.get(instance.id) ?? 1;
      return port === undefined ? [] : [endpointOf(instance, port, { registry, weight, trustDomain })];
    }),
  }));
}

interface Surroundings {
  readonly registry: ServiceRegistry;
  readonly weight: number;
  readonly trustDomain: string;
}

function endpointOf(
  instance: RegistryInstance,
  { number }: RegistryPort,
  { registry, weight, trustDomain }: Surroundings,
): LocatedEndpoint {
  const { labels, locality, identity } = instanceHints(instance, registry, trustDomain);
  const endpoint: Endpoint = {
    address: instance.address,
    port: number,
    weight,
    health: 'healthy',
    labels: { ...labels, ...labelsOf(instance.metadata, registry.spec.mapping.labels) },
    network: '',
    tlsMode: identity === undefined ? 'disabled' : 'istio',
    ...(identity === undefined ? {} : { identity }),
  };
  return { endpoint, locality };
}

/** What is a label by its form, of the keys that the mapping lets pass. */
function labelsOf(
  metadata: Readonly<Record<string, string>>,
  allowed: readonly string[],
): Readonly<Record<string, string>> {
  const pairs = Object.entries(metadata).filter(
    ([key, value]) => isLabelKey(key) && isLabelValue(value) && allowed.some((pattern) => fits(pattern, key)),
  );
  return Object.fromEntries(pairs);
}

/** Whole numbers of the same proportions, as small as they can be: fractions are kept to a hundredth. */
function weightsOf(instances: readonly RegistryInstance[]): ReadonlyMap<string, number> {
  const scaled = instances.map(({ id, weight }) => [id, Math.max(1, Math.round((weight ?? 1) * 100))] as const);
  const divisor = scaled.reduce((common, [, weight]) => greatestCommonDivisor(common, weight), 0);
  return new Map(scaled.map(([id, weight]) => [id, Math.min(weight / Math.max(1, divisor), maxWeight)]));
}

/** The sum of a locality's weights has to fit into 32 bits. */
const maxWeight = 100_000;

function greatestCommonDivisor(a: number, b: number): number {
  let [greater, less] = [a, b];
  while (less !== 0) [greater, less] = [less, greater % less];
  return greater;
}
