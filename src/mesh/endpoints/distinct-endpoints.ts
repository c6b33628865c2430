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
  const distinct = new Map<string, LocatedEndpoint>();
  for (const source of sources) {
    let conflict: string | undefined;
    for (const located of sourceEndpoints(source, port)) {
      const address = addressKey(located);
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

export function addressKey({ endpoint }: LocatedEndpoint): string {
  return `${endpoint.address}|${endpoint.port}`;
}

function sourceEndpoints(source: EndpointSource, port: ServicePort): readonly LocatedEndpoint[] {
  return source.ports.find((given) => given.port === port.number || given.port === port.name)?.endpoints ?? [];
}
