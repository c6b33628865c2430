/**
 * metaproxy's cost for a request, against programs that do comparable work on the same machine in the same run:
 * Envoy's thrift_proxy for Thrift, haproxy (which only copies bytes) for a protocol with request ids. Requests for each
 * CPU-second of the proxy; rounds interleave, figures are medians, verdicts are ratios.
 *
 *   node test/bench/proxy.bench.ts [--seconds 2] [--rounds 3]
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { load as loadYaml } from 'js-yaml';
import { findPeer } from '../peers/peers.ts';
import { bench, median, type Options, type ProxyFigure, ratios, type Shape, withSubjects } from './proxy-rounds.ts';
import { type Subject, startHaproxy, startMetaproxySubject, startThriftProxy } from './proxy-subjects.ts';

export interface Latency {
  readonly subject: string;
  readonly requestsPerSecond: number;
  readonly p50Us: number;
  readonly p99Us: number;
}

/** awesomerpc by its YAML, as a user's own protocol is: the description travels with the listener. */
function describedProtocol(): Record<string, unknown> {
  const file = path.resolve(import.meta.dirname, '../../codecs/awesomerpc/awesomerpc.yaml');
  const document = loadYaml(readFileSync(file, 'utf8'));
  const spec = typeof document === 'object' && document !== null && 'spec' in document ? document.spec : undefined;
  const config = {
    '@type': 'type.googleapis.com/xds.type.v3.TypedStruct',
    type_url: 'type.googleapis.com/isthmus.dev.v1alpha1.ProtocolCodec',
    value: spec,
  };
  return { name: 'awesomerpc', codec: { name: 'awesomerpc', config }, multiplexing: true };
}

const thriftProtocol = { name: 'thrift', codec: { name: 'aeraki.meta_protocol.codec.thrift' }, multiplexing: true };

export async function benchThrift(shapes: readonly Shape[], options: Options): Promise<readonly ProxyFigure[]> {
  const envoy = findPeer('envoy');
  return bench('thrift', shapes, options, async (upstream, ports) => [
    await startMetaproxySubject(thriftProtocol, ports[0] ?? 0, upstream),
    ...(envoy === undefined ? [] : [await startThriftProxy(envoy, ports[1] ?? 0, upstream)]),
  ]);
}

/**
 * Latency at equal requests a second, a fraction of what the slower of the two can do. A pause of the machine spoils the
 * p99 of the round that it meets: so the rounds are many and short, and begin once both have run for a while.
 */
export async function benchLatency(connections: number, rate: number, options: Options): Promise<readonly Latency[]> {
  const envoy = findPeer('envoy');
  const start = async (upstream: number, ports: readonly number[]): Promise<readonly Subject[]> => [
    await startMetaproxySubject(thriftProtocol, ports[0] ?? 0, upstream),
    ...(envoy === undefined ? [] : [await startThriftProxy(envoy, ports[1] ?? 0, upstream)]),
  ];
  return withSubjects('thrift', options, start, async (subjects, order) => {
    const rounds: { subject: string; p50: number; p99: number }[] = [];
    const seconds = options.seconds / 2;
    const load = { protocol: 'thrift', connections, depth: 1 } as const;
    for (const { port } of subjects) await order({ ...load, port, seconds: 2 * options.seconds });
    for (let round = 0; round < 6 * options.rounds; round++)
      for (const { name, port } of subjects) {
        const { p50 = Number.NaN, p99 = Number.NaN } = await order({ ...load, port, seconds, rate });
        rounds.push({ subject: name, p50, p99 });
      }
    return subjects.map(({ name }) => {
      const own = rounds.filter(({ subject }) => subject === name);
      return {
        subject: name,
        requestsPerSecond: rate,
        p50Us: Math.round(median(own.map(({ p50 }) => p50))),
        p99Us: Math.round(median(own.map(({ p99 }) => p99))),
      };
    });
  });
}

export async function benchShared(shapes: readonly Shape[], options: Options): Promise<readonly ProxyFigure[]> {
  const haproxy = findPeer('haproxy');
  return bench('awesomerpc', shapes, options, async (upstream, ports) => [
    await startMetaproxySubject(describedProtocol(), ports[0] ?? 0, upstream),
    ...(haproxy === undefined ? [] : [await startHaproxy(haproxy, ports[1] ?? 0, upstream)]),
  ]);
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: '2' },
      rounds: { type: 'string', default: '3' },
      only: { type: 'string' },
    },
  });
  const options = { seconds: Number(values.seconds), rounds: Number(values.rounds) };
  const thrift =
    values.only === 'shared'
      ? []
      : await benchThrift(
          [
            { connections: 16, depth: 1 },
            { connections: 64, depth: 1 },
            { connections: 16, depth: 16 },
          ],
          options,
        );
  const shared =
    values.only === 'thrift'
      ? []
      : await benchShared(
          [
            { connections: 64, depth: 1 },
            { connections: 16, depth: 16 },
          ],
          options,
        );
  const latency = values.only === 'shared' ? [] : await benchLatency(16, 4000, options);
  const report = { name: 'proxy', latency, thrift, thriftRatios: ratios(thrift), shared, sharedRatios: ratios(shared) };
  console.log(JSON.stringify(report, undefined, 2));
}
