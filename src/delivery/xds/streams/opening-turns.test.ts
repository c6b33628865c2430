import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { OpeningTurns } from './opening-turns.ts';

/** Each opening takes as long as is said, by a clock of its own. */
function bench() {
  let now = 0;
  const turns = new OpeningTurns(() => now);
  const opened: string[] = [];
  const open = (name: string, ms: number): boolean =>
    turns.take(() => {
      opened.push(name);
      now += ms;
    });
  return { turns, opened, open };
}

describe('streams that open', () => {
  it('alone do so at once', async () => {
    const { opened, open } = bench();
    expect([open('a', 1), opened]).toEqual([true, ['a']]);
    await nextTurn();
    expect([open('b', 9), opened]).toEqual([true, ['a', 'b']]);
  });

  it('in a crowd do so one after the other, and all others are heard in between', async () => {
    const { opened, open } = bench();
    expect(['a', 'b', 'c', 'd'].map((name) => open(name, 3))).toEqual([true, false, false, false]);
    const seen: number[] = [];
    while (opened.length < 4) {
      seen.push(opened.length);
      await nextTurn();
    }
    expect(opened).toEqual(['a', 'b', 'c', 'd']);
    expect(seen.filter((count, at) => count !== seen[at - 1])).toEqual([1, 2, 3]);
  });

  it('several to a turn when they are cheap, never before those who wait', async () => {
    const { opened, open } = bench();
    expect([open('a', 1), open('b', 1), open('c', 0.1)]).toEqual([true, true, false]);
    expect(open('d', 0.1)).toBe(false);
    await nextTurn();
    expect(opened).toEqual(['a', 'b', 'c', 'd']);
  });

  it('and fail harm nobody who comes after them', async () => {
    const { turns, opened, open } = bench();
    const fail = (): never => {
      throw new Error('no stream');
    };
    expect(() => turns.take(fail)).toThrow('no stream');
    expect([open('a', 3), opened]).toEqual([true, ['a']]);
  });
});
