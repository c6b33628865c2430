import { expect, it } from 'vitest';
import { CodecError } from '../../../codecs/codec.ts';
import { CodecFaults } from './codec-faults.ts';

it('tells of each bug of a codec once, of no peer that sends nonsense, and never without end', () => {
  const told: string[] = [];
  const faults = new CodecFaults((message) => told.push(message));
  const bug = new TypeError('x is undefined');
  faults.note('shelf', bug);
  faults.note('shelf', bug);
  faults.note('shelf', new CodecError('malformed', 'nonsense'));
  expect(told).toEqual([expect.stringContaining('codec shelf: TypeError: x is undefined')]);
  for (let index = 0; index < 1000; index++) faults.note('shelf', `bug ${index}`);
  expect(told).toHaveLength(100);
});
