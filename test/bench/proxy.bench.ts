/**
 * metaproxy's cost for a request, against programs that do comparable work on the same machine in the same run:
 * Envoy's thrift_proxy for Thrift, haproxy (which only copies bytes) for a protocol with request ids. Requests for each
 * CPU-second of the proxy; rounds interleave, figures are medians, verdicts are ratios.
 *
 *   node test/bench/proxy.bench.ts [--seconds 2] [--rounds 3]
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { freePorts } from '../../examples/quickstart/free-ports.ts';
import { awesomerpcProtocol } from '../e2e/proxy-bootstraps.ts';
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

interface Options {
  readonly seconds: number;
  readonly rounds: number;
}

const thriftProtocol = { name: 'thrift', codec: { name: 'aeraki.meta_protocol.codec.thrift' }, multiplexing: true };

export async function benchThrift(shapes: readonly Shape[], options: Options): Promise<readonly ProxyFigure[]> {
  const envoy = findPeer('envoy');
  return bench('thrift', shapes, options, async (upstream, ports) => [
    await startMetaproxySubject(thriftProtocol, ports[0] ?? 0, upstream),
    ...(envoy === undefined ? [] : [await startThriftProxy(envoy, ports[1] ?? 0, upstream)]),
  ]);
}

export async function benchShared(shapes: readonly Shape[], options: Options): Promise<readonly ProxyFigure[]> {
  const haproxy = findPeer('haproxy');
  return bench('awesomerpc', shapes, options, async (upstream, ports) => [
    await startMetaproxySubject(awesomerpcProtocol(true), ports[0] ?? 0, upstream),
    ...(haproxy === undefined ? [] : [await startHaproxy(haproxy, ports[1] ?? 0, upstream)]),
  ]);
}

async function bench(
  protocol: BenchProtocol,
  shapes: readonly Shape[],
  { seconds, rounds }: Options,
  start: (upstream: number, ports: readonly number[]) => Promise<readonly Subject[]>,
): Promise<readonly ProxyFigure[]> {
  const echo = await startEcho(protocol);
  const subjects = await start(echo.port, await freePorts(2));
  const load = fork(path.join(import.meta.dirname, 'proxy-load.ts'));
  pin(load, 1);
  const order = async (what: LoadOrder): Promise<LoadResult> => {
    load.send(what);
    const [result] = await once(load, 'message');
    return result;
  };
  try {
    for (const { port } of subjects) await order({ protocol, port, connections: 16, depth: 4, seconds: seconds / 2 });
    const figures: ProxyFigure[] = [];
    for (const shape of shapes)
      figures.push(
        ...(await interleaved(subjects, shape, rounds, (port) => order({ protocol, port, ...shape, seconds }))),
      );
    return figures;
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
  const report = { name: 'proxy', thrift, thriftRatios: ratios(thrift), shared, sharedRatios: ratios(shared) };
  console.log(JSON.stringify(report, undefined, 2));
}
