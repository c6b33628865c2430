/**
 * From a policy's file to what a caller sees, through live Envoys: fifty changes of a policy, each written, awaited at the
 * client, and taken back. An object that is gone from its file is doubted for two seconds by design, and is not measured.
 * Needs Envoy, and dist/. Prints JSON when run: `node test/bench/policy-enforcement.bench.ts`.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { loadavg } from 'node:os';
import { freePorts } from '../../examples/quickstart/free-ports.ts';
import { startEnvoy, type Workload } from '../interop/envoy-process.ts';
import { InteropMesh } from '../interop/interop-mesh.ts';
import { findPeer } from '../peers/peers.ts';
import { type Quantiles, quantiles } from './acknowledging-proxies.ts';

export interface EnforcementFigures {
  readonly policies: number;
  readonly load: number;
  /** From the policy's file being in its place to the first request that is let through, and that is denied again. */
  readonly permittedMs: Quantiles;
  readonly deniedMs: Quantiles;
}

const store: Workload = { address: '127.0.90.1', namespace: 'books', serviceAccount: 'store' };
const buyer: Workload = { address: '127.0.90.2', namespace: 'books', serviceAccount: 'buyer' };

/** Beyond this something is broken, in milliseconds. */
const longestMs = 30_000;

const service = (port: number): string => `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: store, namespace: books }
spec:
  hosts: [store.books.mesh]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: [{ number: ${port}, name: http-web, protocol: HTTP }]
  endpoints: [{ address: ${store.address}, serviceAccount: store }]
`;

/** Permits the buyer one path. */
const policy = (name: string, path: string): string => `apiVersion: specs.smi-spec.io/v1alpha4
kind: HTTPRouteGroup
metadata: { name: ${name}, namespace: books }
spec:
  matches: [{ name: path, pathRegex: /${path}$, methods: [GET] }]
---
apiVersion: access.smi-spec.io/v1alpha3
kind: TrafficTarget
metadata: { name: ${name}, namespace: books }
spec:
  destination: { kind: ServiceAccount, name: store, namespace: books }
  rules: [{ kind: HTTPRouteGroup, name: ${name} }]
  sources: [{ kind: ServiceAccount, name: buyer, namespace: books }]
`;

export async function benchEnforcement(envoy: string, policies: number): Promise<EnforcementFigures> {
  const [port = 0] = await freePorts(1);
  const settings = '  access: { mode: Enforced }\n';
  const mesh = await InteropMesh.start(
    {
      'store.yaml': service(port),
      'policy.yaml': policy('always', 'always'),
      'changing.yaml': policy('changing', 'nothing'),
    },
    settings,
  );
  const application = createServer((_, response) => void response.end('served'));
  try {
    await once(application.listen(port, '127.0.0.1'), 'listening');
    for (const workload of [store, buyer]) await startEnvoy(envoy, mesh, 'DELTA_GRPC', workload);
    const host = await mesh.virtualIp('store.books.mesh');
    const until = async (path: string, wanted: number): Promise<number> => {
      const deadline = performance.now() + longestMs;
      while ((await statusOf(`http://${host}:${port}/${path}`)) !== wanted)
        if (performance.now() > deadline) throw new Error(`${path} does not come to answer ${wanted}`);
      return performance.now();
    };
    await until('always', 200);
    const [permitted, denied]: [number[], number[]] = [[], []];
    for (let turn = 0; turn < policies; turn++) {
      const path = `path-${turn}`;
      let written = performance.now();
      mesh.write('changing.yaml', policy('changing', path));
      permitted.push((await until(path, 200)) - written);
      written = performance.now();
      mesh.write('changing.yaml', policy('changing', 'nothing'));
      denied.push((await until(path, 403)) - written);
    }
    return {
      policies,
      load: Number((loadavg()[0] ?? 0).toFixed(1)),
      permittedMs: quantiles(permitted),
      deniedMs: quantiles(denied),
    };
  } finally {
    await mesh.stop();
    application.close();
  }
}

/** 0 where there is no connection. */
async function statusOf(url: string): Promise<number> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(answerMs) });
    await response.text();
    return response.status;
  } catch {
    return 0;
  }
}

const answerMs = 2_000;

if (import.meta.main) {
  const envoy = findPeer('envoy');
  if (envoy === undefined) throw new Error('Envoy is missing: npm run test:peers installs it');
  console.log(JSON.stringify({ name: 'policy-enforcement', ...(await benchEnforcement(envoy, 50)) }, undefined, 2));
}
