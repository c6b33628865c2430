import { describe, expect, it } from 'vitest';
import { settleMs, UnexplainedChanges } from './unexplained-changes.ts';

const start = 1_000_000;
const soon = start + settleMs;

describe('changes of the list of names', () => {
  it('let nobody be looked at while there are none', () => {
    expect(new UnexplainedChanges().isDue(start, start + 1_000)).toBe(false);
  });

  it('let all be looked at that were not seen since', () => {
    const changes = new UnexplainedChanges();
    changes.note('7', start);
    expect(changes.isDue(start - 1, soon)).toBe(true);
    expect(changes.isDue(soon + 1, soon + 2)).toBe(false);
  });

  it('that a service explains, before or after, let nobody be looked at', () => {
    const changes = new UnexplainedChanges();
    changes.explain('7');
    changes.note('7', start);
    changes.note('8', start);
    changes.explain('8');
    expect(changes.isDue(start - 1, soon)).toBe(false);
  });

  it('that are explained end the search', () => {
    const changes = new UnexplainedChanges();
    changes.note('7', start);
    expect(changes.isDue(start - 1, soon)).toBe(true);
    changes.explain('7');
    expect(changes.isDue(start - 1, soon)).toBe(false);
  });

  it('that may have been of several services let the others be looked at within 30 s', () => {
    const changes = new UnexplainedChanges();
    changes.explain('7');
    changes.note('7', start);
    expect(changes.isDue(start - 1, start + 29_000)).toBe(false);
    expect(changes.isDue(start - 1, start + 31_000)).toBe(true);
    expect(changes.isDue(start + 1, start + 31_000)).toBe(false);
  });

  it('that are unclear let all be looked at, whatever is explained', () => {
    const changes = new UnexplainedChanges();
    changes.note('7', start);
    changes.noteUnclear();
    changes.explain('7');
    expect(changes.isDue(start - 1, soon)).toBe(true);
    changes.explain('8');
    expect(changes.isDue(start - 1, soon)).toBe(true);
    expect(changes.isDue(soon + 1, soon + 2)).toBe(false);
  });

  it('that nobody ever explains let passes become rare, until one finds something', () => {
    const changes = new UnexplainedChanges();
    let now = start;
    const pass = (index: string): number => {
      changes.note(index, now);
      const noted = now;
      while (!changes.isDue(now - 1, now)) now += 10;
      const waited = now - noted;
      now += 1;
      expect(changes.isDue(now, now)).toBe(false);
      return waited;
    };
    const waits = Array.from({ length: 8 }, (_, n) => pass(`x${n}`));
    expect(waits.every((wait, n) => n === 0 || wait >= (waits[n - 1] ?? 0))).toBe(true);
    expect(waits.at(-1)).toBeGreaterThan(25_000);
    expect(waits.at(-1)).toBeLessThan(31_000);
  });

  it('are bounded: beyond a thousand all services are looked at', () => {
    const changes = new UnexplainedChanges();
    for (let n = 0; n <= 1_000; n++) changes.note(String(n), start);
    for (let n = 0; n <= 1_000; n++) changes.explain(String(n));
    expect(changes.isDue(start - 1, soon)).toBe(true);
  });

  it('or none: nobody goes unseen for more than two minutes', () => {
    expect(new UnexplainedChanges().isDue(start, start + 121_000)).toBe(true);
  });
});
