/** A proxy of which nothing is known but what a test says of it. For tests. */
import type { ProxyNode } from './proxy.ts';

/** An Envoy in namespace `shop` whose workload bears its id. */
export function proxyNode(id: string, said: Partial<ProxyNode> = {}): ProxyNode {
  const places = { addresses: [], labels: {}, extensions: [] };
  return { id, kind: 'envoy', namespace: 'shop', workload: id, serviceAccount: '', ...places, ...said };
}
