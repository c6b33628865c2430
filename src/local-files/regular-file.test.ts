import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { readRegularFile } from './regular-file.ts';

function folder(): string {
  const made = mkdtempSync(path.join(tmpdir(), 'isthmus-regular-'));
  onTestFinished(() => rmSync(made, { recursive: true }));
  return made;
}

it('a file is read, also by a link to it', async () => {
  const [file, link] = [path.join(folder(), 'file'), path.join(folder(), 'link')];
  writeFileSync(file, 'text');
  symlinkSync(file, link);
  expect([await readRegularFile(file), await readRegularFile(link)]).toEqual(['text', 'text']);
});

it('a pipe, a device and a folder are refused, and nobody waits for them', async () => {
  const pipe = path.join(folder(), 'pipe');
  execFileSync('mkfifo', [pipe]);
  for (const one of [pipe, '/dev/zero', folder()])
    await expect(readRegularFile(one)).rejects.toThrow('no regular file');
  await expect(readRegularFile(path.join(folder(), 'absent'))).rejects.toThrow('ENOENT');
});
