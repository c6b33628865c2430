import { describe, expect, it } from 'vitest';
import { Seats } from './seats.ts';

const always = (): boolean => true;

describe('seats', () => {
  it('are for all while there are enough', () => {
    const seats = new Seats<string>(3);
    seats.fill(['a', 'b', 'c'], 3, always);
    expect(['a', 'b', 'c'].every((one) => seats.has(one))).toBe(true);
  });

  it('are for those that changed last where there are too few', () => {
    const seats = new Seats<string>(2);
    seats.fill(['a', 'b', 'c', 'd'], 4, always);
    seats.promote('d');
    expect(['a', 'b', 'c', 'd'].filter((one) => seats.has(one))).toEqual(['b', 'd']);
    seats.promote('b');
    seats.promote('c');
    expect(['a', 'b', 'c', 'd'].filter((one) => seats.has(one))).toEqual(['b', 'c']);
  });

  it('that become free are filled', () => {
    const seats = new Seats<string>(2);
    seats.fill(['a', 'b', 'c'], 3, always);
    seats.leave('a');
    seats.fill(['b', 'c'], 2, always);
    expect(seats.has('c')).toBe(true);
  });

  it('give a turn to each that waits for one, and none to who has no seat', () => {
    const seats = new Seats<string>(2);
    seats.fill(['a', 'b', 'c'], 3, (one) => one !== 'b');
    expect(seats.idle).toBe('a');
    seats.begin('a');
    expect(seats.idle).toBeUndefined();
    seats.end('b');
    seats.end('c');
    expect(seats.idle).toBe('b');
    seats.leave('b');
    expect(seats.idle).toBeUndefined();
  });
});
