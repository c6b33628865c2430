/** TrafficMetrics as SMI has them, of what live Envoys counted: the numbers are those of the client. */
import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { freePorts } from '../../examples/quickstart/free-ports.ts';
import { BootstrappedMesh } from './bootstrapped-mesh.ts';
import type { Workload } from './envoy-process.ts';
import { peerUnderTest } from './peer-under-test.ts';
import { requestRight } from './web-manifests.ts';

vi.setConfig({ testTimeout: 90_000, hookTimeout: 90_000 });

const envoy = peerUnderTest('envoy');
const store: Workload = { address: '127.0.76.1', namespace: 'books', serviceAccount: 'bookstore' };
const buyer: Workload = { address: '127.0.76.2', namespace: 'town', serviceAccount: 'bookbuyer' };

const service = (port: number): string => `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: bookstore, namespace: books, labels: { app: store } }
spec:
  hosts: [bookstore.books.mesh]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: [{ number: ${port}, name: http-web, protocol: HTTP }]
  endpoints: [{ address: ${store.address}, serviceAccount: ${store.serviceAccount} }]
`;

interface Metrics {
  readonly edge: object | null;
  readonly window: string;
  readonly timestamp: string;
  readonly metrics: readonly { readonly name: string; readonly unit: string; readonly value: string }[];
}

const ROOT = '/apis/metrics.smi-spec.io/v1alpha1';
const OF_STORE = `${ROOT}/namespaces/books/services/bookstore.books.mesh`;
const good = 17;
const bad = 5;

const counts = ({ metrics }: Metrics) =>
  Object.fromEntries(metrics.filter(({ name }) => name.endsWith('_count')).map(({ name, value }) => [name, value]));
const expected = { success_count: String(good), failure_count: String(bad) };

describe.skipIf(envoy === undefined)('TrafficMetrics', () => {
  let mesh: BootstrappedMesh;
  let application: Server;
  let seen: Awaited<ReturnType<typeof look>>;

  /** All at one time: what was counted is shown for half a minute. */
  async function look() {
    const metrics = async (path: string) => (await mesh.get(path)) as Metrics;
    const edges = async (path: string) => ((await mesh.get(`${path}/edges`)) as { items: readonly Metrics[] }).items;
    return {
      service: await metrics(OF_STORE),
      edgesOfService: await edges(OF_STORE),
      edgesOfPod: await edges(`${ROOT}/namespaces/town/pods/bookbuyer-1`),
      edgesOfNamespace: await edges(`${ROOT}/namespaces/town`),
    };
  }

  beforeAll(async () => {
    const [port = 0] = await freePorts(1);
    application = createServer((request, response) => {
      response.statusCode = request.url === '/broken' ? 500 : 200;
      setTimeout(() => response.end('done'), 20);
    }).listen(port, '127.0.0.1');
    mesh = await BootstrappedMesh.start(envoy ?? '', {
      'service.yaml': service(port),
      'target.yaml': requestRight(store, { pathRegex: '/', method: '*' }, buyer),
    });
    await mesh.startEnvoy(store);
    await mesh.startEnvoy(buyer);
    const host = await mesh.virtualIp('bookstore.books.mesh');
    const answers: number[] = [];
    for (let at = 0; at < good + bad; at++) {
      const answer = await fetch(`http://${host}:${port}${at < good ? '/' : '/broken'}`);
      await answer.text();
      answers.push(answer.status);
    }
    expect(answers).toEqual(Array.from({ length: good + bad }, (_, at) => (at < good ? 200 : 500)));
    await vi.waitFor(
      async () => {
        seen = await look();
        expect([seen.service, ...seen.edgesOfService].map(counts)).toEqual([expected, expected]);
      },
      { timeout: 60_000, interval: 200 },
    );
  });

  afterAll(async () => {
    await mesh?.stop();
    application?.close();
  });

  it('are those of the requests that a service got, with how long they took', () => {
    const { service: own } = seen;
    expect(own).toMatchObject({
      kind: 'TrafficMetrics',
      resource: { kind: 'Service', namespace: 'books', name: 'bookstore.books.mesh' },
      edge: null,
      window: '30s',
    });
    expect(new Date(own.timestamp).toISOString()).toBe(own.timestamp);
    const latencies = own.metrics.filter(({ unit }) => unit === 'ms');
    expect(latencies.map(({ name }) => name)).toEqual(['p50', 'p90', 'p99'].map((name) => `${name}_response_latency`));
    const [p50 = 0, p90 = 0, p99 = 0] = latencies.map(({ value }) =>
      value.endsWith('m') ? Number(value.slice(0, -1)) / 1000 : Number(value),
    );
    // The application takes 20 ms, less what its timer and Envoy's clock round away.
    expect(p50).toBeGreaterThan(15);
    expect(p90).toBeGreaterThanOrEqual(p50);
    expect(p99).toBeGreaterThanOrEqual(p90);
  });

  it('are those of the requests between two, seen from either side', () => {
    const bookstore = { kind: 'Service', namespace: 'books', name: 'bookstore.books.mesh' };
    const bookbuyer = { kind: 'ServiceAccount', namespace: 'town', name: 'bookbuyer' };
    const books = { kind: 'Namespace', name: 'books' };
    expect(seen.edgesOfService).toMatchObject([{ edge: { direction: 'from', side: 'client', resource: bookbuyer } }]);
    expect(seen.edgesOfPod).toMatchObject([{ edge: { direction: 'to', side: 'client', resource: bookstore } }]);
    expect(seen.edgesOfNamespace).toMatchObject([{ edge: { direction: 'to', side: 'client', resource: books } }]);
    expect([...seen.edgesOfPod, ...seen.edgesOfNamespace].map(counts)).toEqual([expected, expected]);
  });
});
