import { describe, expect, test } from 'vitest';
import { readCondition } from './conditions.ts';
import { DocumentNode } from './document.ts';
import { fixedInteger } from './integers.ts';
import { Problems } from './problems.ts';
import { headerInteger, type Values } from './values.ts';

const values: Values = new Map([
  ['flags', headerInteger(fixedInteger('u8', 'big'), 0)],
  ['code', headerInteger(fixedInteger('i16', 'big'), 1)],
  ['wide', headerInteger(fixedInteger('u64', 'big'), 0)],
]);

function holds(text: string, flags: number, code: number, side = 0): boolean {
  const problems = new Problems();
  const condition = readCondition(new DocumentNode(text, 'when', problems), values);
  expect(problems.found).toEqual([]);
  const bytes = Buffer.alloc(8);
  bytes.writeUInt8(flags, 0);
  bytes.writeInt16BE(code, 1);
  return condition(bytes, 0, bytes.length, side) === 1;
}

test.each([
  ['flags & 0x20', 0x30, 0, true],
  ['flags & 0x20', 0x10, 0, false],
  ['flags & 3 == 1', 0x05, 0, true],
  ['!(flags & 1) && code != 0', 2, -1, true],
  ['code in -5..-1', 0, -5, true],
  ['code in -5..-1', 0, 0, false],
  ['code < -1 || code >= 7', 0, 7, true],
  ['code <= -2', 0, -1, false],
  ['flags > 127', 255, 0, true],
  ['code == 1 && flags == 1 || flags == 2', 2, 0, true],
  ['code == 1 && (flags == 1 || flags == 2)', 2, 0, false],
  ['!!flags', 4, 0, true],
  ['has(code)', 0, 0, true],
  ['flags | 1 == 1', 0, 0, true],
] as const)('%s with flags %i and code %i is %s', (text, flags, code, expected) => {
  expect(holds(text, flags, code)).toBe(expected);
});

test('a condition may ask which side sent the frame', () => {
  expect(holds('side == response', 0, 0, 1)).toBe(true);
  expect(holds('side == request', 0, 0, 1)).toBe(false);
});

describe('what is no condition is a problem', () => {
  test.each([
    '',
    'flags &',
    'flags ==',
    '(flags',
    'flags)',
    'flags = 1',
    'flags == "a"',
    'code in 1',
    'code in 1..',
    'has code',
    'has(1)',
    'unknown == 1',
    'wide & 1',
    'flags; code',
    '99999999999999999999',
    `${'('.repeat(40)}flags${')'.repeat(40)}`,
    `${'!'.repeat(400)}flags`,
    'flags == 1 '.repeat(60),
  ])('%s', (text) => {
    const problems = new Problems();
    readCondition(new DocumentNode(text, 'when', problems), values);
    expect(problems.found.length).toBeGreaterThan(0);
  });
});
