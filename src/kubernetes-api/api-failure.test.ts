import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { failureOf } from './api-failure.ts';

describe('how long a server asks to be left alone', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: Date.parse('2026-11-22T07:28:00Z') });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it.each([
    ['seconds', '7', 7_000],
    ['a date', 'Sun, 22 Nov 2026 07:28:30 GMT', 30_000],
    ['a date that is over', 'Sun, 22 Nov 2026 07:00:00 GMT', 0],
    ['more than anybody waits', '86400', 300_000],
    ['a date far away', 'Mon, 23 Nov 2026 07:28:00 GMT', 300_000],
    ['neither', 'soon', undefined],
    ['nothing', '', undefined],
  ])('is heeded as %s', (_, written, expected) => {
    expect(failureOf({}, 429, written).retryAfterMs).toBe(expected);
  });

  it('stands in the status where no header says it', () => {
    expect(failureOf({ code: 429, details: { retryAfterSeconds: 3 } }).retryAfterMs).toBe(3_000);
  });
});
