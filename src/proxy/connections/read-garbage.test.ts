import { expect, it } from 'vitest';
import { ReadGarbage, youngCollector } from './read-garbage.ts';

const MIB = 1024 * 1024;

it('is collected once for each 16 MiB that were read, in however many pieces', () => {
  let collections = 0;
  const garbage = new ReadGarbage(() => void collections++);
  for (let read = 0; read < 64; read++) garbage.note(MIB / 4);
  expect(collections).toBe(1);
  for (let read = 0; read < 3; read++) garbage.note(16 * MIB);
  expect(collections).toBe(4);
});

it('is given back without a collection of the whole heap', async () => {
  const collect = youngCollector();
  collect();
  const before = process.memoryUsage().arrayBuffers;
  for (let read = 0; read < 16; read++) Buffer.allocUnsafe(MIB);
  expect(process.memoryUsage().arrayBuffers - before).toBeGreaterThan(8 * MIB);
  collect();
  await expect.poll(() => process.memoryUsage().arrayBuffers - before).toBeLessThan(4 * MIB);
});
