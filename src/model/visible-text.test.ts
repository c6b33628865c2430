import { expect, test } from 'vitest';
import { visibleText } from './visible-text.ts';

test.each([
  ['plain text, ümlauts, 订单', 'plain text, ümlauts, 订单'],
  ['\u001b]0;title\u0007\u001b[2J', '\\x1b]0;title\\x07\\x1b[2J'],
  ['a\nb\tc\0', 'a\\x0ab\\x09c\\x00'],
  ['\u009b31m', '\\x9b31m'],
  ['abc\u202ecba', 'abc\\u{202e}cba'],
])('%j', (text, expected) => {
  expect(visibleText(text)).toBe(expected);
});
