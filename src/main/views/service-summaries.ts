/** Services as the mesh sees them, in one line each: for the admin API and for a command that looks at manifests. */
import type { EndpointGroup } from '../../model/endpoint.ts';
import type { MeshService } from '../../model/mesh-service.ts';
import type { EndpointCount, ServiceSummary } from '../../model/service-summary.ts';
import type { Pipeline } from '../pipeline.ts';
import { sortedValues } from './admin-views.ts';

/** In order of namespace and host. */
export function summarizeServices({ mesh }: Pick<Pipeline, 'mesh'>): readonly ServiceSummary[] {
  return sortedValues(mesh.meshServices).map((service) =>
    summarize(service, mesh.groupsByService.lookup(service.service.key)),
  );
}

function summarize({ service, addresses, ports }: MeshService, groups: Iterable<EndpointGroup>): ServiceSummary {
  const counts = countByPort(groups);
  const { host, namespace, resolution, provenance } = service;
  return {
    host,
    namespace,
    addresses,
    ports: ports.map(({ port: { number, name, protocol }, codec }) => ({
      number,
      name,
      protocol,
      ...(codec === undefined ? {} : { codec: codec.protocol.codec }),
      endpoints: counts.get(number) ?? { healthy: 0, total: 0 },
    })),
    resolution,
    provenance,
  };
}

function countByPort(groups: Iterable<EndpointGroup>): ReadonlyMap<number, EndpointCount> {
  const counts = new Map<number, EndpointCount>();
  for (const { port, endpoints } of groups) {
    const before = counts.get(port) ?? { healthy: 0, total: 0 };
    const healthy = endpoints.filter(({ health }) => health === 'healthy').length;
    counts.set(port, { healthy: before.healthy + healthy, total: before.total + endpoints.length });
  }
  return counts;
}
