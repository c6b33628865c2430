import { expect, it } from 'vitest';
import { endSentence } from './finding.ts';

it.each([
  ['bad indentation of a mapping entry', 'bad indentation of a mapping entry.'],
  ['There is no host "a.b"', 'There is no host "a.b".'],
  ['It refused cluster x (9090)', 'It refused cluster x (9090).'],
  ['Did you mean this?', 'Did you mean this?'],
  ['He said "No."', 'He said "No."'],
  ['It is so.', 'It is so.'],
  ['', ''],
])('a sentence ends before another follows it: %j', (written, ended) => {
  expect(endSentence(written)).toBe(ended);
});
