/** metaproxy in the process of a test, beside a workload whose name it states. */
import { type Metaproxy, startMetaproxy } from '../../src/proxy/metaproxy.ts';
import type { Workload } from './envoy-process.ts';
import type { InteropMesh } from './interop-mesh.ts';

/** Resolves once it has its first configuration. */
export async function startMetaproxyBeside(
  mesh: InteropMesh,
  { address, namespace, serviceAccount }: Workload,
): Promise<Metaproxy> {
  const proxy = await startMetaproxy({
    xds: { address: mesh.xds },
    node: {
      id: `sidecar~${address}~${serviceAccount}.${namespace}~cluster.local`,
      ...{ namespace, serviceAccount, addresses: [address] },
    },
    limits: { drainMs: 200, listenerGraceMs: 0 },
  });
  await proxy.ready;
  return proxy;
}
