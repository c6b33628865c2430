import { describe, expect, it, vi } from 'vitest';
import { SettableClock } from '../../../model/test-clock.ts';
import { type WorkLimits, WorkQueue, type WorkResult } from './work-queue.ts';

const limits: WorkLimits = { perSecond: 10, burst: 100, inFlight: 4, shortestRetryMs: 100, longestRetryMs: 1_000 };

function queueOf(options: Partial<WorkLimits> = {}) {
  const clock = new SettableClock();
  const started: string[] = [];
  const idle = new Set<string>();
  const running = new Map<string, (result: WorkResult) => void>();
  const queue = new WorkQueue({
    clock,
    limits: { ...limits, ...options },
    random: () => 0.5,
    prepare: (key) => {
      if (idle.has(key)) return undefined;
      return async () => {
        started.push(key);
        const { promise, resolve } = Promise.withResolvers<WorkResult>();
        running.set(key, resolve);
        return promise;
      };
    },
  });
  const end = async (key: string, result: WorkResult): Promise<void> => {
    running.get(key)?.(result);
    running.delete(key);
    // The queue goes on when the work's own promise has told it.
    for (let turn = 0; turn < 5; turn++) await Promise.resolve();
  };
  return { clock, queue, end, idle, taken: () => started.splice(0) };
}

describe('work by key', () => {
  it('is done once for all that was said before it began, and once more for what was said meanwhile', async () => {
    const { queue, end, taken } = queueOf();
    queue.add('a');
    queue.add('a');
    expect(taken()).toEqual(['a']);
    queue.add('a');
    queue.add('a');
    expect(taken()).toEqual([]);
    await end('a', 'done');
    expect(taken()).toEqual(['a']);
    await end('a', 'done');
    expect(queue.depth).toBe(0);
  });

  it('is not done for what is forgotten, wherever it waits, but for what is said after that', async () => {
    const { clock, queue, end, taken } = queueOf({ inFlight: 1 });
    queue.add('a');
    queue.add('a');
    queue.add('b');
    queue.add('c', 500);
    taken();
    for (const key of ['a', 'b', 'c', 'd']) queue.forget(key);
    expect(queue.depth).toBe(1);
    await end('a', 'done');
    clock.advance(1_000);
    expect([queue.depth, taken()]).toEqual([0, []]);
    queue.add('b');
    expect(taken()).toEqual(['b']);
  });

  it('is done for few keys at a time, in their order', async () => {
    const { queue, end, taken } = queueOf({ inFlight: 2 });
    for (const key of ['a', 'b', 'c', 'd']) queue.add(key);
    expect(taken()).toEqual(['a', 'b']);
    await end('b', 'done');
    expect(taken()).toEqual(['c']);
  });

  it('is done so often a second and no more, where it costs anything', () => {
    const { clock, queue, idle, taken } = queueOf({ burst: 2, inFlight: 100 });
    for (const key of ['x', 'y', 'z']) idle.add(key);
    for (const key of ['x', 'y', 'z', 'a', 'b', 'c', 'd']) queue.add(key);
    expect(taken()).toEqual(['a', 'b']);
    clock.advance(99);
    expect(taken()).toEqual([]);
    clock.advance(1);
    const third = taken();
    clock.advance(100);
    expect([third.length, ...third, ...taken()].sort()).toEqual([1, 'c', 'd']);
  });

  it('that fails is tried later and later, and others are not', async () => {
    const { clock, queue, end, taken } = queueOf({ burst: 1_000 });
    queue.add('a');
    queue.add('b');
    expect(taken()).toEqual(['a', 'b']);
    for (const pause of [100, 200, 400, 800, 1_000, 1_000]) {
      await end('a', 'retry');
      clock.advance(pause - 1);
      expect(taken()).toEqual([]);
      clock.advance(1);
      expect(taken()).toEqual(['a']);
    }
    await end('a', 'done');
    queue.add('a');
    await end('a', 'retry');
    taken();
    clock.advance(100);
    expect(taken()).toEqual(['a']);
  });

  it('rests for all while the server is away, is then tried by one, and goes on for all when that succeeds', async () => {
    const { clock, queue, end, taken } = queueOf({ burst: 1_000 });
    for (const key of ['a', 'b', 'c', 'd', 'e', 'f']) queue.add(key);
    expect(taken()).toEqual(['a', 'b', 'c', 'd']);
    for (const key of ['a', 'b', 'c', 'd']) {
      queue.halt();
      await end(key, 'again');
    }
    expect(queue.isHalted).toBe(true);
    expect(taken()).toEqual([]);
    clock.advance(500);
    expect(taken()).toHaveLength(1);
    queue.halt();
    await end('e', 'again');
    clock.advance(999);
    expect(taken()).toEqual([]);
    clock.advance(1);
    const [probe = ''] = taken();
    await end(probe, 'done');
    expect(taken()).toHaveLength(4);
    expect(queue.isHalted).toBe(false);
  });

  it('leaves a server alone for as long as it asks', async () => {
    const { clock, queue, end, taken } = queueOf();
    queue.add('a');
    queue.halt(4_000);
    await end('a', 'again');
    taken();
    clock.advance(4_999);
    expect(taken()).toEqual([]);
    clock.advance(1);
    expect(taken()).toEqual(['a']);
  });

  it('rests no longer because somebody sets the clock back', async () => {
    const { clock, queue, end, taken } = queueOf();
    queue.add('a');
    queue.halt();
    await end('a', 'again');
    taken();
    clock.set(clock.now() - 3_600_000);
    clock.advance(500);
    expect(taken()).toEqual(['a']);
  });

  it('that is to be done later is done then, or sooner where somebody asks for it', async () => {
    const { clock, queue, end, taken } = queueOf();
    queue.add('a', 500);
    queue.add('a', 900);
    clock.advance(499);
    expect(taken()).toEqual([]);
    clock.advance(1);
    expect(taken()).toEqual(['a']);
    await end('a', 'done');
    queue.add('a', 500);
    queue.add('a');
    await end('a', 'done');
    clock.advance(1_000);
    expect(taken()).toEqual(['a']);
  });

  it('goes before all that nobody waits for as soon as somebody does, and leaves that one turn of four', async () => {
    const { queue, end, taken } = queueOf({ inFlight: 1, burst: 1_000 });
    for (const key of ['r1', 'r2', 'r3', 'r4']) queue.add(key, 0, 'routine');
    for (const key of ['a1', 'a2', 'a3', 'a4', 'r4']) queue.add(key);
    const order = taken();
    for (let last = order.at(-1); last !== undefined; last = order.at(-1)) {
      await end(last, 'done');
      const next = taken();
      if (next.length === 0) break;
      order.push(...next);
    }
    expect(order).toEqual(['r1', 'a1', 'a2', 'a3', 'r2', 'a4', 'r4', 'r3']);
  });

  it('keeps its urgency while it waits for its time, and when it has to be done once more', async () => {
    const { clock, queue, end, taken } = queueOf({ inFlight: 1, burst: 1_000 });
    for (const key of ['first', 'r1', 'r2']) queue.add(key, 0, 'routine');
    expect(taken()).toEqual(['first']);
    queue.add('r2', 500);
    queue.add('first');
    await end('first', 'done');
    expect(taken()).toEqual(['first']);
    await end('first', 'retry');
    expect(taken()).toEqual(['r1']);
    clock.advance(500);
    await end('r1', 'done');
    expect(taken()).toEqual(['first']);
    await end('first', 'done');
    expect(taken()).toEqual(['r2']);
    await end('r2', 'done');
    expect(queue.depth).toBe(0);
  });

  it('costs one turn in its line, however often it waited for a token', () => {
    const { clock, queue, taken } = queueOf({ burst: 1, inFlight: 100 });
    for (const key of ['a', 'b', 'c', 'd']) queue.add(key);
    for (let at = 0; at < 30; at++) clock.advance(10);
    expect(taken()).toEqual(['a', 'b', 'c', 'd']);
  });

  it('is over when what is under way is over, and nothing begins any more', async () => {
    const { queue, end, taken } = queueOf({ inFlight: 1 });
    queue.add('a');
    queue.add('b');
    const closed = vi.fn();
    const closing = queue.close().then(closed);
    await Promise.resolve();
    expect(closed).not.toHaveBeenCalled();
    await end('a', 'retry');
    await closing;
    expect(taken()).toEqual(['a']);
  });
});
