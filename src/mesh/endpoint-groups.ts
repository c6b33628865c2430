/** Endpoint groups: what all sources give to a service's ports, each address and port once, divided by locality. */
import type { Collection, Context, Index } from '../collections/collection.ts';
import type { Engine } from '../collections/engine.ts';
import { equal } from '../collections/equality.ts';
import { type Endpoint, type EndpointGroup, endpointGroupKey } from '../model/endpoint.ts';
import { finding } from '../model/finding.ts';
import type { Service, ServicePort } from '../model/service.ts';
import type { EndpointSource } from './endpoint-source.ts';
import { compareText } from './resource-order.ts';
import type { LocatedEndpoint } from './workloads.ts';

export function endpointGroups(
  engine: Engine,
  services: Collection<Service>,
  sources: Index<EndpointSource>,
): Collection<EndpointGroup> {
  return engine.flatMap(
    'endpoint groups',
    services,
    (service, context) => {
      const given = context.lookup(sources, service.key);
      return service.ports.flatMap((port) => portGroups(service, port, given, context));
    },
    { key: (group) => group.key },
  );
}

function portGroups(
  service: Service,
  port: ServicePort,
  sources: readonly EndpointSource[],
  context: Context,
): readonly EndpointGroup[] {
  const groups = new Map<string, EndpointGroup & { readonly endpoints: Endpoint[] }>();
  for (const { endpoint, locality } of distinctEndpoints(service, port, sources, context)) {
    const key = endpointGroupKey(service.key, port.number, locality);
    const group = groups.get(key);
    if (group === undefined) {
      groups.set(key, { key, service: service.key, port: port.number, locality, endpoints: [endpoint] });
    } else group.endpoints.push(endpoint);
  }
  for (const { endpoints } of groups.values()) endpoints.sort(byAddress);
  return [...groups.values()];
}

/** Of endpoints with one address and port, the first counts; sources come in the order of their precedence. */
function distinctEndpoints(
  service: Service,
  port: ServicePort,
  sources: readonly EndpointSource[],
  context: Context,
): Iterable<LocatedEndpoint> {
  const distinct = new Map<string, LocatedEndpoint>();
  for (const source of sources) {
    let conflict: string | undefined;
    for (const located of sourceEndpoints(source, port)) {
      const address = `${located.endpoint.address}|${located.endpoint.port}`;
      const known = distinct.get(address);
      if (known === undefined) distinct.set(address, located);
      else if (!equal(known, located)) conflict ??= located.endpoint.address;
    }
    if (conflict === undefined) continue;
    const message = `${conflict} is given before for port ${port.number} of ${service.key}, with other properties.`;
    context.report(finding('ISTH0310', { ...source.about, message }));
  }
  return distinct.values();
}

function sourceEndpoints(source: EndpointSource, port: ServicePort): readonly LocatedEndpoint[] {
  return source.ports.find((given) => given.port === port.number || given.port === port.name)?.endpoints ?? [];
}

function byAddress(a: Endpoint, b: Endpoint): number {
  return compareText(a.address, b.address) || a.port - b.port;
}
