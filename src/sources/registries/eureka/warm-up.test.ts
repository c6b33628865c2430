import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readInstance } from './instance-record.ts';
import { InstanceTable } from './instance-table.ts';
import { WarmUp } from './warm-up.ts';

const tableOf = (...ids: readonly string[]): InstanceTable => {
  const table = new InstanceTable({ membershipsOf: () => [], isSelected: () => true });
  for (const instanceId of ids) table.put(readInstance(JSON.stringify({ app: 'A', instanceId }), undefined));
  return table;
};
const minute = 60_000;
/** By the server's clock. */
const now = 1_795_258_343_000;

describe('a server that may have started a moment ago', () => {
  let warmUp: WarmUp;
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['performance'] });
    warmUp = new WarmUp(2 * minute);
  });
  afterEach(() => vi.useRealTimers());

  const note = (at: number, oldestRegistration: number, table: InstanceTable, before?: InstanceTable): boolean => {
    warmUp.noteList({ table, oldestRegistration, now: at }, before);
    warmUp.noteAnswer(at);
    return warmUp.isTrusted;
  };
  const known = tableOf('a', 'b', 'c');

  it('is trusted at first sight when something was registered there long ago', () => {
    expect(note(now, now - 2 * minute, known)).toBe(true);
  });

  it('is not trusted when all is young or nothing is there, until it has answered for long', () => {
    for (const oldest of [now - minute, Infinity]) {
      warmUp = new WarmUp(2 * minute);
      expect(note(now, oldest, tableOf())).toBe(false);
      vi.advanceTimersByTime(2 * minute - 1);
      expect(warmUp.isTrusted).toBe(false);
      vi.advanceTimersByTime(1);
      expect(warmUp.isTrusted).toBe(true);
    }
  });

  it('is known by registrations that are all newer than its last answer', () => {
    note(now, now - 60 * minute, known);
    expect(note(now + 10_000, now + 8_000, tableOf('a'), known)).toBe(false);
    expect(note(now + 20_000, now + 8_000, tableOf('a', 'b', 'c'), tableOf('a'))).toBe(true);
  });

  it('is known by having nothing any more', () => {
    note(now, now - 60 * minute, known);
    expect(note(now + 10_000, Infinity, tableOf(), known)).toBe(false);
  });

  it('is the same as before when something was registered before its last answer, though it did not answer meanwhile', () => {
    note(now, now - 60 * minute, known);
    warmUp.interrupt();
    expect(note(now + 10_000, now - minute, tableOf('c'), known)).toBe(true);
  });

  it('knows enough when deltas told of all that it lacked, not counting what went before', () => {
    note(now, now - 60 * minute, known);
    warmUp.interrupt();
    expect(note(now + 10_000, now + 8_000, tableOf('a'), known)).toBe(false);
    warmUp.noteFound('A/b');
    warmUp.noteGone('A/c', now + 9_000);
    expect(warmUp.isTrusted).toBe(false);
    warmUp.noteGone('A/c', now + 11_000);
    expect(warmUp.isTrusted).toBe(true);
  });

  it('that took over from another is not trusted for its age, and is when it has all, or after the time', () => {
    note(now, now - 60 * minute, known);
    warmUp.change();
    expect(note(now, now - 60 * minute, tableOf('a', 'b'), known)).toBe(false);
    vi.advanceTimersByTime(2 * minute);
    expect(warmUp.isTrusted).toBe(true);
    warmUp.change();
    expect(note(now, now, tableOf('a', 'b'), tableOf('a', 'b'))).toBe(true);
  });
});
