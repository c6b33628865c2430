import { appendFile, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { GatheredJournal } from './gathered-journal.ts';
import { word, wordFormat } from './journal-fixture.ts';
import { NodeStateFolder } from './state-folder.ts';

let path: string;
const file = () => join(path, 'words.journal');
const open = () => GatheredJournal.open(new NodeStateFolder(path), 'words.journal', wordFormat);

beforeEach(async () => {
  path = await mkdtemp(join(tmpdir(), 'isthmus-gathered-'));
  const journal = await open();
  journal.note(['one', 'two', 'three'].map(word));
  await journal.close();
});
afterEach(() => rm(path, { recursive: true, force: true }));

it.each([
  ['left as it was', async () => {}, ['one', 'two', 'three'], []],
  ['emptied', () => truncate(file(), 0), [], ['ISTH0903']],
  ['torn at its end', () => appendFile(file(), 'half a rec'), ['one', 'two', 'three'], ['ISTH0903']],
  ['changed within', () => changed('two', 'tow'), ['one', 'three'], ['ISTH0902']],
])('a journal that was %s holds what is left of it, and says what became of it', async (_, harm, words, codes) => {
  await harm();
  const journal = await open();
  expect([...journal.records.keys()]).toEqual(words);
  expect(journal.findings().map(({ code }) => code)).toEqual(codes);
  for (const { message } of journal.findings()) expect(message).toContain('words.journal');
  await journal.close();
});

async function changed(from: string, to: string): Promise<void> {
  await writeFile(file(), (await readFile(file(), 'utf8')).replace(from, to));
}
