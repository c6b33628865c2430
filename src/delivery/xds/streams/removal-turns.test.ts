import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { RemovalTurns } from './removal-turns.ts';

let woken: string[] = [];
let turns: RemovalTurns<string>;
beforeEach(() => {
  vi.useFakeTimers();
  woken = [];
  turns = new RemovalTurns({
    waitMs: 1000,
    graceMs: 100,
    now: () => performance.now(),
    wake: (stream) => void woken.push(stream),
  });
});
afterEach(() => void vi.useRealTimers());

test('a stream is told what is gone when no other has anything new under way', () => {
  expect(turns.mayBreak('a')).toBe(true);
  turns.note('a', true, false);
  expect(turns.mayBreak('a')).toBe(true);
});

test('a stream waits until all others have taken what is new, and is woken a moment later', () => {
  turns.note('b', true, false);
  turns.note('c', true, false);
  expect(turns.mayBreak('a')).toBe(false);
  turns.note('b', false, false);
  expect(woken).toEqual([]);
  turns.note('c', false, false);
  expect([woken, turns.mayBreak('a')]).toEqual([[], false]);
  vi.advanceTimersByTime(101);
  expect(woken).toEqual(['a']);
  expect(turns.mayBreak('a')).toBe(true);
});

test('what a stream has taken itself, however often, is nothing that it waits for', () => {
  const takes = (stream: string): void => {
    turns.note(stream, true, false);
    turns.note(stream, false, false);
  };
  takes('b');
  vi.advanceTimersByTime(60);
  takes('a');
  takes('a');
  expect(turns.mayBreak('a')).toBe(false);
  vi.advanceTimersByTime(41);
  takes('a');
  takes('a');
  expect([turns.mayBreak('a'), turns.mayBreak('b')]).toEqual([true, false]);
});

test('one that leaves holds up nobody, and is not woken', () => {
  turns.note('b', true, false);
  expect([turns.mayBreak('a'), turns.mayBreak('c')]).toEqual([false, false]);
  turns.forget('c');
  turns.forget('b');
  vi.advanceTimersByTime(101);
  expect(woken).toEqual(['a']);
});

test('one that takes nothing holds up the others once, for a moment', () => {
  turns.note('b', true, false);
  expect(turns.mayBreak('a')).toBe(false);
  vi.advanceTimersByTime(1001);
  expect(woken).toEqual(['a']);
  expect(turns.mayBreak('a')).toBe(true);
  turns.note('b', true, false);
  expect(turns.mayBreak('a')).toBe(true);
  turns.note('b', false, false);
  turns.note('b', true, false);
  expect(turns.mayBreak('a')).toBe(false);
});

test('a mesh that changes without end holds up a removal for a moment', () => {
  turns.note('b', true, false);
  expect(turns.mayBreak('a')).toBe(false);
  vi.advanceTimersByTime(600);
  turns.note('c', true, false);
  turns.note('b', false, false);
  expect(turns.mayBreak('a')).toBe(false);
  vi.advanceTimersByTime(401);
  expect(woken).toContain('a');
  expect(turns.mayBreak('a')).toBe(true);
});

test('its own news hold up nobody but others', () => {
  turns.note('a', true, false);
  turns.note('a', false, false);
  expect([turns.mayBreak('a'), turns.mayBreak('b')]).toEqual([true, false]);
  vi.advanceTimersByTime(101);
  expect(woken).toEqual(['b']);
});
