import { expect, it } from 'vitest';
import { ServerRotation } from './server-rotation.ts';

it('each server of a registry has its turn, and all failures since the last sound one are told', async () => {
  const over = new AbortController();
  const rotation = new ServerRotation(['a', 'b'], over.signal);
  const asked: string[] = [];
  const reasons: string[] = [];
  await rotation.run(
    async (server) => {
      asked.push(server);
      if (asked.length === 3) rotation.forgive();
      rotation.refresh();
      throw new Error(`${server} is down, ${asked.length}`);
    },
    (reason) => {
      reasons.push(reason);
      if (reasons.length === 3) over.abort();
    },
  );
  expect(asked).toEqual(['a', 'b', 'a']);
  expect(reasons).toEqual(['a is down, 1', 'a is down, 1; b is down, 2', 'a is down, 3']);
});

it('what is over asks no server', async () => {
  const asked: string[] = [];
  const rotation = new ServerRotation(['a'], AbortSignal.abort());
  await rotation.run(
    async (server) => {
      asked.push(server);
      throw new Error('down');
    },
    () => {},
  );
  expect(asked).toEqual([]);
});
