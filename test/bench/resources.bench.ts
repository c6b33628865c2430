/**
 * What reading parsed manifests into resources costs: ServiceEntries with ten endpoints each, good ones and ones with an
 * unknown field. Prints JSON when run: `node test/bench/resources.bench.ts`.
 */
import { createResourceReader } from '../../src/resources/reader.ts';

export interface ResourcesFigures {
  readonly name: 'resources';
  readonly objects: number;
  readonly endpoints: number;
  /** A program's first pass over all objects, the compiling of the schema included. */
  readonly firstMs: number;
  /** The same once the code is warm: the median of three passes. */
  readonly warmMs: number;
  /** Objects with one unknown field each: what the thorough path costs. */
  readonly withFindingsMs: number;
  readonly accepted: number;
  readonly findings: number;
}

const endpointsPerObject = 10;

export function benchResources(objects: number): ResourcesFigures {
  const text = JSON.stringify(Array.from({ length: objects }, (_, index) => serviceEntry(index)));
  const read = (prepare: (spec: Record<string, unknown>) => void) => {
    const values: { spec: Record<string, unknown> }[] = JSON.parse(text);
    for (const { spec } of values) prepare(spec);
    const reader = createResourceReader();
    const start = performance.now();
    const readings = values.map((value) => reader.read(value));
    return { ms: performance.now() - start, readings };
  };
  const first = read(() => {});
  const warm = [1, 2, 3].map(() => read(() => {}).ms).sort((a, b) => a - b);
  const spoilt = read((spec) => {
    spec.workload_selector = {};
  });
  return {
    name: 'resources',
    objects,
    endpoints: objects * endpointsPerObject,
    firstMs: Math.round(first.ms),
    warmMs: Math.round(warm[1] ?? 0),
    withFindingsMs: Math.round(spoilt.ms),
    accepted: first.readings.filter(({ resource }) => resource !== undefined).length,
    findings: spoilt.readings.reduce((sum, { findings }) => sum + findings.length, 0),
  };
}

function serviceEntry(index: number): object {
  const port = 'tcp-metaprotocol-thrift-orders';
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'ServiceEntry',
    metadata: { name: `orders-${index}`, namespace: 'shop', labels: { app: 'orders' } },
    spec: {
      hosts: [`orders-${index}.shop.mesh`],
      ports: [{ number: 8080, name: port, protocol: 'TCP' }],
      location: 'MESH_INTERNAL',
      resolution: 'STATIC',
      endpoints: Array.from({ length: endpointsPerObject }, (_, endpoint) => ({
        address: `10.${index >> 8}.${index & 255}.${endpoint}`,
        ports: { [port]: 9000 + endpoint },
        labels: { app: 'orders', version: `v${endpoint % 2}` },
        locality: 'eu/a/1',
        weight: 1,
      })),
    },
  };
}

if (import.meta.main) console.log(JSON.stringify(benchResources(10_000), undefined, 2));
