import { expect, it } from 'vitest';
import { benchDns } from './dns.bench.ts';

it('the DNS bench runs, and each answer is one', async () => {
  const figures = await benchDns({ names: 100, seconds: 0.1, rounds: 1, perSecond: 500 });
  expect(figures.map(({ subject }) => subject)).toEqual(['echo', 'isthmus']);
  for (const { wrong, paced, queriesPerSecond } of figures) {
    expect(wrong).toBe(0);
    expect(paced).toMatchObject({ sent: 50, answered: 50 });
    expect(queriesPerSecond).toBeGreaterThan(0);
  }
});
