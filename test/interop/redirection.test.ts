/** Stock Envoys that connections are redirected to: applications as they are, in the clear, on all their addresses. */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { peerUnderTest } from './peer-under-test.ts';

const unshare = peerUnderTest('unshare');
const nft = peerUnderTest('nft');
const envoy = peerUnderTest('envoy');
const script = path.resolve(import.meta.dirname, '../../examples/interception/redirect.sh');
const run = promisify(execFile);
const inNamespace = ['--map-root-user', '--net', '--mount'];

async function onStage(): Promise<Readonly<Record<string, unknown>>> {
  const stage = path.join(import.meta.dirname, 'redirection-stage.ts');
  const { stdout } = await run(unshare ?? '', [...inNamespace, process.execPath, stage, envoy ?? ''], {
    timeout: 110_000,
  });
  return JSON.parse(stdout);
}

describe.skipIf([unshare, nft, envoy].includes(undefined))('machines whose connections are redirected', () => {
  it('have policies that hold for whatever address was dialled, and greetings that wait for nobody', async () => {
    const results = await onStage();
    const caller = 'URI=spiffe://cluster.local/ns/books/sa/bookbuyer';
    expect(results.permitted).toEqual(
      [1, 2, 3].map((book) => expect.stringMatching(new RegExp(`^200 /books/${book} .*${caller}`))),
    );
    expect(results.denied).toMatch(/^403/);
    expect(results.greeting).toEqual(['greeting\n', 'greeting\n']);
    expect(results.pastTheCaller).toEqual(['no answer', 'no answer']);
    expect(results.unknownPorts).toEqual(['no answer', 'no answer', 'no answer']);
    expect(results.bound).toEqual(
      expect.arrayContaining(['0.0.0.0:15001', '0.0.0.0:15006', '[::]:15001', '[::]:15006']),
    );
    expect((results.bound as readonly string[]).filter((address) => /^(240\.|\[2001:)/.test(address))).toEqual([]);
    expect(results.logs).toEqual(['', '']);
  });

  it('are not made by a script that was told nonsense, and are as before once it has been told to stop', async () => {
    const told = (...words: readonly string[]) =>
      run(unshare ?? '', [...inNamespace, 'sh', script, ...words]).catch((error: unknown) => error);
    const nonsense = [
      'sideways',
      'up nowhere',
      'up --proxy-user me',
      'up --exclude-outbound 53',
      'up --exclude-inbound',
    ];
    for (const words of nonsense) expect(await told(...words.split(' ')), words).toMatchObject({ code: 64 });
    const turn = `sh ${script} up --proxy-user 1337 --exclude-outbound 53 && sh ${script} down && sh ${script} status`;
    const { stdout } = await run(unshare ?? '', [...inNamespace, 'sh', '-c', turn]);
    expect(stdout).toBe('nothing is redirected\n');
  });
});
