import { expect, it } from 'vitest';
import { keepBytes } from './body-pool.ts';

it('what is kept equals what was given, and nothing that is kept later touches it', () => {
  const given = Array.from({ length: 300 }, (_, at) => new Uint8Array(at * 17).fill(at));
  const kept = given.map(keepBytes);
  expect(kept).toEqual(given);
});

it('the given bytes may be written to afterwards', () => {
  const given = [new Uint8Array(10).fill(1), new Uint8Array(10_000).fill(1)];
  const kept = given.map(keepBytes);
  for (const bytes of given) bytes.fill(2);
  expect(kept.map((bytes) => bytes.every((byte) => byte === 1))).toEqual([true, true]);
});

it('small messages share their room, so that a kept one costs little more than its bytes', () => {
  const kept = Array.from({ length: 1000 }, () => keepBytes(new Uint8Array(100)));
  const rooms = new Set(kept.map(({ buffer }) => buffer));
  const bytes = [...rooms].reduce((sum, room) => sum + room.byteLength, 0);
  expect(bytes).toBeLessThan(1.25 * 1000 * 100);
});
