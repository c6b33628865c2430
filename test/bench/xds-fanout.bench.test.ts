import { expect, it } from 'vitest';
import { benchFanout } from './xds-fanout.bench.ts';

it('the xDS fan-out bench runs, and each stream acknowledges each change', async () => {
  const figures = await benchFanout({ streams: 10, connections: 5, services: 3, rounds: 4 });
  // The first response of each stream, then each round, warm-up included.
  expect(figures.acknowledged).toBe(10 * (1 + 20 + 4));
});
