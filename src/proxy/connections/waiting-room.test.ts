import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Call } from './call.ts';
import { WaitingRoom } from './waiting-room.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] }));
afterEach(() => void vi.useRealTimers());

function callOf(length: number): Call {
  const call = new Call();
  call.length = length;
  return call;
}

it('wakes each call once, when its time has come, and keeps no timer when nobody waits', () => {
  const room = new WaitingRoom({ maxCalls: 10, maxBytes: 1000 });
  const woken: number[] = [];
  for (const pause of [40, 10, 20]) room.enter(callOf(1), pause, () => void woken.push(pause));
  vi.advanceTimersByTime(25);
  expect(woken).toEqual([10, 20]);
  vi.advanceTimersByTime(100);
  expect(woken).toEqual([10, 20, 40]);
  expect(room.size).toBe(0);
  expect(vi.getTimerCount()).toBe(0);
});

it('turns away what is beyond its bounds, and has room again once calls have left', () => {
  const room = new WaitingRoom({ maxCalls: 2, maxBytes: 100 });
  const enter = (length: number): boolean => room.enter(callOf(length), 10, () => {});
  expect([enter(60), enter(60), enter(40), enter(0)]).toEqual([true, false, true, false]);
  vi.advanceTimersByTime(20);
  expect(enter(100)).toBe(true);
});

it('lets a call that is woken enter again', () => {
  const room = new WaitingRoom({ maxCalls: 1, maxBytes: 100 });
  let times = 0;
  const wake = (call: Call): void => void (++times < 3 && room.enter(call, 10, wake));
  room.enter(callOf(100), 10, wake);
  vi.advanceTimersByTime(100);
  expect(times).toBe(3);
  expect(vi.getTimerCount()).toBe(0);
});
