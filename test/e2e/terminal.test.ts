/** The program in a pipe and at a terminal: a reader that goes away, and colours. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { program, quickstartManifests, runIsthmus, temporaryFolder } from './isthmus-process.ts';

const misspelt = `apiVersion: metaprotocol.aeraki.io/v1alpha1
kind: MetaRouter
metadata: { name: orders, namespace: shop }
spec: { hosts: [orders.shop.mesh], rotes: [] }
`;

async function wrongManifest(): Promise<string> {
  const file = path.join(await temporaryFolder(), 'router.yaml');
  await writeFile(file, misspelt);
  return file;
}

/** Runs a command whose standard output nobody reads any more when it begins to write. */
async function unread(parameters: readonly string[]) {
  const child = spawn(process.execPath, [program, ...parameters], { stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.destroy();
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => (stderr += String(chunk)));
  const [code] = await once(child, 'close');
  return { code, stderr };
}

describe('a reader that goes away', () => {
  it('is no failure, and nothing is said of it', async () => {
    const proxy = ['--proxy', 'sidecar~127.0.0.1~a.shop~cluster.local'];
    const ended = await unread(['translate', '--to', 'xds', ...proxy, '-f', quickstartManifests]);
    expect(ended).toEqual({ code: 0, stderr: '' });
  });

  it('hides no failure either', async () => {
    const { code, stderr } = await unread(['validate', '-f', await wrongManifest()]);
    expect([code, stderr]).toEqual([79, expect.stringMatching(/^0 objects read: 1 error, .*\n$/)]);
  });
});

describe('colours', () => {
  it.each([
    ['in a pipe', {}, false],
    ['in a pipe of CI', { CI: '1' }, false],
    ['where they are asked for', { FORCE_COLOR: '1' }, true],
    ['where they are asked for with 0', { FORCE_COLOR: '0' }, false],
    ['where they are asked for and not wanted', { FORCE_COLOR: '1', NO_COLOR: '1' }, false],
    ['where NO_COLOR is set to nothing', { FORCE_COLOR: '1', NO_COLOR: '' }, true],
  ])('%s (%j): %s', async (_, asked: Readonly<Record<string, string>>, isColoured) => {
    const env = { NO_COLOR: '', ...asked };
    const without = 'FORCE_COLOR' in asked ? [] : ['env', '-u', 'FORCE_COLOR'];
    const { code, stdout } = await runIsthmus(['validate', '-f', await wrongManifest()], { env, by: without });
    expect([code, stdout]).toEqual([79, expect.stringContaining('ISTH0102')]);
    expect(stdout.includes('\u001b[')).toBe(isColoured);
  });
});
