import { afterEach, describe, expect, it, vi } from 'vitest';
import { pause, RetryPause } from './pauses.ts';

afterEach(() => vi.restoreAllMocks());

describe('a pause between attempts that fail', () => {
  it.each([
    ['shortest', 0, [150, 300, 600, 1_200, 2_400, 3_750, 3_750]],
    ['longest', 1, [250, 500, 1_000, 2_000, 4_000, 6_250, 6_250]],
  ])('grows up to a bound, at its %s', (_, random, expected) => {
    vi.spyOn(Math, 'random').mockReturnValue(random);
    const retry = new RetryPause();
    expect(expected.map(() => retry.takeMs())).toEqual(expected);
  });

  it('is short again after an attempt that was sound', () => {
    vi.spyOn(Math, 'random').mockReturnValue(0);
    const retry = new RetryPause();
    for (let failures = 0; failures < 9; failures++) retry.takeMs();
    retry.refresh();
    expect(retry.takeMs()).toBe(150);
  });
});

it('a pause ends when all is over, and is none afterwards', async () => {
  const over = new AbortController();
  const pausing = pause(600_000, over.signal);
  over.abort();
  await pausing;
  await pause(600_000, over.signal);
});
