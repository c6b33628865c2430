/**
 * ServiceEntries that somebody wrote for polaris2istio to fill, by its labels and annotations: they keep their hosts, and
 * get the endpoints of the service that they name, from whichever registry of Polaris has it.
 *
 * Of what is written, resolution becomes STATIC, and the location is what the annotation says. Ports that are written stay,
 * each with the endpoints of the registered port that is like it; where none are written, they are the registered ones.
 */
import type { Collection, Context, Index } from '../../collections/collection.ts';
import type { Engine } from '../../collections/engine.ts';
import { equal } from '../../collections/equality.ts';
import { finding } from '../../model/finding.ts';
import type { MeshSettings } from '../../model/mesh-service.ts';
import type { RegisteredService } from '../../model/registry.ts';
import { type ServicePort, serviceKey } from '../../model/service.ts';
import type { ServiceEntry, ServiceRegistry } from '../../resources/kinds.ts';
import { isFilledByRegistry } from '../../resources/registry-labels.ts';
import type { EndpointSource, SourcePort } from '../endpoints/endpoint-source.ts';
import { about, compareText } from '../resource-order.ts';
import { portProtocol } from '../services/port-protocol.ts';
import { settingsOf } from '../settings.ts';
import { endpointsOf, sourceKey } from './registry-endpoints.ts';
import { registryOf } from './registry-hosts.ts';
import { type RegistryTables, servicePorts } from './registry-services.ts';

interface FillingTables {
  readonly registries: RegistryTables;
  readonly registeredByName: Index<RegisteredService>;
}

/** What a service of Polaris is called, and the registry that says so. */
interface Found {
  readonly service: RegisteredService;
  readonly registry: ServiceRegistry;
}

const annotation = {
  namespace: 'aeraki.net/polarisNamespace',
  service: 'aeraki.net/polarisService',
  external: 'aeraki.net/external',
  /** Written by polaris2istio when it has filled the entry. */
  revision: 'aeraki.net/revision',
} as const;

export function indexByName(engine: Engine, registered: Collection<RegisteredService>): Index<RegisteredService> {
  return engine.index('registered services by name', registered, ({ namespace, name }) => [nameKey(namespace, name)]);
}

/** All ServiceEntries, as they count. */
export function filledEntries(
  engine: Engine,
  entries: Collection<ServiceEntry>,
  tables: FillingTables,
): Collection<ServiceEntry> {
  return engine.map('filled service entries', entries, (entry, context) => {
    if (!isFilledByRegistry(entry.metadata)) return entry;
    const found = findRegistered(entry, context, tables);
    const [first] = found;
    if (first === undefined) reportMissing(entry, context);
    const { spec, metadata } = entry;
    const external = metadata.annotations[annotation.external];
    const { endpoints = [], ...rest } = spec;
    // What polaris2istio filled in grows old, once it is filled from here.
    const isOld = first !== undefined && metadata.annotations[annotation.revision] !== undefined;
    return {
      ...entry,
      spec: {
        ...rest,
        ...(isOld || endpoints.length === 0 ? {} : { endpoints }),
        resolution: 'STATIC',
        location: external === undefined ? spec.location : external === 'false' ? 'MESH_INTERNAL' : 'MESH_EXTERNAL',
        ports: spec.ports.length > 0 || first === undefined ? spec.ports : portsOf(first),
      },
    };
  });
}

/** The endpoints of a filled entry. */
export function fillingEndpoints(
  entry: ServiceEntry,
  context: Context,
  { settings, ...tables }: FillingTables & { readonly settings: Collection<MeshSettings> },
): readonly EndpointSource[] {
  if (!isFilledByRegistry(entry.metadata)) return [];
  const { trustDomain } = settingsOf(context, settings);
  const services = [
    ...new Set(entry.spec.hosts.map((host) => serviceKey(entry.metadata.namespace, host.toLowerCase()))),
  ];
  return findRegistered(entry, context, tables).map(({ service, registry }) => {
    const registered = servicePorts(service, registry.spec.mapping);
    const given = endpointsOf(service, registry, trustDomain);
    const ports = entry.spec.ports.flatMap((port): readonly SourcePort[] => {
      const like = portLike(port, registered, entry.spec.ports.length);
      const source = given.find((one) => one.port === like?.number);
      return source === undefined ? [] : [{ ...source, port: port.number }];
    });
    return {
      key: `${sourceKey(service, registry)}|${entry.key}`,
      services,
      ports,
      registry: service.registry,
      about: about(entry),
    };
  });
}

/** By the priority of the registries. */
function findRegistered(entry: ServiceEntry, context: Context, tables: FillingTables): readonly Found[] {
  const { [annotation.namespace]: namespace, [annotation.service]: name } = entry.metadata.annotations;
  if (namespace === undefined || name === undefined) return [];
  return context
    .lookup(tables.registeredByName, nameKey(namespace, name))
    .flatMap((service) => {
      const registry = registryOf(context, tables.registries.registries, service);
      return registry !== undefined && fills(registry) ? [{ service, registry }] : [];
    })
    .toSorted(
      (a, b) => a.registry.spec.priority - b.registry.spec.priority || compareText(a.service.key, b.service.key),
    );
}

/** A snapshot may be one of Polaris. */
function fills({ spec }: ServiceRegistry): boolean {
  return spec.mapping.compatibility && (spec.type === 'Polaris' || spec.type === 'Snapshot');
}

function reportMissing(entry: ServiceEntry, context: Context): void {
  const { [annotation.namespace]: namespace, [annotation.service]: name } = entry.metadata.annotations;
  const message =
    namespace === undefined || name === undefined
      ? `It is labelled for polaris2istio, and does not say for which service.`
      : `No registry of Polaris that was read has the service ${name} in namespace ${namespace}.`;
  context.report(finding('ISTH1012', { ...about(entry), path: 'metadata.annotations', message }));
}

type EntryPort = ServiceEntry['spec']['ports'][number];

function portsOf({ service, registry }: Found): readonly EntryPort[] {
  return servicePorts(service, registry.spec.mapping).map(({ number, name }) => ({ number, name }));
}

/** Of the same number, else of the same protocol; where both sides have a single port, that one. */
function portLike(port: EntryPort, registered: readonly ServicePort[], written: number): ServicePort | undefined {
  const { protocol } = portProtocol(port);
  return (
    registered.find(({ number }) => number === port.number || number === port.targetPort) ??
    registered.find((one) => equal(one.protocol, protocol)) ??
    (registered.length === 1 && written === 1 ? registered[0] : undefined)
  );
}

function nameKey(namespace: string, name: string): string {
  return `${encodeURIComponent(namespace)}/${encodeURIComponent(name)}`;
}
