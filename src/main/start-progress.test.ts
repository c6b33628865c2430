import { expect, it } from 'vitest';
import { type StartStep, whyNotServing } from './start-progress.ts';

const facts = { files: 'live', stateFolder: '/var/state', registryWait: 30 } as const;

it.each<[StartStep, string]>([
  ['state folder', '/var/state'],
  ['registries', '30 s'],
  ['virtual IPs', '/var/state'],
])('a start that waits for its %s says so, and for what', (step, named) => {
  expect(whyNotServing(step, facts)).toEqual({ part: step, reason: expect.stringContaining(named) });
});

it('a start that waits for files tells those that are read from those that cannot be seen', () => {
  expect(whyNotServing('files', { ...facts, files: 'syncing' }).reason).toBe('they are being read');
  expect(whyNotServing('files', { ...facts, files: 'stale' }).reason).toContain('not all of them can be seen');
});
