/**
 * Mesh services that are to be registered in registries, by the `publish` of their ServiceRegistry: what is selected and
 * everybody may see, with the endpoints that no Polaris gave. So nothing goes round in a circle, and what registers itself
 * is not registered a second time.
 */
import type { Collection, Context, Index } from '../../collections/collection.ts';
import type { Engine } from '../../collections/engine.ts';
import { type Finding, finding } from '../../model/finding.ts';
import { type Publication, type PublishedInstance, publicationKey } from '../../model/publication.ts';
import type { PortProtocol, Service } from '../../model/service.ts';
import type { RegistryPublishSpec, ServiceRegistry } from '../../resources/kinds.ts';
import { fits } from '../../resources/name-patterns.ts';
import { addressKey, distinctEndpoints } from '../endpoints/distinct-endpoints.ts';
import type { EndpointSource } from '../endpoints/endpoint-source.ts';
import { isIpAddress } from '../endpoints/ip-address.ts';
import { about, compareText } from '../resource-order.ts';

interface Tables {
  readonly sources: Index<EndpointSource>;
  readonly registries: Collection<ServiceRegistry>;
}

export function publications(engine: Engine, services: Collection<Service>, tables: Tables): Collection<Publication> {
  const publishing = engine.index('publishing registries', tables.registries, ({ spec }) =>
    spec.publish === undefined ? [] : [everyone],
  );
  const candidates = engine.flatMap(
    'publication candidates',
    services,
    (service, context) =>
      context.lookup(publishing, everyone).flatMap((registry) => candidate(service, registry, context, tables) ?? []),
    { key: (one) => `${one.key}|${one.service}` },
  );
  return engine.groupBy(
    'publications',
    candidates,
    ({ key }) => [key],
    (_, members, context) => {
      const [first, ...others] = members.toSorted((a, b) => compareText(a.service, b.service));
      if (first === undefined) return undefined;
      const registry = context.get(tables.registries, `ServiceRegistry//${first.registry}`);
      if (registry === undefined) return undefined;
      for (const { service, name } of others)
        context.report(
          refusal(registry, `${service} has the name ${name}, as ${first.service} has, which is registered.`),
        );
      return first;
    },
  );
}

const everyone = 'all';

function candidate(
  service: Service,
  registry: ServiceRegistry,
  context: Context,
  { sources, registries }: Tables,
): Publication | undefined {
  const { publish } = registry.spec;
  if (publish === undefined || !isPublished(service, publish)) return undefined;
  const own = context
    .lookup(sources, service.key)
    .filter(({ registry: from }) => !isOfPolaris(from, context, registries));
  const instances = instancesOf(service, own);
  if (instances.length === 0) return undefined;
  const name = nameIn(publish.name, service);
  if (name.length > maxName) {
    context.report(refusal(registry, `${service.key} has a name of more than ${maxName} characters.`));
    return undefined;
  }
  const { name: of } = registry.metadata;
  const key = publicationKey(of, publish.into, name);
  return { key, registry: of, namespace: publish.into, name, service: service.key, instances };
}

/** As Polaris has it. */
const maxName = 128;

function isPublished(service: Service, { hosts, namespaces, labels }: RegistryPublishSpec): boolean {
  return (
    service.visibility.kind === 'public' &&
    !service.host.startsWith('*') &&
    (namespaces.length === 0 || namespaces.includes(service.namespace)) &&
    (hosts.length === 0 || hosts.some((pattern) => fits(pattern, service.host))) &&
    Object.entries(labels).every(([key, value]) => service.labels[key] === value)
  );
}

function isOfPolaris(name: string | undefined, context: Context, registries: Collection<ServiceRegistry>): boolean {
  return name !== undefined && context.get(registries, `ServiceRegistry//${name}`)?.spec.type === 'Polaris';
}

/** One for each address and port, whatever ports of the service lead there. */
function instancesOf(service: Service, sources: readonly EndpointSource[]): readonly PublishedInstance[] {
  const instances = new Map<string, PublishedInstance>();
  for (const port of service.ports) {
    for (const located of distinctEndpoints(service, port, sources, () => {})) {
      const { address, port: number, weight, labels, health } = located.endpoint;
      const key = addressKey(located);
      if (health !== 'healthy' || number === 0 || !isIpAddress(address) || instances.has(key)) continue;
      const { locality } = located;
      instances.set(key, { address, port: number, protocol: protocolText(port.protocol), weight, labels, locality });
    }
  }
  return [...instances.values()].sort((a, b) => compareText(a.address, b.address) || a.port - b.port);
}

function protocolText(protocol: PortProtocol): string {
  return protocol.kind === 'metaprotocol' ? protocol.application : protocol.protocol;
}

function nameIn(template: string, { host, namespace }: Service): string {
  const [name = host] = host.split('.');
  const values: Readonly<Record<string, string>> = { host, name, namespace };
  return template.replace(/\{(host|name|namespace)\}/g, (_, key: string) => values[key] ?? '');
}

function refusal(registry: ServiceRegistry, message: string): Finding {
  return finding('ISTH1013', { ...about(registry), path: 'spec.publish.name', message });
}
