/** What all sources give to one port of a service, each address and port once. */
import { equal } from '../../collections/equality.ts';
import { type Finding, finding } from '../../model/finding.ts';
import type { Service, ServicePort } from '../../model/service.ts';
import type { EndpointSource } from './endpoint-source.ts';
import type { LocatedEndpoint } from './workloads.ts';

/** Of endpoints with one address and port, the first counts; sources come in the order of their precedence. */
export function distinctEndpoints(
  service: Service,
  port: ServicePort,
  sources: readonly EndpointSource[],
  report: (conflict: Finding) => void,
): readonly LocatedEndpoint[] {
  const given = sources.map((source) => ({ source, endpoints: sourceEndpoints(source, port) }));
  const keyOf = haveOnePort(given.map(({ endpoints }) => endpoints)) ? addressOf : addressKey;
  const distinct = new Map<string, LocatedEndpoint>();
  for (const { source, endpoints } of given) {
    let conflict: string | undefined;
    for (const located of endpoints) {
      const address = keyOf(located);
      const known = distinct.get(address);
      if (known === undefined) distinct.set(address, located);
      else if (!equal(known, located)) conflict ??= located.endpoint.address;
    }
    if (conflict === undefined) continue;
    const message = `${conflict} is given before for port ${port.number} of ${service.key}, with other properties.`;
    report(finding('ISTH0310', { ...source.about, message }));
  }
  return [...distinct.values()];
}

/** As nearly all services have: their addresses alone tell them apart, and no text is made for each. */
function haveOnePort(lists: readonly (readonly LocatedEndpoint[])[]): boolean {
  const port = lists.find(([first]) => first !== undefined)?.[0]?.endpoint.port;
  return lists.every((endpoints) => endpoints.every(({ endpoint }) => endpoint.port === port));
}

function addressOf({ endpoint }: LocatedEndpoint): string {
  return endpoint.address;
}

export function addressKey({ endpoint }: LocatedEndpoint): string {
  return `${endpoint.address}|${endpoint.port}`;
}

function sourceEndpoints(source: EndpointSource, port: ServicePort): readonly LocatedEndpoint[] {
  return source.ports.find((given) => given.port === port.number || given.port === port.name)?.endpoints ?? [];
}
