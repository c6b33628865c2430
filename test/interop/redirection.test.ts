/** Stock Envoys that connections are redirected to: applications as they are, in the clear, on all their addresses. */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { peerUnderTest } from './peer-under-test.ts';

const unshare = peerUnderTest('unshare');
const nft = peerUnderTest('nft');
const envoy = peerUnderTest('envoy');
const script = path.resolve(import.meta.dirname, '../../examples/interception/redirect.sh');
const run = promisify(execFile);
const inNamespace = ['--map-root-user', '--net', '--mount'];

/** Whether programs can be run as another user, as which Envoy is told from the others. */
const hasUsers = process.getuid?.() === 0;

async function onStage(): Promise<Readonly<Record<string, unknown>>> {
  const stage = path.join(import.meta.dirname, 'redirection-stage.ts');
  const command = [process.execPath, stage, envoy ?? ''];
  const all = hasUsers ? ['--net', '--mount', ...command, '1337'] : [...inNamespace, ...command];
  const { stdout } = await run(unshare ?? '', all, { timeout: 110_000 });
  return JSON.parse(stdout);
}

describe.skipIf([unshare, nft, envoy].includes(undefined))('machines whose connections are redirected', () => {
  let results: Readonly<Record<string, unknown>>;
  const caller = 'URI=spiffe://cluster.local/ns/books/sa/bookbuyer';
  const answers = (...all: readonly string[]) =>
    all.map((start) => expect.stringMatching(new RegExp(`^200 ${start} .*${caller}`)));

  beforeAll(async () => {
    results = await onStage();
  });

  it('have policies that hold for whatever address was dialled, and greetings that wait for nobody', () => {
    expect(results.permitted).toEqual(answers('store /books/1', 'store /books/2', 'store /books/3'));
    expect(results.denied).toMatch(/^403/);
    expect(results.greeting).toEqual(['greeting of store\n', 'greeting of store\n']);
    expect(results.pastTheCaller).toEqual(['no answer', 'no answer']);
    expect(results.unknownPorts).toEqual(['no answer', 'no answer', 'no answer']);
  });

  it('pass on TLS that is not theirs as it is, inside their own', () => {
    expect(results.tls).toBe('TLS of store for bookstore.books.mesh\n');
  });

  it('call what is in their own zone, as long as it is there', () => {
    expect(results.near).toEqual(['greeting of depot\n']);
  });

  it('bind nothing for a service, and have nothing to complain of', () => {
    expect(results.bound).toEqual(
      expect.arrayContaining(['0.0.0.0:15001', '0.0.0.0:15006', '[::]:15001', '[::]:15006']),
    );
    expect(JSON.stringify(results.bound)).not.toMatch(/"(240\.|\[2001:)/);
    expect(results.logs).toEqual(['', '', '']);
  });

  it.skipIf(!hasUsers)('reach each instance of a headless service by its own name, and no address of nobody', () => {
    expect(results.headless).toEqual({
      names: [['10.9.0.2', 'fd08::2'], '10.9.0.2', 'fd08::2'],
      instances: answers('store /books/4', 'depot /books/5'),
      greetings: ['greeting of store\n', 'greeting of depot\n'],
      denied: expect.stringMatching(/^403/),
      elsewhere: ['no answer', 'no answer', 'no answer'],
    });
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
