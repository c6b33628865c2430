/** Endpoints of what registries hold: the instances that take requests, each at its own port. */
import type { Collection, Context } from '../../collections/collection.ts';
import type { Endpoint } from '../../model/endpoint.ts';
import { finding } from '../../model/finding.ts';
import type { MeshSettings } from '../../model/mesh-service.ts';
import {
  type RegisteredService,
  type RegistryInstance,
  type RegistryPort,
  registryPortId,
} from '../../model/registry.ts';
import { serviceKey } from '../../model/service.ts';
import type { RegistrySafetySpec, ServiceRegistry } from '../../resources/kinds.ts';
import { isLabelKey, isLabelValue } from '../../resources/kubernetes-names.ts';
import { fits } from '../../resources/name-patterns.ts';
import type { EndpointSource, SourcePort } from '../endpoints/endpoint-source.ts';
import type { LocatedEndpoint } from '../endpoints/workloads.ts';
import { about } from '../resource-order.ts';
import { settingsOf } from '../settings.ts';
import { registryOf } from './registry-hosts.ts';
import { instanceHints, namespaceOf } from './registry-metadata.ts';
import { bridgedPorts, type RegistryTables } from './registry-services.ts';

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
  const usable = usableInstances(service, registry.spec.safety, (message) => {
    context.report(finding('ISTH1008', { ...about(registry), message: `${host}: ${message}` }));
  });
  const ids = bridgedPorts(service, registry.spec.mapping).map(({ id }) => id);
  const leftOut = usable.filter(({ ports }) => !ports.some((port) => ids.includes(registryPortId(port))));
  if (leftOut.length > 0) {
    const message = `${host}: ${leftOut.length} instances have no port of protocol ${ids.join(', ') || 'tcp'}.`;
    context.report(finding('ISTH1009', { ...about(registry), message }));
  }
  const source = {
    key: sourceKey(service, registry),
    services: [serviceKey(namespaceOf(service, registry), host)],
    ports: sourcePorts(service, registry, usable, settingsOf(context, tables.settings).trustDomain),
    registry: service.registry,
    about: about(registry),
  };
  return [source];
}

/** What a service gives to whoever asks for it by its name: the ports as servicePorts numbers them. */
export function endpointsOf(
  service: RegisteredService,
  registry: ServiceRegistry,
  trustDomain: string,
): readonly SourcePort[] {
  const usable = usableInstances(service, registry.spec.safety, () => {});
  return sourcePorts(service, registry, usable, trustDomain);
}

/** Registries come last, by their priority. */
export function sourceKey({ key }: RegisteredService, { spec }: ServiceRegistry): string {
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
