import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Engine } from '../../collections/engine.ts';
import type { MigrationProgress } from '../../model/migration.ts';
import { TestClock } from '../../model/test-clock.ts';
import { MigrationKeeper } from './migration-keeper.ts';
import { NodeStateFolder } from './state-folder.ts';

const key = 'MigrationPlan/shop/orders';
const clock = new TestClock();
let folder: string;
let keeper: MigrationKeeper;
let quiet: () => readonly string[];
/** Says where the migration stands. */
let say: (progress: Partial<MigrationProgress>) => void;
let remove: () => void;

async function open(): Promise<void> {
  const engine = new Engine();
  const plans = engine.table<MigrationProgress>('progress', { key: (one) => one.key });
  const table = engine.table<string>('quiet', { key: (one) => one });
  for (const one of [plans, table]) one.setState('live');
  const batch = (change: () => void): void => engine.batch(change);
  keeper = await MigrationKeeper.open({ folder: new NodeStateFolder(folder), quiet: table, batch, clock });
  engine.sink(plans, (diff) => keeper.accept(diff));
  quiet = () => [...table.values()];
  say = (progress) =>
    batch(() => plans.set({ key, stage: 'CutOver', share: 100, quiet: 1000, takers: 'there', ...progress }));
  remove = () => batch(() => plans.delete(key));
}

async function restart(): Promise<void> {
  await keeper.close();
  await open();
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'isthmus-migrations-'));
  await open();
});

afterEach(async () => {
  await keeper.close();
  await rm(folder, { recursive: true });
});

it('a host may go when all its requests have gone to the new endpoints for long enough', () => {
  say({ stage: 'CutOver' });
  clock.advance(600);
  say({ stage: 'Retire' });
  clock.advance(399);
  expect(quiet()).toEqual([]);
  clock.advance(1);
  expect(quiet()).toEqual([key]);
});

it('a plan that begins with its end waits as long', () => {
  say({ stage: 'Retire' });
  clock.advance(999);
  expect(quiet()).toEqual([]);
  clock.advance(1);
  expect(quiet()).toEqual([key]);
});

it('the time begins anew when requests went back to the old endpoints', () => {
  say({ stage: 'Retire' });
  clock.advance(900);
  say({ stage: 'Retire', takers: 'missing' });
  clock.advance(5000);
  say({ stage: 'Retire', takers: 'there' });
  clock.advance(999);
  expect(quiet()).toEqual([]);
  clock.advance(1);
  expect(quiet()).toEqual([key]);
});

it('the time goes on over a restart, before the service is seen again', async () => {
  say({ stage: 'CutOver' });
  const since = keeper.times(key)?.since;
  clock.advance(900);
  await restart();
  say({ stage: 'Retire', takers: 'unknown' });
  expect(keeper.times(key)).toMatchObject({ cutOverSince: since });
  clock.advance(100);
  expect(quiet()).toEqual([key]);
});

it('what was retired is so right after a restart, and not when its plan went back', async () => {
  say({ stage: 'Retire' });
  clock.advance(1000);
  await restart();
  expect(quiet()).toEqual([key]);
  say({ stage: 'CutOver' });
  clock.advance(0);
  expect(quiet()).toEqual([]);
  say({ stage: 'Retire' });
  clock.advance(1000);
  remove();
  clock.advance(0);
  expect(quiet()).toEqual([]);
  expect(keeper.times(key)).toBeUndefined();
});

it('tells since when a migration is at its stage and share', () => {
  say({ stage: 'Shift', share: 10 });
  const since = clock.now();
  clock.advance(50);
  say({ stage: 'Shift', share: 10, takers: 'missing' });
  expect(keeper.times(key)).toMatchObject({ stage: 'Shift', share: 10, since });
  say({ stage: 'Shift', share: 20 });
  expect(keeper.times(key)).toMatchObject({ since: since + 50 });
});
