/**
 * What the DNS server costs for names that it knows, against a bare UDP echo in Node in the same run: queries a second with
 * one core to itself, queries for each CPU-second, and how long a query takes at 5,000 a second. Rounds interleave, figures
 * are medians. Prints JSON when run: `node test/bench/dns.bench.ts`.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { flood, type PaceResult, pace } from './dns-load.ts';
import type { SubjectMessage } from './dns-subject.ts';

export interface DnsFigures {
  readonly subject: string;
  readonly queriesPerSecond: number;
  readonly queriesPerCpuSecond: number;
  readonly wrong: number;
  readonly paced: PaceResult;
}

export interface DnsBenchOptions {
  readonly names: number;
  readonly seconds: number;
  readonly rounds: number;
  readonly perSecond: number;
}

export async function benchDns(options: DnsBenchOptions): Promise<readonly DnsFigures[]> {
  const subjects = [await Subject.start('echo', options), await Subject.start('isthmus', options)];
  try {
    for (const subject of subjects) await subject.round();
    for (const subject of subjects) subject.forget();
    for (let round = 0; round < options.rounds; round++) {
      for (const subject of subjects) await subject.round();
    }
    return subjects.map((subject) => subject.figures());
  } finally {
    for (const subject of subjects) subject.stop();
  }
}

interface Round {
  readonly queriesPerSecond: number;
  readonly queriesPerCpuSecond: number;
  readonly wrong: number;
  readonly paced: PaceResult;
}

class Subject {
  readonly #kind: string;
  readonly #child: ChildProcess;
  readonly #port: number;
  readonly #options: DnsBenchOptions;
  readonly #queries: readonly Buffer[];
  #rounds: Round[] = [];

  private constructor(kind: string, child: ChildProcess, port: number, options: DnsBenchOptions) {
    this.#kind = kind;
    this.#child = child;
    this.#port = port;
    this.#options = options;
    this.#queries = Array.from({ length: options.names }, (_, at) => query(`service-${at}.shop.svc.cluster.local`));
  }

  static async start(kind: string, options: DnsBenchOptions): Promise<Subject> {
    const child = fork(path.join(import.meta.dirname, 'dns-subject.ts'), [kind, String(options.names)]);
    const message = await nextMessage(child);
    return new Subject(kind, child, 'port' in message ? message.port : 0, options);
  }

  async round(): Promise<void> {
    const load = { port: this.#port, queries: this.#queries, seconds: this.#options.seconds };
    const before = await this.#cpuMicroseconds();
    const { answered, seconds, wrong } = await flood(load, this.#kind === 'echo' ? () => true : hasAnswer);
    const cpuSeconds = ((await this.#cpuMicroseconds()) - before) / 1e6;
    const paced = await pace(load, this.#options.perSecond);
    this.#rounds.push({
      queriesPerSecond: Math.round(answered / seconds),
      queriesPerCpuSecond: Math.round(answered / cpuSeconds),
      wrong,
      paced,
    });
  }

  forget(): void {
    this.#rounds = [];
  }

  figures(): DnsFigures {
    const middle = (of: (round: Round) => number): number => median(this.#rounds.map(of));
    const sum = (of: (round: Round) => number): number => this.#rounds.reduce((total, round) => total + of(round), 0);
    return {
      subject: this.#kind,
      queriesPerSecond: middle((round) => round.queriesPerSecond),
      queriesPerCpuSecond: middle((round) => round.queriesPerCpuSecond),
      wrong: sum((round) => round.wrong),
      paced: {
        sent: sum((round) => round.paced.sent),
        answered: sum((round) => round.paced.answered),
        p50Us: middle((round) => round.paced.p50Us),
        p99Us: middle((round) => round.paced.p99Us),
      },
    };
  }

  stop(): void {
    this.#child.disconnect();
  }

  async #cpuMicroseconds(): Promise<number> {
    this.#child.send('cpu');
    const message = await nextMessage(this.#child);
    return 'cpuMicroseconds' in message ? message.cpuMicroseconds : 0;
  }
}

async function nextMessage(child: ChildProcess): Promise<SubjectMessage> {
  const [message]: SubjectMessage[] = await once(child, 'message');
  if (message === undefined) throw new TypeError('the subject said nothing');
  return message;
}

/** For A, with an OPT record as resolvers send it. */
function query(name: string): Buffer {
  const labels = name.split('.').flatMap((label) => [label.length, ...Buffer.from(label)]);
  return Buffer.from([
    0,
    1,
    1,
    0,
    0,
    1,
    0,
    0,
    0,
    0,
    0,
    1,
    ...labels,
    0,
    0,
    1,
    0,
    1,
    0,
    0,
    41,
    4,
    208,
    0,
    0,
    0,
    0,
    0,
    0,
  ]);
}

function hasAnswer(answer: Buffer): boolean {
  return (answer.readUInt16BE(2) & 0x800f) === 0x8000 && answer.readUInt16BE(6) === 1;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}

if (import.meta.main) {
  const [echo, isthmus] = await benchDns({ names: 10_000, seconds: 2, rounds: 5, perSecond: 5000 });
  const ratio = (isthmus?.queriesPerCpuSecond ?? 0) / (echo?.queriesPerCpuSecond ?? 1);
  console.log(JSON.stringify({ echo, isthmus, cpuRatioToEcho: Number(ratio.toFixed(2)) }, undefined, 2));
}
