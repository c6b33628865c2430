/**
 * A stock Envoy that refuses a policy, since its own bootstrap bounds what an expression may cost and our validation allows
 * more: what was good stays, the user is told which policy it is, and nobody else is harmed.
 */
import { createServer } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { freePorts } from '../../examples/quickstart/free-ports.ts';
import type { Finding } from '../../src/model/finding.ts';
import { type EnvoyProcess, startEnvoy, type Variant, type Workload } from './envoy-process.ts';
import { InteropMesh } from './interop-mesh.ts';
import { peerUnderTest } from './peer-under-test.ts';
import { requestRight, webService } from './web-manifests.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const envoy = peerUnderTest('envoy');
const variants: readonly Variant[] = ['GRPC', 'DELTA_GRPC'];
const patience = { timeout: 30_000 };
/** RE2 makes far more of it than the hundred steps that Envoy takes by default. */
const TOO_LARGE = '/books[a-z]{1,200}';

describe.skipIf(envoy === undefined).each(variants)('envoy over %s', (variant) => {
  const base = variant === 'GRPC' ? 78 : 79;
  const store: Workload = { address: `127.0.${base}.1`, namespace: 'books', serviceAccount: 'store' };
  const shelf: Workload = { address: `127.0.${base}.2`, namespace: 'books', serviceAccount: 'shelf' };
  const buyer: Workload = { address: `127.0.${base}.3`, namespace: 'books', serviceAccount: 'buyer' };
  let mesh: InteropMesh;
  let port = 0;
  let atStore: EnvoyProcess;
  const stops: (() => void)[] = [];

  const policy = (whom: Workload, pathRegex: string): string => requestRight(whom, { pathRegex, method: 'GET' }, buyer);
  const split = (pathRegex: string): string => `apiVersion: specs.smi-spec.io/v1alpha4
kind: HTTPRouteGroup
metadata: { name: split, namespace: books }
spec:
  matches: [{ name: some, pathRegex: "${pathRegex}" }]
---
apiVersion: split.smi-spec.io/v1alpha4
kind: TrafficSplit
metadata: { name: store, namespace: books }
spec:
  service: store.books.mesh
  matches: [{ kind: HTTPRouteGroup, name: split }]
  backends: [{ service: shelf.books.mesh, weight: 1 }]
`;

  beforeAll(async () => {
    [port = 0] = await freePorts(1);
    mesh = await InteropMesh.start(
      {
        'store.yaml': webService(store, port),
        'shelf.yaml': webService(shelf, port),
        'store-policy.yaml': policy(store, '/books'),
        'shelf-policy.yaml': policy(shelf, '/books'),
      },
      '  access: { mode: Enforced }\n',
    );
    const application = createServer((_, response) => void response.end('served'));
    application.listen(port, '127.0.0.1');
    stops.push(() => application.close());
    atStore = await startEnvoy(envoy ?? '', mesh, variant, store);
    await startEnvoy(envoy ?? '', mesh, variant, shelf);
    await startEnvoy(envoy ?? '', mesh, variant, buyer);
  });

  beforeEach(async () => {
    for (const workload of [store, shelf]) await expect.poll(() => ask(workload, '/books'), patience).toBe(200);
  });

  afterAll(async () => {
    await mesh?.stop();
    for (const stop of stops) stop();
  });

  /** As the buyer: a status, 0 where there is no connection. */
  async function ask({ serviceAccount }: Workload, path: string): Promise<number> {
    const host = await mesh.virtualIp(`${serviceAccount}.books.mesh`);
    const answer = await fetch(`http://${host}:${port}${path}`).catch(() => undefined);
    await answer?.text();
    return answer?.status ?? 0;
  }

  async function refusals(): Promise<readonly Finding[]> {
    const findings: readonly Finding[] = JSON.parse((await mesh.isthmus('analyze', '-o', 'json')).output);
    return findings.filter(({ code }) => code === 'ISTH0801');
  }

  /** How often routes were refused, since the control plane has run. */
  async function refused(): Promise<number> {
    const metrics = await (await fetch(`http://${mesh.admin}/metrics`)).text();
    return Number(/^isthmus_xds_nacks_total\{type="[^"]*RouteConfiguration"\} (\d+)$/m.exec(metrics)?.[1] ?? 0);
  }

  it('goes on with the last good policy when it refuses one, which a finding names, until it is corrected', async () => {
    const before = await refused();
    mesh.write('store-policy.yaml', policy(store, TOO_LARGE));
    await expect.poll(refusals, patience).toEqual([
      expect.objectContaining({
        object: { kind: 'Proxy', namespace: 'books', name: atStore.node },
        path: 'RDS',
        message: expect.stringMatching(/"inbound\|.*program size.* It comes of TrafficTarget books\/store\.$/),
      }),
    ]);
    expect(await ask(store, '/books')).toBe(200);
    // Others are told of their changes meanwhile, and what was refused is not tried again.
    mesh.write('shelf-policy.yaml', policy(shelf, '/shelves'));
    await expect.poll(() => ask(shelf, '/shelves'), patience).toBe(200);
    expect([await ask(shelf, '/books'), await ask(store, '/books')]).toEqual([403, 200]);
    expect(await refused()).toBe(before + 1);
    mesh.write('store-policy.yaml', policy(store, '/stores'));
    mesh.write('shelf-policy.yaml', policy(shelf, '/books'));
    await expect.poll(() => ask(store, '/stores'), patience).toBe(200);
    expect(await ask(store, '/books')).toBe(403);
    expect(await refusals()).toEqual([]);
    mesh.write('store-policy.yaml', policy(store, '/books'));
  });

  it('goes on with the routes of one service when it refuses those of another, and with the old ones of that', async () => {
    const before = await refused();
    mesh.write('split.yaml', split(TOO_LARGE));
    await expect
      .poll(async () => (await refusals()).map(({ message }) => message), patience)
      .toEqual([
        expect.stringMatching(/"store\.books\.mesh:\d+".*program size.* It comes of TrafficSplit books\/store\.$/),
      ]);
    expect([await ask(store, '/books'), await ask(shelf, '/books')]).toEqual([200, 200]);
    mesh.write('shelf-policy.yaml', policy(shelf, '/shelves'));
    await expect.poll(() => ask(shelf, '/shelves'), patience).toBe(200);
    expect(await refused()).toBe(before + 1);
    mesh.write('split.yaml', split('/shelves'));
    // The split leads to the shelf now, which the store would not have taken.
    await expect.poll(() => ask(store, '/shelves'), patience).toBe(200);
    await expect.poll(refusals, patience).toEqual([]);
    mesh.remove('split.yaml');
    await expect.poll(() => ask(store, '/shelves'), patience).toBe(403);
  });
});
