import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HeldStateFolder } from './held-state-folder.ts';

const holder = join(import.meta.dirname, '../../../test/chaos/state-folder-holder.ts');
const bytes = Buffer.from('kept');

let path: string;
beforeEach(async () => {
  path = await mkdtemp(join(tmpdir(), 'isthmus-held-'));
});
afterEach(() => rm(path, { recursive: true, force: true }));

describe('a state folder', () => {
  it('belongs to one control plane at a time, and is free again when that was killed', async () => {
    const other = fork(holder, [path], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    await once(other, 'message');
    const folder = new HeldStateFolder(path);
    const inUse = `the state folder ${path} is in use by another control plane`;
    await expect(folder.take()).rejects.toThrow(inUse);
    await expect(folder.replace('file', bytes)).rejects.toThrow(inUse);
    expect(await folder.read('file')).toBeUndefined();
    other.kill('SIGKILL');
    await once(other, 'exit');
    await folder.take();
    await folder.replace('file', bytes);
    expect(await folder.read('file')).toEqual(bytes);
    folder.release();
  });

  it('is taken once for all who keep something in it, whoever comes first', async () => {
    const folder = new HeldStateFolder(path);
    await Promise.all([folder.replace('one', bytes), folder.take(), folder.replace('two', bytes)]);
    expect([await folder.read('one'), await folder.read('two')]).toEqual([bytes, bytes]);
    folder.release();
  });

  it('that was given up is not written any more', async () => {
    const folder = new HeldStateFolder(path);
    await folder.take();
    folder.release();
    await expect(folder.replace('file', bytes)).rejects.toThrow('is not held any more');
    const next = new HeldStateFolder(path);
    await next.take();
    next.release();
  });
});
