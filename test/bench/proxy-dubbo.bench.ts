/**
 * metaproxy's cost for a Dubbo request of 100 bytes, routed by its interface, against Envoy's generic_proxy with the dubbo
 * codec and `bind_upstream_connection` on the same load: requests for each CPU-second of the proxy, rounds interleaved.
 *
 *   node test/bench/proxy-dubbo.bench.ts [--seconds 2] [--rounds 3]
 */
import { parseArgs } from 'node:util';
import { findPeer } from '../peers/peers.ts';
import { dubboInterface } from './proxy-frames.ts';
import { bench, type Options, type ProxyFigure, ratios, type Shape } from './proxy-rounds.ts';
import { startGenericProxy, startMetaproxySubject } from './proxy-subjects.ts';

const protocol = { name: 'dubbo', codec: { name: 'aeraki.meta_protocol.codec.dubbo' } };
const match = { metadata: [{ name: 'interface', exact_match: dubboInterface }] };

export async function benchDubbo(shapes: readonly Shape[], options: Options): Promise<readonly ProxyFigure[]> {
  const envoy = findPeer('envoy');
  return bench('dubbo', shapes, options, async (upstream, ports) => [
    await startMetaproxySubject(protocol, ports[0] ?? 0, upstream, match),
    ...(envoy === undefined ? [] : [await startGenericProxy(envoy, ports[1] ?? 0, upstream)]),
  ]);
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: { seconds: { type: 'string', default: '2' }, rounds: { type: 'string', default: '3' } },
  });
  const shapes = [
    { connections: 16, depth: 1 },
    { connections: 64, depth: 1 },
    { connections: 16, depth: 16 },
  ];
  const figures = await benchDubbo(shapes, { seconds: Number(values.seconds), rounds: Number(values.rounds) });
  const required = { 'depth 1': 2, 'depth 16': 3.5 };
  console.log(JSON.stringify({ name: 'proxy-dubbo', figures, ratios: ratios(figures), required }, undefined, 2));
}
