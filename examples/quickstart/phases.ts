/**
 * The walk: each phase changes the mesh by writing manifests under live load, waits until the change shows in the
 * answers, then counts for a while. Requests sent while a change takes hold count too: none of them may fail.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Demo } from './demo.ts';
import type { Counts } from './load.ts';
import { allTo, limited, matched, mirrored, weighted } from './routes.ts';

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
  change(demo: Demo): void | Promise<void>;
  /** Whether a window of answers shows that the change has taken hold. */
  shows(counts: Counts, demo: Demo): boolean;
  /** What is wrong with the counted window, if anything. */
  problem(result: Omit<PhaseResult, 'problem'>, counts: Counts): string | undefined;
}

const COUNT_MS = 1500;
const WINDOW_MS = 100;
const TAKES_HOLD_WITHIN_MS = 10_000;
const LIMIT_PER_SECOND = 50;

const only = (version: 'v1' | 'v2') => (counts: Counts) => counts[version] > 0 && counts[version] === answered(counts);

export const phases: readonly Phase[] = [
  {
    name: 'default',
    change: () => {},
    shows: (counts) => counts.v1 > 0 && counts.v2 > 0,
    problem: ({ shares }) =>
      shares.v1 > 0.3 && shares.v2 > 0.3 ? undefined : 'without a route, both versions should share alike',
  },
  {
    name: 'weighted',
    change: (demo) => demo.writeRouter(weighted(demo.target, 90, 10)),
    shows: (counts) => counts.v1 > 4 * counts.v2,
    problem: ({ shares }) => (shares.v2 > 0.04 && shares.v2 < 0.17 ? undefined : 'version 2 should get about 10 %'),
  },
  {
    name: 'matched',
    change: (demo) => demo.writeRouter(matched(demo.target)),
    shows: followsMarks,
    problem: (_result, counts) =>
      followsMarks(counts) ? undefined : 'marked requests, and only they, should get to version 2',
  },
  {
    name: 'mirrored',
    change: (demo) => demo.writeRouter(mirrored(demo.target)),
    shows: only('v1'),
    problem: (result) => {
      if (result.shares.v1 !== 1) return 'version 1 alone should answer';
      return result.mirrored >= 0.95 * result.requests ? undefined : 'version 2 should see a copy of each request';
    },
  },
  {
    name: 'limited',
    change: (demo) => demo.writeRouter(limited(demo.target, LIMIT_PER_SECOND)),
    shows: (counts) => counts.limited > 0,
    problem: (result) => {
      const passed = result.requests - result.limited - result.failed;
      const most = LIMIT_PER_SECOND * (COUNT_MS / 1000 + 2);
      return result.limited > 0 && passed > 0 && passed <= most ? undefined : `at most ${most} should get through`;
    },
  },
  {
    name: 'moved',
    change: (demo) => demo.moveVersion1(),
    shows: (counts, demo) => only('v1')(counts) && demo.hasMoved(),
    problem: ({ shares }) => (shares.v1 === 1 ? undefined : 'the moved version 1 should answer everything'),
  },
];

function answered(counts: Counts): number {
  return counts.v1 + counts.v2;
}

function followsMarks(counts: Counts): boolean {
  return counts.marked > 0 && counts.markedToV2 === counts.marked && counts.v2 === counts.marked;
}

/** Runs one phase on one protocol; throws nothing: what went wrong stands in the result. */
export async function runPhase(phase: Phase, demo: Demo): Promise<PhaseResult> {
  demo.load.take();
  await phase.change(demo);
  const before = await untilShown(phase, demo);
  demo.takeMirrored();
  await sleep(COUNT_MS);
  const counts = demo.load.take();
  const total = Math.max(1, answered(counts));
  const result = {
    name: phase.name,
    requests: counts.requests,
    failed: counts.failed + before.failed,
    limited: counts.limited,
    shares: { v1: counts.v1 / total, v2: counts.v2 / total },
    mirrored: demo.takeMirrored() - counts.v2,
  };
  const errors = [...before.errors, ...counts.errors];
  const problem =
    before.problem ?? (result.failed > 0 ? `requests failed: ${errors.join('; ')}` : phase.problem(result, counts));
  return problem === undefined ? result : { ...result, problem };
}

interface Transition {
  readonly failed: number;
  readonly errors: readonly string[];
  readonly problem?: string;
}

/** Waits for two windows in a row that show the change: an answer in flight may still be of before. */
async function untilShown(phase: Phase, demo: Demo): Promise<Transition> {
  const deadline = performance.now() + TAKES_HOLD_WITHIN_MS;
  let failed = 0;
  const errors: string[] = [];
  for (let inARow = 0; inARow < 2; ) {
    await sleep(WINDOW_MS);
    const counts = demo.load.take();
    failed += counts.failed;
    errors.push(...counts.errors);
    inARow = phase.shows(counts, demo) ? inARow + 1 : 0;
    if (performance.now() > deadline)
      return {
        failed,
        errors,
        problem: `the change did not take hold within ${TAKES_HOLD_WITHIN_MS / 1000} s: ${JSON.stringify(counts)}`,
      };
  }
  return { failed, errors };
}

/** Milliseconds from writing a route to the first answer that follows it, for as many flips between the versions. */
export async function measureRouteUpdates(demo: Demo, flips: number): Promise<number[]> {
  const caller = await demo.connect();
  const times: number[] = [];
  const flipTo = async (version: 'v1' | 'v2'): Promise<number> => {
    const start = performance.now();
    demo.writeRouter(allTo(demo.target, version));
    while ((await caller.call(false)) !== version)
      if (performance.now() - start > TAKES_HOLD_WITHIN_MS)
        throw new Error(`no answer from ${version} after a route update`);
    return performance.now() - start;
  };
  await flipTo('v1');
  for (let i = 0; i < flips; i++) times.push(await flipTo(i % 2 === 0 ? 'v2' : 'v1'));
  await flipTo('v1');
  await caller.close();
  return times;
}
