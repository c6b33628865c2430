/** Mesh services and endpoints of what registries hold, by the mapping of their ServiceRegistry. */
import type { Collection, Context } from '../collections/collection.ts';
import { finding } from '../model/finding.ts';
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
import { about } from './resource-order.ts';
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
  if (!isTrusted(host, trust.hostSuffixes)) {
    const message = `${host} ends in none of ${trust.hostSuffixes.join(', ')}.`;
    context.report(finding('ISTH1006', { ...about(registry), path: 'spec.trust.hostSuffixes', message }));
    return undefined;
  }
  return {
    key: `${service.key}|${host}`,
    service: {
      key: serviceKey(mapping.namespace, host),
      host,
      namespace: mapping.namespace,
      ports: servicePorts(service, mapping),
      resolution: 'static',
      location: locations[mapping.location],
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

function isTrusted(host: string, suffixes: readonly string[]): boolean {
  return suffixes.length === 0 || suffixes.some((suffix) => host === suffix || host.endsWith(`.${suffix}`));
}

/** A port of the service for each that its instances have. Where the mapping fixes the number, there is only the first. */
function servicePorts(service: RegisteredService, mapping: RegistryMappingSpec): readonly ServicePort[] {
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

export function registeredEndpoints(
  service: RegisteredService,
  context: Context,
  tables: RegistryTables,
): readonly EndpointSource[] {
  const registry = registryOf(context, tables.registries, service);
  const host = context.get(tables.hosts, service.key)?.host;
  if (registry === undefined || host === undefined) return [];
  const { mapping, safety, priority } = registry.spec;
  const usable = usableInstances(service, safety, (message) => {
    context.report(finding('ISTH1008', { ...about(registry), message: `${host}: ${message}` }));
  });
  const ids = bridgedPorts(service, mapping).map(({ id }) => id);
  const leftOut = usable.filter(({ ports }) => !ports.some((port) => ids.includes(registryPortId(port))));
  if (leftOut.length > 0) {
    const message = `${host}: ${leftOut.length} instances have no port of protocol ${ids.join(', ') || 'tcp'}.`;
    context.report(finding('ISTH1009', { ...about(registry), message }));
  }
  const source = {
    key: `2|${String(priority).padStart(4, '0')}|${service.key}`,
    services: [serviceKey(mapping.namespace, host)],
    ports: sourcePorts(service, mapping, usable, weightsOf(usable)),
    about: about(registry),
  };
  return [source];
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
  mapping: RegistryMappingSpec,
  instances: readonly RegistryInstance[],
  weights: ReadonlyMap<string, number>,
): readonly SourcePort[] {
  return bridgedPorts(service, mapping).map(({ id, number }) => ({
    port: number,
    endpoints: instances.flatMap((instance) => {
      const port = instance.ports.find((one) => registryPortId(one) === id);
      return port === undefined ? [] : [endpointOf(instance, port, mapping, weights.get(instance.id) ?? 1)];
    }),
  }));
}

function endpointOf(
  { address, locality, metadata }: RegistryInstance,
  { number }: RegistryPort,
  { labels }: RegistryMappingSpec,
  weight: number,
): LocatedEndpoint {
  const endpoint = {
    address,
    port: number,
    weight,
    health: 'healthy',
    labels: labelsOf(metadata, labels),
    network: '',
    tlsMode: 'disabled',
  } as const;
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
