import { expect, it } from 'vitest';
import { inParallel } from './parallel-work.ts';

const failing = (...numbers: readonly number[]) => {
  const done: number[] = [];
  const work = async (number: number): Promise<void> => {
    await Promise.resolve();
    done.push(number);
    if (numbers.includes(number)) throw new Error(`no ${number}`);
  };
  return { done, work };
};
const items = [1, 2, 3, 4, 5, 6];

it('begins nothing more after a failure, and says which was the first', async () => {
  const { done, work } = failing(3, 4);
  await expect(inParallel(items, 2, work)).rejects.toThrow('no 3');
  expect(done).toEqual([1, 2, 3, 4]);
});

it('goes on as long as the failures allow it, and fails all the same', async () => {
  const { done, work } = failing(1, 3);
  await expect(inParallel(items, 1, work, ({ length }) => length < 2)).rejects.toThrow('no 1');
  expect(done).toEqual([1, 2, 3]);
});
