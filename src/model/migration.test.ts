import { expect, it } from 'vitest';
import { nextPosition, previousPosition, shareAt } from './migration.ts';

const steps = [1, 10, 50];

it('a migration goes through every stage and every share, and back', () => {
  const there: string[] = [];
  let at = nextPosition({ steps, alias: 'a' }, { stage: 'Discover' });
  while (at !== undefined) {
    there.push(`${at.stage} ${at.share ?? ''}`.trim());
    at = nextPosition({ steps, alias: 'a' }, at);
  }
  expect(there).toEqual(['Mirror', 'Alias', 'Join', 'Shift 10', 'Shift 50', 'CutOver', 'Retire']);
  expect(previousPosition({ steps }, { stage: 'CutOver' })).toEqual({ stage: 'Shift', share: 50 });
  expect(previousPosition({ steps }, { stage: 'Shift', share: 10 })).toEqual({ stage: 'Join' });
  expect(previousPosition({ steps }, { stage: 'Discover' })).toBeUndefined();
});

it('there is no stage Alias where no alias is wanted', () => {
  expect(nextPosition({ steps }, { stage: 'Mirror' })).toEqual({ stage: 'Join' });
});

it('a share that is none of the steps has a next and a previous one', () => {
  expect(nextPosition({ steps }, { stage: 'Shift', share: 20 })).toEqual({ stage: 'Shift', share: 50 });
  expect(previousPosition({ steps }, { stage: 'Shift', share: 20 })).toEqual({ stage: 'Shift', share: 10 });
});

it.each([
  ['Discover', 0],
  ['Alias', 0],
  ['Join', 1],
  ['Shift', 30],
  ['CutOver', 100],
  ['Retire', 100],
] as const)('at stage %s the new endpoints take %i percent', (stage, share) => {
  expect(shareAt(stage, { steps, share: 30 })).toBe(share);
});
