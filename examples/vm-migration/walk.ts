/**
 * The walk: the registry dies, comes back empty, and is itself again; then the service moves to pods, one step of
 * `isthmus migrate` after the other, and back. Load is on it all the time, and no request may fail.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Counts, Load } from '../quickstart/load.ts';
import type { Isthmus, PlanStatus } from './isthmus-commands.ts';
import type { LegacyRegistry } from './legacy-registry.ts';

export interface StageResult {
  readonly name: string;
  readonly requests: number;
  readonly failed: number;
  /** From 0 to 1: what came from pods. */
  readonly toPods: number;
  readonly address: string;
  /** Why the stage did not behave; absent when it did. */
  readonly problem?: string;
}

export interface Story {
  readonly registry: LegacyRegistry;
  readonly isthmus: Isthmus;
  readonly load: Load;
}

interface Stage {
  readonly name: string;
  change(story: Story): Promise<void>;
}

const COUNT_MS = 1000;
const WINDOW_MS = 100;
const TAKES_HOLD_WITHIN_MS = 60_000;

const registryStages: readonly Stage[] = [
  { name: 'bridged', change: async () => {} },
  { name: 'registry gone', change: async ({ registry }) => registry.stop() },
  {
    name: 'back, and empty',
    change: async ({ registry, isthmus }) => {
      await registry.startEmpty();
      await isthmus.untilRegistryHolds();
    },
  },
  { name: 'itself again', change: async ({ registry }) => registry.restore() },
];

const back: Stage = {
  name: 'rolled back',
  change: async ({ isthmus }) => isthmus.migrate('rollback', '--stage', 'Mirror'),
};

export async function walk(story: Story, say: (result: StageResult) => void): Promise<readonly StageResult[]> {
  const results: StageResult[] = [];
  const first = await story.isthmus.status();
  const run = async (stage: Stage): Promise<StageResult> => {
    const result = await runStage(stage, story, first);
    results.push(result);
    say(result);
    return result;
  };
  for (const stage of registryStages) await run(stage);
  while ((await story.isthmus.status()).stage !== 'CutOver') {
    const result = await run({ name: '', change: async ({ isthmus }) => isthmus.migrate('step') });
    // A step that cannot be taken would be tried for ever.
    if (result.problem !== undefined) return results;
  }
  await run(back);
  return results;
}

async function runStage(stage: Stage, story: Story, first: PlanStatus): Promise<StageResult> {
  const { load, isthmus } = story;
  load.take();
  await stage.change(story);
  const status = await isthmus.status();
  const windows = await untilShown(load, status.share / 100);
  await load.quietly(async () => windows.push(load.take()));
  await load.goOn(COUNT_MS);
  const counts = await load.quietly(async () => load.take());
  const result = {
    name: stage.name === '' ? nameOf(status) : stage.name,
    requests: counts.requests,
    failed: [...windows, counts].reduce((sum, { failed }) => sum + failed, 0),
    toPods: toPods(counts),
    address: status.addresses.join(' '),
  };
  const problem = findProblem(result, status, first, [...windows, counts]);
  return problem === undefined ? result : { ...result, problem };
}

function nameOf({ stage, share }: PlanStatus): string {
  return stage === 'Join' || stage === 'Shift' ? `${stage} ${share} %` : stage;
}

function findProblem(
  { toPods: got, address }: Omit<StageResult, 'problem'>,
  { share }: PlanStatus,
  first: PlanStatus,
  windows: readonly Counts[],
): string | undefined {
  const errors = [...new Set(windows.flatMap((window) => window.errors))];
  if (errors.length > 0) return `requests failed: ${errors.join('; ')}`;
  if (address !== first.addresses.join(' ')) return `the address moved from ${first.addresses.join(' ')}`;
  return isNear(got, share / 100) ? undefined : `the pods should take ${share} % of the requests`;
}

/** Within four points; nothing and all are meant as such. */
function isNear(got: number, wanted: number): boolean {
  if (wanted === 0 || wanted === 1) return got === wanted;
  return got > 0 && got < 1 && Math.abs(got - wanted) < 0.04;
}

function toPods({ v1, v2 }: Counts): number {
  return v2 / Math.max(1, v1 + v2);
}

/** Waits until about as many requests as wanted go to pods. Gives what was counted until then. */
async function untilShown(load: Load, wanted: number): Promise<Counts[]> {
  const deadline = performance.now() + TAKES_HOLD_WITHIN_MS;
  const windows: Counts[] = [];
  for (;;) {
    await sleep(WINDOW_MS);
    const counts = load.take();
    windows.push(counts);
    const share = toPods(counts);
    const shows = wanted === 0 || wanted === 1 ? share === wanted : Math.abs(share - wanted) < 0.1;
    if ((shows && counts.requests > 0) || performance.now() > deadline) return windows;
  }
}
