/**
 * What the mesh model costs: to be made from many ServiceEntries, and to follow one changed endpoint among many services
 * as against few. Prints JSON when run: `node --expose-gc test/bench/mesh.bench.ts`.
 */
import { metaRouter, serviceEntry, testMesh } from '../../src/mesh/mesh-fixture.ts';
import type { AnyResource } from '../../src/resources/kinds.ts';

export interface MeshFigures {
  readonly services: number;
  readonly endpoints: number;
  readonly fillMs: number;
  /** Microseconds from one changed endpoint to the end of its batch, median. */
  readonly changeUs: number;
  /** Of the model alone, without the resources; meaningless without --expose-gc. */
  readonly heapMb: number;
}

const endpointsPerService = 10;
const namespaces = 100;

/** `salt` makes one endpoint differ. A copy by way of JSON has its texts laid out as a parser lays them out. */
function entryOf(service: number, salt: number): AnyResource {
  const endpoints = Array.from({ length: endpointsPerService }, (_, at) => ({
    address: `10.${(service >> 8) & 255}.${service & 255}.${at === 0 ? 100 + (salt % 100) : at}`,
    labels: { app: `app-${service}`, version: at % 2 === 0 ? 'v1' : 'v2' },
  }));
  const entry = serviceEntry(`ns-${service % namespaces}/service-${service}`, {
    ports: [{ number: 9000, name: 'tcp-metaprotocol-thrift-main', targetPort: 8080 }],
    endpoints,
  });
  return JSON.parse(JSON.stringify(entry));
}

function routerOf(service: number): AnyResource {
  const host = `service-${service}.example`;
  return metaRouter(`ns-${service % namespaces}/service-${service}`, {
    hosts: [host],
    routes: [{ match: { attributes: { method: { exact: 'pay' } } }, route: [{ destination: { host } }] }],
  });
}

export function measureMesh(services: number, changes: number): MeshFigures {
  const resources = Array.from({ length: services }, (_, at) => [entryOf(at, 0), routerOf(at)]).flat();
  globalThis.gc?.();
  const heap = process.memoryUsage().heapUsed;
  const { mesh, set } = testMesh({});
  const start = performance.now();
  set(...resources);
  const fillMs = performance.now() - start;
  globalThis.gc?.();
  const heapMb = (process.memoryUsage().heapUsed - heap) / 2 ** 20;
  const edits = Array.from({ length: changes }, (_, at) => entryOf((at * 7919) % services, at + 1));
  const times = edits.map((edit) => {
    const before = performance.now();
    set(edit);
    return performance.now() - before;
  });
  times.sort((a, b) => a - b);
  return {
    services: mesh.meshServices.size,
    endpoints: mesh.inboundPorts.size,
    fillMs,
    changeUs: 1000 * (times[times.length >> 1] ?? 0),
    heapMb,
  };
}

/** `ratio` is the cost of one change among many services over its cost among few. */
export function benchMesh(many: number, few: number, changes: number) {
  measureMesh(few, changes);
  const small = measureMesh(few, changes);
  const large = measureMesh(many, changes);
  return { name: 'mesh', few: small, many: large, ratio: large.changeUs / small.changeUs };
}

if (import.meta.main) console.log(JSON.stringify(benchMesh(10_000, 100, 3000), undefined, 2));
