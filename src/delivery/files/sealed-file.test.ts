import { chmod, mkdir, mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodeLine } from './journal-lines.ts';
import { SealedFile } from './sealed-file.ts';
import { NodeStateFolder } from './state-folder.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'isthmus-sealed-'));
});
afterEach(() => rm(folder, { recursive: true }));

const header = { format: 'isthmus secrets', version: 1 };
const open = () =>
  new SealedFile(new NodeStateFolder(folder), { fileName: 'secrets', header, remedy: 'Put back a copy.' });
const file = () => join(folder, 'secrets');

describe('a sealed file', () => {
  it('holds what was written last, and nothing before that', async () => {
    expect(await open().read()).toBeUndefined();
    await open().write({ a: 1 });
    await open().write({ a: 2 });
    expect(await open().read()).toEqual({ a: 2 });
  });

  it('can be read by its owner alone, and tells when that is not so', async () => {
    await open().write({ a: 1 });
    expect((await stat(file())).mode & 0o777).toBe(0o600);
    expect(await open().isOpenToOthers()).toBe(false);
    await chmod(file(), 0o640);
    expect(await open().isOpenToOthers()).toBe(true);
  });

  it('that was cut anywhere is an error that says what to do, never an absent file', async () => {
    await open().write({ a: 'some text' });
    const whole = await readFile(file());
    for (let length = whole.length - 1; length >= 0; length--) {
      await truncate(file(), length);
      await expect(open().read()).rejects.toMatchObject({
        code: 'STATE',
        message: expect.stringMatching(/secrets is (empty|cut off|damaged)\. Put back a copy\.$/),
      });
    }
  });

  it('that cannot be written says which it is and what to do, and holds what it held', async () => {
    await open().write({ a: 1 });
    await mkdir(`${file()}.new`);
    await expect(open().write({ a: 2 })).rejects.toMatchObject({
      code: 'STATE',
      message: expect.stringMatching(/secrets cannot be written: .*\. What it held before stays in force\. Make room/),
    });
    expect(await open().read()).toEqual({ a: 1 });
  });

  it('of which any byte was changed is an error', async () => {
    await open().write({ a: 1 });
    const whole = await readFile(file());
    for (let at = 0; at < whole.length; at++) {
      const changed = Buffer.from(whole);
      changed[at] = (changed[at] ?? 0) ^ 1;
      await writeFile(file(), changed);
      await expect(open().read()).rejects.toMatchObject({ code: 'STATE' });
    }
  });

  it.each([
    ['two values', encodeLine(header) + encodeLine(1) + encodeLine(2)],
    ['no value', encodeLine(header)],
    ['no header', encodeLine(1)],
    ['the format of a later version', encodeLine({ ...header, version: 2 }) + encodeLine(1)],
  ])('with %s is an error', async (_, text) => {
    await writeFile(file(), text);
    await expect(open().read()).rejects.toMatchObject({ code: 'STATE' });
  });
});
