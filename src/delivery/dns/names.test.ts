import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isWithin, NameReader, nameBytes } from './names.ts';

function read(bytes: readonly number[], at = 12) {
  const reader = new NameReader();
  const packet = Buffer.from([...Array(12).fill(0), ...bytes]);
  const end = reader.read(packet, at);
  return end === -1 ? undefined : { text: reader.text(), end, length: reader.length };
}

it('a name is read in lower case, whatever case it is written in', () => {
  expect(read([3, 0x57, 0x77, 0x57, 2, 0x49, 0x6f, 0])).toEqual({ text: 'www.io', end: 20, length: 8 });
  expect(read([0])).toEqual({ text: '', end: 13, length: 1 });
});

it('a pointer leads back, and reading goes on behind it', () => {
  expect(read([2, 0x69, 0x6f, 0, 1, 0x61, 0xc0, 12], 16)).toEqual({ text: 'a.io', end: 20, length: 6 });
});

it('pointers that lead forward, to themselves, in a circle or into the header are refused', () => {
  expect(read([0xc0, 12])).toBeUndefined();
  expect(read([0xc0, 14, 0])).toBeUndefined();
  expect(read([1, 0x61, 0xc0, 12])).toBeUndefined();
  expect(read([0xc0, 14, 0xc0, 12], 14)).toBeUndefined();
  expect(read([0xc0, 4])).toBeUndefined();
});

it('names that end in the middle, are too long or use reserved labels are refused', () => {
  expect(read([3, 0x61, 0x62])).toBeUndefined();
  expect(read([])).toBeUndefined();
  expect(read([0xc0])).toBeUndefined();
  expect(read([0x40, 0])).toBeUndefined();
  const label = [63, ...Array(63).fill(0x61)];
  expect(read([...label, ...label, ...label, 61, ...Array(61).fill(0x61), 0])?.length).toBe(255);
  expect(read([...label, ...label, ...label, 62, ...Array(62).fill(0x61), 0])).toBeUndefined();
});

it('a dot inside of a label is no border between labels', () => {
  expect(read([3, 0x61, 0x2e, 0x62, 0])?.text).toBe('a\\046b');
  expect(read([2, 0x41, 0xff, 1, 0x5c, 0])?.text).toBe('a\\255.\\092');
});

it('what is written is read again', () => {
  const label = fc.stringMatching(/^[a-z0-9_-]{1,63}$/);
  fc.assert(
    fc.property(fc.array(label, { maxLength: 8 }), (labels) => {
      const name = labels.join('.');
      const bytes = nameBytes(name);
      if (bytes === undefined) expect(name.length).toBeGreaterThan(253);
      else expect(read([...bytes])).toEqual({ text: name, end: 12 + bytes.length, length: bytes.length });
    }),
  );
});

it('what is no name is not written', () => {
  for (const text of ['a..b', '.a', 'a.', 'a'.repeat(64), `${'a.'.repeat(127)}a`])
    expect(nameBytes(text)).toBeUndefined();
});

it('a suffix is one of labels, not of letters', () => {
  expect(isWithin('a.mesh', 'mesh')).toBe(true);
  expect(isWithin('mesh', 'mesh')).toBe(true);
  expect(isWithin('amesh', 'mesh')).toBe(false);
});
