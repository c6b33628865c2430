/** What a TrafficSplit says of each port of its root: to which of its backends how much goes. */
import type { Context } from '../../collections/collection.ts';
import { finding } from '../../model/finding.ts';
import type { WeightedDestination } from '../../model/route.ts';
import type { Service, ServicePort } from '../../model/service.ts';
import type { TrafficSplit } from '../../resources/kinds.ts';
import { about } from '../resource-order.ts';
import { ownService, type ServiceTables } from '../services/own-service.ts';

interface Backend {
  readonly service: Service;
  readonly weight: number;
  /** In the manifest. */
  readonly path: string;
}

type Fault = 'ISTH1331' | 'ISTH1332' | 'ISTH1338';

/** What is to get nothing can be written before it is there: rollouts begin so. */
function reportBackend(
  { split, weight, path }: { readonly split: TrafficSplit; readonly weight: number; readonly path: string },
  code: Fault,
  message: string,
  context: Context,
): void {
  context.report(finding(weight === 0 ? 'ISTH1347' : code, { ...about(split), path: `${path}.service`, message }));
}

/** Those that are there and can be sent to; the others are left out, and the rest share by their own weights. */
export function usableBackends(split: TrafficSplit, context: Context, tables: ServiceTables): readonly Backend[] {
  return split.spec.backends.flatMap(({ service: written, weight }, at) => {
    const path = `spec.backends[${at}]`;
    const backend = { split, weight, path };
    const service = ownService(split.metadata.namespace, written, context, tables);
    if (service === undefined) {
      const message = `There is no ${written} in namespace ${split.metadata.namespace}: it gets nothing.`;
      reportBackend(backend, 'ISTH1331', message, context);
      return [];
    }
    if (service.resolution === 'none' || service.resolution === 'dynamic-dns') {
      const message = `${service.host} has resolution ${service.resolution}, by which it has no endpoints of its own: it gets nothing.`;
      reportBackend(backend, 'ISTH1338', message, context);
      return [];
    }
    return [{ service, weight, path }];
  });
}

/** Those with a weight that offer the port. Which port of the workload that is, each says for itself. */
export function destinationsOf(
  split: TrafficSplit,
  { number }: ServicePort,
  backends: readonly Backend[],
  context: Context,
): readonly WeightedDestination[] {
  const shares = backends.flatMap(({ service, weight, path }) => {
    if (!service.ports.some((port) => port.number === number)) {
      const message = `${service.host} has no port ${number}: it gets nothing of what is sent to this port.`;
      reportBackend({ split, weight, path }, 'ISTH1332', message, context);
      return [];
    }
    return weight === 0 ? [] : [{ service, weight }];
  });
  // Where nothing has a weight, that was said when it was read.
  if (shares.length === 0 && split.spec.backends.some(({ weight }) => weight > 0)) {
    const message = `No backend with a weight is left for port ${number}: it is refused what the split is for.`;
    context.report(finding('ISTH1333', { ...about(split), path: 'spec.backends', message }));
  }
  return byHost(shares).map(([host, weight]) => ({ destination: { host, port: number, subset: '' }, weight }));
}

/** Two names of one service are one destination. */
function byHost(shares: readonly Omit<Backend, 'path'>[]): readonly [host: string, weight: number][] {
  const weights = new Map<string, number>();
  for (const { service, weight } of shares) weights.set(service.host, (weights.get(service.host) ?? 0) + weight);
  return [...weights];
}
