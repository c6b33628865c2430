/**
 * What one changed endpoint costs the collection engine, in a mesh of many services as against one of few; and what it
 * costs to fill it. Prints JSON when run: `node test/bench/collections.bench.ts`.
 */
import { Engine } from '../../src/collections/engine.ts';

interface Endpoint {
  readonly id: string;
  readonly service: string;
  readonly weight: number;
}

export interface CollectionsFigures {
  readonly services: number;
  readonly endpoints: number;
  readonly fillMs: number;
  /** Microseconds for one changed endpoint, median. */
  readonly changeUs: number;
  readonly heapMb: number;
}

const endpointsPerService = 10;

/** Services and their endpoints, grouped, looked up and put together again, as the mesh model does it. */
function build() {
  const engine = new Engine();
  const services = engine.table('services', { key: (value: { readonly name: string }) => value.name });
  const endpoints = engine.table('endpoints', { key: (value: Endpoint) => value.id });
  const groups = engine.groupBy(
    'groups',
    endpoints,
    (endpoint) => [endpoint.service],
    (service, members) => ({ service, total: members.reduce((sum, member) => sum + member.weight, 0), members }),
  );
  const clusters = engine.map('clusters', services, (service, context) => {
    const group = context.get(groups, service.name);
    return { name: service.name, endpoints: group?.members.length ?? 0, total: group?.total ?? 0 };
  });
  engine.flatMap('names', clusters, (cluster) => [`${cluster.name}.a`, `${cluster.name}.b`].map((name) => ({ name })), {
    key: (value) => value.name,
  });
  return { engine, services, endpoints, clusters };
}

function endpoint(service: number, at: number, weight: number): Endpoint {
  return { id: `service-${service}/${at}`, service: `service-${service}`, weight };
}

export function measureCollections(count: number, changes: number): CollectionsFigures {
  const heap = process.memoryUsage().heapUsed;
  const { engine, services, endpoints, clusters } = build();
  const start = performance.now();
  engine.batch(() => {
    for (let service = 0; service < count; service++) {
      services.set({ name: `service-${service}` });
      for (let at = 0; at < endpointsPerService; at++) endpoints.set(endpoint(service, at, 1));
    }
  });
  const fillMs = performance.now() - start;
  const times = Array.from({ length: changes }, (_, change) => {
    const before = performance.now();
    endpoints.set(endpoint((change * 7919) % count, change % endpointsPerService, change + 2));
    return performance.now() - before;
  }).toSorted((a, b) => a - b);
  if (clusters.size !== count) throw new Error(`expected ${count} clusters, got ${clusters.size}`);
  return {
    services: count,
    endpoints: endpoints.size,
    fillMs,
    changeUs: 1000 * (times[times.length >> 1] ?? 0),
    heapMb: (process.memoryUsage().heapUsed - heap) / 2 ** 20,
  };
}

/** `ratio` is the cost of one change among many services over its cost among few; each side is warmed up first. */
export function benchCollections(many: number, few: number, changes: number) {
  measureCollections(few, changes);
  const small = measureCollections(few, changes);
  const large = measureCollections(many, changes);
  return { name: 'collections', few: small, many: large, ratio: large.changeUs / small.changeUs };
}

if (import.meta.main) console.log(JSON.stringify(benchCollections(10_000, 100, 5000), undefined, 2));
