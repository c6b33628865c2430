/**
 * A service that is registered in a legacy registry moves from VMs to pods and back, under load:
 *
 *   callers --virtual IP--> metaproxy --> VMs, as the registry has them --> ... --> pods
 *                              ^
 *   registry --> isthmus run --+   `isthmus migrate step`, again and again
 *
 * Run it by `npm run quickstart -- --story registry`, or by itself: `node examples/vm-migration/vm-migration.ts`.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Cleanup } from '../quickstart/cleanup.ts';
import { type RunningStory, startStory } from './stage.ts';
import { type StageResult, walk } from './walk.ts';

/** What `--json` writes. */
export interface StoryReport {
  readonly ok: boolean;
  readonly registry: string;
  readonly stages: readonly StageResult[];
}

export interface StoryOptions {
  readonly json?: string;
}

/** Runs the story once. `say` talks to people. */
export async function tellRegistryStory(
  { json }: StoryOptions,
  cleanup: Cleanup,
  say: (text: string) => void,
): Promise<{ readonly story: RunningStory; readonly report: StoryReport }> {
  const folder = cleanup.own(
    () => mkdtempSync(path.join(tmpdir(), 'isthmus-migration-')),
    (made) => rmSync(made, { recursive: true, force: true }),
  );
  const story = await startStory(folder, cleanup, say);
  say(`\n${line(['stage', 'requests', 'failed', 'to pods', 'address'])}`);
  const stages = await walk(story, (result) => say(row(result)));
  const hasEnded = stages.at(-1)?.name === 'rolled back';
  const report: StoryReport = {
    ok: hasEnded && stages.every(({ problem }) => problem === undefined),
    registry: story.registry.description,
    stages,
  };
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(report, null, 2)}\n`);
  return { story, report };
}

function row({ name, requests, failed, toPods, address, problem }: StageResult): string {
  const cells = [name, String(requests), String(failed), `${(toPods * 100).toFixed(1)} %`, address];
  return `${line(cells)}${problem === undefined ? '' : ` <- ${problem}`}`;
}

function line(cells: readonly string[]): string {
  const widths = [16, 9, 7, 9, 0];
  return cells
    .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
    .join(' ')
    .trimEnd();
}

export function whatToTryNext({ admin, manifestFolder }: RunningStory): string {
  return `
Everything stays up, with load on it. Try, in another terminal, in this folder:

  npx isthmus registry services legacy --admin ${admin}
  npx isthmus migrate status order-rpc --admin ${admin}
  npx isthmus migrate step order-rpc -f ${manifestFolder} --dry-run --admin ${admin}
  npx isthmus describe order-rpc.legacy.mesh --admin ${admin}

Ctrl-C ends all of this.
`;
}
