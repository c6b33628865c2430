/** What the proxy beside a workload listens for, and the cluster that leads to the workload. */
import type { InboundPort, MeshSettings } from '../model/mesh-service.ts';
import type { ProxyKind } from '../model/proxy.ts';
import { inboundCluster } from './envoy/clusters.ts';
import { listener } from './envoy/listeners.ts';
import { tcpProxy } from './envoy/tcp-proxies.ts';
import { metaKindFor } from './metaprotocol/dialect.ts';
import { inboundProxy } from './metaprotocol/proxy-filters.ts';
import { inboundClusterName } from './names/resource-names.ts';
import { inboundScope } from './scope.ts';
import type { Translation } from './translation.ts';
import { unenforcedLimits } from './unenforced-rules.ts';

/** Nothing for gRPC, which has no listeners, and for UDP. The cluster is the same for every kind and address. */
export function translateInbound(kind: ProxyKind, inbound: InboundPort, settings: MeshSettings): Translation {
  const { address, targetPort, codec, port } = inbound;
  const isUdp = port.protocol.kind === 'plain' && port.protocol.protocol === 'udp';
  if (kind === 'grpc' || isUdp) return { resources: [], findings: [] };
  const metaKind = metaKindFor(kind, codec);
  const name = inboundClusterName(targetPort);
  const filter =
    metaKind === undefined || codec === undefined
      ? tcpProxy(name, name, settings)
      : inboundProxy(inbound, codec, settings, metaKind);
  return {
    resources: [
      { scope: inboundScope(kind, address), resource: listener(address, targetPort, 'inbound', filter) },
      { scope: inboundScope(kind, address), resource: inboundCluster(targetPort) },
    ],
    findings: unenforcedLimits(inbound, kind, metaKind !== undefined),
  };
}
