/**
 * metaproxy's cost for a request, against programs that do comparable work on the same machine in the same run:
 * Envoy's thrift_proxy for Thrift, haproxy (which only copies bytes) for a protocol with request ids. Requests for each
 * CPU-second of the proxy; rounds interleave, figures are medians, verdicts are ratios.
 *
 *   node test/bench/proxy.bench.ts [--seconds 2] [--rounds 3]
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { load as loadYaml } from 'js-yaml';
import { freePorts } from '../../examples/quickstart/free-ports.ts';
import { findPeer } from '../peers/peers.ts';
import type { BenchProtocol } from './proxy-frames.ts';
import type { LoadOrder, LoadResult } from './proxy-load.ts';
import {
  pin,
  type Subject,
  startEcho,
  startHaproxy,
  startMetaproxySubject,
  startThriftProxy,
} from './proxy-subjects.ts';

export interface Shape {
  readonly connections: number;
  readonly depth: number;
}

export interface ProxyFigure {
  readonly subject: string;
  readonly connections: number;
  readonly depth: number;
  readonly requestsPerCpuSecond: number;
  readonly requestsPerSecond: number;
}

export interface Latency {
  readonly subject: string;
  readonly requestsPerSecond: number;
  readonly p50Us: number;
  readonly p99Us: number;
}

type Order = (what: LoadOrder) => Promise<LoadResult>;

interface Options {
  readonly seconds: number;
  readonly rounds: number;
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

/** Latency at equal requests a second, half of what the slower of the two can do at most. */
export async function benchLatency(connections: number, rate: number, options: Options): Promise<readonly Latency[]> {
  const envoy = findPeer('envoy');
  const start = async (upstream: number, ports: readonly number[]): Promise<readonly Subject[]> => [
    await startMetaproxySubject(thriftProtocol, ports[0] ?? 0, upstream),
    ...(envoy === undefined ? [] : [await startThriftProxy(envoy, ports[1] ?? 0, upstream)]),
  ];
  return withSubjects('thrift', options, start, async (subjects, order) => {
    const rounds: { subject: string; p50: number; p99: number }[] = [];
    for (let round = 0; round < options.rounds; round++)
      for (const { name, port } of subjects) {
        const what = { protocol: 'thrift', port, connections, depth: 1, seconds: options.seconds, rate } as const;
        const { p50 = Number.NaN, p99 = Number.NaN } = await order(what);
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

async function bench(
  protocol: BenchProtocol,
  shapes: readonly Shape[],
  options: Options,
  start: (upstream: number, ports: readonly number[]) => Promise<readonly Subject[]>,
): Promise<readonly ProxyFigure[]> {
  const { seconds, rounds } = options;
  return withSubjects(protocol, options, start, async (subjects, order) => {
    const figures: ProxyFigure[] = [];
    for (const shape of shapes)
      figures.push(
        ...(await interleaved(subjects, shape, rounds, (port) => order({ protocol, port, ...shape, seconds }))),
      );
    return figures;
  });
}

/** Starts the server, the proxies and the load, warms them up, and ends them again. */
async function withSubjects<T>(
  protocol: BenchProtocol,
  { seconds }: Options,
  start: (upstream: number, ports: readonly number[]) => Promise<readonly Subject[]>,
  measure: (subjects: readonly Subject[], order: Order) => Promise<T>,
): Promise<T> {
  const echo = await startEcho(protocol);
  const subjects = await start(echo.port, await freePorts(2));
  const load = fork(path.join(import.meta.dirname, 'proxy-load.ts'));
  pin(load, 1);
  const order: Order = async (what) => {
    load.send(what);
    const [result] = await once(load, 'message');
    return result;
  };
  try {
    for (const { port } of subjects) await order({ protocol, port, connections: 16, depth: 4, seconds: seconds / 2 });
    return await measure(subjects, order);
  } finally {
    load.disconnect();
    await Promise.all([...subjects, echo].map((subject) => subject.stop()));
  }
}

async function interleaved(
  subjects: readonly Subject[],
  shape: Shape,
  rounds: number,
  run: (port: number) => Promise<LoadResult>,
): Promise<readonly ProxyFigure[]> {
  const perCpu = new Map<Subject, number[]>(subjects.map((subject) => [subject, []]));
  const perSecond = new Map<Subject, number[]>(subjects.map((subject) => [subject, []]));
  for (let round = 0; round < rounds; round++) {
    for (const subject of subjects) {
      const before = subject.cpuSeconds();
      const { requests, seconds, failed } = await run(subject.port);
      if (failed > 0) throw new Error(`${subject.name} closed ${failed} connections`);
      perCpu.get(subject)?.push(requests / (subject.cpuSeconds() - before));
      perSecond.get(subject)?.push(requests / seconds);
    }
  }
  return subjects.map((subject) => ({
    subject: subject.name,
    ...shape,
    requestsPerCpuSecond: Math.round(median(perCpu.get(subject) ?? [])),
    requestsPerSecond: Math.round(median(perSecond.get(subject) ?? [])),
  }));
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

/** metaproxy's requests for a CPU-second over the other subject's, for each shape. */
export function ratios(figures: readonly ProxyFigure[]): readonly (Shape & { readonly ratio: number })[] {
  return figures
    .filter(({ subject }) => subject === 'metaproxy')
    .flatMap(({ connections, depth, requestsPerCpuSecond }) => {
      const other = figures.find(
        (figure) => figure.subject !== 'metaproxy' && figure.connections === connections && figure.depth === depth,
      );
      return other === undefined
        ? []
        : [{ connections, depth, ratio: requestsPerCpuSecond / other.requestsPerCpuSecond }];
    });
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
