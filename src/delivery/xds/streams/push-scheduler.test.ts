import { setImmediate as turnOfLoop } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { PushScheduler } from './push-scheduler.ts';

const count = 500;

test('lets what else there is have its turn while many streams are served, and serves them in order of arrival', async () => {
  const scheduler = new PushScheduler(() => {});
  const served: number[] = [];
  for (let at = 0; at < count; at++) scheduler.schedule({ push: () => void served.push(at), fail: () => {} });
  const seen: number[] = [];
  while (served.length < count) {
    await turnOfLoop();
    seen.push(served.length);
  }
  expect(served).toEqual(Array.from({ length: count }, (_, at) => at));
  expect(seen.filter((so) => so > 0 && so < count).length).toBeGreaterThan(5);
});

test('a stream that fails is told so, and those after it are served', async () => {
  const idle = Promise.withResolvers<void>();
  const scheduler = new PushScheduler(idle.resolve);
  const fault = new TypeError('a fault of a stream');
  const told: unknown[] = [];
  const failing = {
    push: () => {
      throw fault;
    },
    fail: (error: unknown) => void told.push(error),
  };
  scheduler.schedule(failing);
  scheduler.schedule({ push: () => void told.push('served'), fail: () => {} });
  await idle.promise;
  expect(told).toEqual([fault, 'served']);
});

test('a stream that was scheduled twice is served once, and one that is gone is not', async () => {
  const idle = Promise.withResolvers<void>();
  const scheduler = new PushScheduler(idle.resolve);
  const served: string[] = [];
  const [one, gone] = ['one', 'gone'].map((name) => ({ push: () => void served.push(name), fail: () => {} }));
  if (one === undefined || gone === undefined) throw new TypeError();
  for (const stream of [one, gone, one]) scheduler.schedule(stream);
  scheduler.forget(gone);
  await idle.promise;
  expect(served).toEqual(['one']);
});
