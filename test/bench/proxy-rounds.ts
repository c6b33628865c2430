/** Rounds in which proxies take turns under the same load, so that what disturbs the machine disturbs all of them alike. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { freePorts } from '../../examples/quickstart/free-ports.ts';
import type { BenchProtocol } from './proxy-frames.ts';
import type { LoadOrder, LoadResult } from './proxy-load.ts';
import { pin, type Subject, startEcho } from './proxy-subjects.ts';

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

export type Order = (what: LoadOrder) => Promise<LoadResult>;

export interface Options {
  readonly seconds: number;
  readonly rounds: number;
}

export async function bench(
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
export async function withSubjects<T>(
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

export function median(values: readonly number[]): number {
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
