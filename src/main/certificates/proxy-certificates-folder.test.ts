import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { PrivateKey } from '../../security/private-key.ts';
import { certificateFiles, readProxyCertificate, writeProxyCertificate } from './proxy-certificates-folder.ts';

describe('the certificates of a proxy', () => {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'isthmus-certificates-'));
    onTestFinished(() => rm(folder, { recursive: true }));
  });

  const certificate = async (chain: string) => ({
    chain,
    key: await PrivateKey.generate('ecdsa-p256'),
    roots: `roots of ${chain}`,
  });

  it('are read as they were written, and only by their owner', async () => {
    const written = await certificate('first');
    await writeProxyCertificate(folder, written);
    const read = await readProxyCertificate(folder);
    expect([read.chain, read.roots, read.key.reveal()]).toEqual(['first', 'roots of first', written.key.reveal()]);
    expect((await stat(certificateFiles(folder).key)).mode & 0o777).toBe(0o600);
  });

  it('take the place of those before in one step, and leave nothing of them', async () => {
    await writeProxyCertificate(folder, await certificate('first'));
    const links = await readdir(folder);
    await writeProxyCertificate(folder, await certificate('second'));
    expect((await readProxyCertificate(folder)).chain).toBe('second');
    expect(await readdir(folder)).toHaveLength(links.length);
  });

  it('take the place of files that were put there by other means', async () => {
    await writeFile(certificateFiles(folder).chain, 'by hand');
    await writeProxyCertificate(folder, await certificate('first'));
    expect(await readFile(certificateFiles(folder).chain, 'utf8')).toBe('first');
  });

  it('are left as they were when the folder takes no more', async () => {
    const first = await certificate('first');
    await writeProxyCertificate(folder, first);
    const broken = { ...(await certificate('second')), key: brokenKey(first.key) };
    await expect(writeProxyCertificate(folder, broken)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect((await readProxyCertificate(folder)).chain).toBe('first');
  });

  it('are missed by name, with the command that gets them', async () => {
    await expect(readProxyCertificate(folder)).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringMatching(/\.pem cannot be read.*--token-file/s),
    });
  });
});

/** One that fails half-way, as a full disk does. */
function brokenKey(key: PrivateKey): PrivateKey {
  return new Proxy(key, {
    get(target, name) {
      if (name === 'reveal') throw new Error('no space left');
      return Reflect.get(target, name, target);
    },
  });
}
