/**
 * The walk: each phase changes the mesh by writing manifests under live load, waits until the change shows in the
 * answers, then counts for a while. Requests sent while a change takes hold count too: none of them may fail.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Demo } from './demo.ts';
import type { Counts } from './load.ts';

export interface PhaseResult {
  readonly name: string;
  readonly requests: number;
  readonly failed: number;
  readonly limited: number;
  readonly shares: { readonly v1: number; readonly v2: number };
  readonly mirrored: number;
  /** Why the phase did not behave; absent when it did. */
  readonly problem?: string;
}

interface Phase {
  readonly name: string;
  /** When requests may be refused by a limit: never, until the change has taken hold, or always. */
  readonly limits: 'none' | 'before' | 'throughout';
  change(demo: Demo): void | Promise<void>;
  /** Whether a window of answers shows that the change has taken hold. */
  shows(counts: Counts, demo: Demo): boolean;
  /** What is wrong with the counted window of so many seconds, if anything. */
  problem(result: Omit<PhaseResult, 'problem'>, counts: Counts, seconds: number): string | undefined;
}

const COUNT_MS = 1500;
const WINDOW_MS = 100;
const TAKES_HOLD_WITHIN_MS = 60_000;
/** What each limited.yaml in routes/ says. */
const LIMIT_PER_SECOND = 50;

const only = (version: 'v1' | 'v2') => (counts: Counts) => counts[version] > 0 && counts[version] === answered(counts);

export const phases: readonly Phase[] = [
  {
    name: 'default',
    limits: 'none',
    change: () => {},
    shows: (counts) => counts.v1 > 0 && counts.v2 > 0,
    problem: ({ shares }) =>
      shares.v1 > 0.3 && shares.v2 > 0.3 ? undefined : 'without a route, both versions should share alike',
  },
  {
    name: 'weighted',
    limits: 'none',
    change: (demo) => demo.useRoute('weighted'),
    shows: (counts) => counts.v1 > 4 * counts.v2,
    problem: ({ shares }) => (shares.v2 > 0.04 && shares.v2 < 0.17 ? undefined : 'version 2 should get about 10 %'),
  },
  {
    name: 'matched',
    limits: 'none',
    change: (demo) => demo.useRoute('matched'),
    shows: followsMarks,
    problem: (_result, counts) =>
      followsMarks(counts) ? undefined : 'marked requests, and only they, should get to version 2',
  },
  {
    name: 'mirrored',
    limits: 'none',
    change: (demo) => demo.useRoute('mirrored'),
    shows: only('v1'),
    problem: (result) => {
      if (result.shares.v1 !== 1) return 'version 1 alone should answer';
      return result.mirrored >= 0.95 * result.requests ? undefined : 'version 2 should see a copy of each request';
    },
  },
  {
    name: 'limited',
    limits: 'throughout',
    change: (demo) => demo.useRoute('limited'),
    shows: (counts) => counts.limited > 0,
    problem: (result, _counts, seconds) => {
      const passed = result.requests - result.limited - result.failed;
      const most = Math.ceil(LIMIT_PER_SECOND * (seconds + 2));
      return result.limited > 0 && passed > 0 && passed <= most ? undefined : `at most ${most} should get through`;
    },
  },
  {
    name: 'moved',
    limits: 'before',
    change: (demo) => demo.moveVersion1(),
    shows: (counts, demo) => demo.hasMoved() && counts.limited === 0 && only('v1')(counts),
    problem: ({ shares }) => (shares.v1 === 1 ? undefined : 'the moved version 1 should answer everything'),
  },
];

function answered(counts: Counts): number {
  return counts.v1 + counts.v2;
}

function followsMarks(counts: Counts): boolean {
  return counts.marked > 0 && counts.markedToV2 === counts.marked && counts.v2 === counts.marked;
}

/** Runs one phase on one protocol; what went wrong with requests stands in the result. */
export async function runPhase(phase: Phase, demo: Demo): Promise<PhaseResult> {
  demo.load.take();
  await phase.change(demo);
  const change = await untilShown(phase, demo);
  await demo.load.quietly(async () => {
    change.windows.push(demo.load.take());
    await demo.takeCopies();
  });
  const began = performance.now();
  await demo.load.goOn(COUNT_MS);
  const { counts, seconds, received } = await demo.load.quietly(async () => ({
    counts: demo.load.take(),
    seconds: (performance.now() - began) / 1000,
    received: await demo.takeCopies(),
  }));
  const total = Math.max(1, answered(counts));
  const result = {
    name: phase.name,
    requests: counts.requests,
    failed: counts.failed + change.windows.reduce((sum, window) => sum + window.failed, 0),
    limited: counts.limited,
    shares: { v1: counts.v1 / total, v2: counts.v2 / total },
    mirrored: received - counts.v2,
  };
  const problem =
    change.problem ?? findRefused(phase, change.windows, counts) ?? phase.problem(result, counts, seconds);
  return problem === undefined ? result : { ...result, problem };
}

/** No request may fail, and none be refused that no limit is set for, neither while the change takes hold nor after. */
function findRefused(phase: Phase, change: readonly Counts[], counts: Counts): string | undefined {
  const all = [...change, counts];
  if (all.some((window) => window.failed > 0))
    return `requests failed: ${[...new Set(all.flatMap((window) => window.errors))].join('; ')}`;
  const limited = (windows: readonly Counts[]): number => windows.reduce((sum, window) => sum + window.limited, 0);
  const refused =
    (phase.limits === 'none' ? limited(change) : 0) + (phase.limits === 'throughout' ? 0 : limited([counts]));
  return refused === 0 ? undefined : `${refused} requests were refused, and no limit is set`;
}

interface Change {
  /** What was counted while it took hold. */
  readonly windows: Counts[];
  readonly problem?: string;
}

/** Waits for two windows in a row that show the change: an answer in flight may still be of before. */
async function untilShown(phase: Phase, demo: Demo): Promise<Change> {
  const deadline = performance.now() + TAKES_HOLD_WITHIN_MS;
  const windows: Counts[] = [];
  for (let inARow = 0; inARow < 2; ) {
    await sleep(WINDOW_MS);
    const counts = demo.load.take();
    windows.push(counts);
    inARow = phase.shows(counts, demo) ? inARow + 1 : 0;
    if (performance.now() > deadline) {
      const seconds = TAKES_HOLD_WITHIN_MS / 1000;
      return { windows, problem: `the change did not take hold within ${seconds} s: ${JSON.stringify(counts)}` };
    }
  }
  return { windows };
}
