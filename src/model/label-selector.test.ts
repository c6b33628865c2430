import { expect, test } from 'vitest';
import { parseLabelSelector } from './label-selector.ts';

const labels = { team: 'shop', 'example.com/tier': 'front', empty: '' };
const fits = (text: string): boolean | undefined => parseLabelSelector(text)?.(labels);

test.each([
  '',
  ' ',
  'team=shop',
  'team == shop',
  'team!=town',
  'missing!=anything',
  'empty=',
  'team in (shop)',
  'team in (town, shop),example.com/tier=front',
  'team notin (town,city)',
  'missing notin (x)',
  'empty in (,x)',
  'team',
  'example.com/tier',
  '!missing',
])('"%s" fits labels that are as it says', (text) => {
  expect(fits(text)).toBe(true);
});

test.each([
  'team=town',
  'team!=shop',
  'team=shop,missing',
  'team in (town)',
  'missing in (x)',
  'team notin (shop)',
  'missing',
  'constructor',
  'app=',
  '!team',
])('"%s" does not fit others', (text) => {
  expect(fits(text)).toBe(false);
});

test.each([
  '=shop',
  'team=sh op',
  'team in shop',
  'team in (shop',
  'a,,b',
  'team=shop,',
  '!team=shop',
  'team in ()x',
  '!',
  'a/b/c=d',
  'x'.repeat(5000),
])('"%s" is no selector', (text) => {
  expect(parseLabelSelector(text)).toBeUndefined();
});

test('a list of hardly anything but blanks and commas is told to be none as quickly as any', () => {
  expect(parseLabelSelector(`team in (${' ,'.repeat(500)} !)`)).toBeUndefined();
  expect(fits(`team in (${' , '.repeat(500)}shop )`)).toBe(true);
});
