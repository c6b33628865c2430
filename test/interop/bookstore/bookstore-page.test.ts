/** What examples/bookstore/README.md says, typed; and that the program leaves nothing behind, however it ends. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { readSteps, runCommand } from '../../examples/readme.ts';
import { peerUnderTest } from '../peer-under-test.ts';
import { RunningBookstore } from './running-bookstore.ts';

vi.setConfig({ testTimeout: 300_000 });
const patience = { timeout: 120_000 };

const envoy = peerUnderTest('envoy');
const peers = [envoy, ...['unshare', 'mariadb', 'nft'].map(peerUnderTest)];
const example = path.resolve(import.meta.dirname, '../../../examples/bookstore');
const page = readFileSync(path.join(example, 'README.md'), 'utf8');

/** Without the build, which tests have made. */
const [, starting = '', ...commands] = readSteps('bookstore').map(({ command }) => command);

describe.skipIf(peers.includes(undefined))("the bookstore's page", () => {
  const start = (more = ''): RunningBookstore => {
    const bookstore = new RunningBookstore(`${starting} --envoy ${envoy}${more}`);
    onTestFinished(() => bookstore.stop());
    return bookstore;
  };

  it('names each step that there is, and no other', () => {
    const [table = ''] = page.slice(page.indexOf('| copy | then |')).split('\n\n');
    const named = [...table.matchAll(/^\| (`.*?`) \| /gm)].flatMap(([, names = '']) =>
      names.split(', ').map((name) => name.replaceAll('`', '')),
    );
    expect(named.toSorted()).toEqual(readdirSync(path.join(example, 'steps')).toSorted());
  });

  it('has its commands do what it says, and all of it gone at Ctrl-C', async () => {
    const bookstore = start();
    await expect.poll(() => bookstore.said(), patience).toMatch(/^buyer {2}.*200 bookstore-v[12]: \d/m);
    const type = (command: string): Promise<string> =>
      runCommand(command.replaceAll('.isthmus/bookstore', bookstore.folder));
    // The first line of an answer and what a command ends with; policies take effect within the second, and not at once.
    const signs: readonly (readonly [RegExp, RegExp])[] = [
      [/curl -i .*books-bought$/, /200 OK/],
      [/-A Firefox/, /200 OK(.|\s)*identity: bookstore-v2/],
      [/httpbin/, /outside/],
      [/proxy-status/, /bookbuyer-1.*SYNCED/],
      [/policy explain/, /Answer: +denied/],
      [/rotate begin/, /Done: begin/],
      [/rotate switch/, /Done: switch/],
      [/renew/, /certificates are renewed/],
    ];
    for (const command of commands) {
      const [, sign = /^$/] = signs.find(([of]) => of.test(command)) ?? [];
      if (/ at /.test(command.replace(/\S*\/at /, ' at ')) && !command.startsWith('kill'))
        await expect.poll(() => type(command).catch(String), patience).toMatch(sign);
      else expect(await type(command)).toMatch(sign);
    }
    for (const name of ['bookstore-v1', 'the control plane'])
      await expect.poll(() => bookstore.said(), patience).toContain(`${name} has ended: starting it again`);
    const again = bookstore.said().length;
    await expect.poll(() => bookstore.said().slice(again), patience).toMatch(/200 bookstore-v1/);
    await bookstore.interrupt('program', 'SIGINT');
    expect(bookstore.said()).toMatch(/\nstopping\n$/);
    await bookstore.untilNothingIsLeft();
  });

  it.each([
    ['is killed', 'program', 'SIGKILL'],
    ['has lost npx, which was told to end,', 'npx', 'SIGTERM'],
  ] as const)('leaves nothing behind of a program that %s while it starts', async (_, whom, signal) => {
    const bookstore = start();
    await expect.poll(() => bookstore.said(), patience).toContain('starting bookbuyer');
    await expect.poll(() => bookstore.processes().length, patience).toBeGreaterThan(6);
    await bookstore.interrupt(whom, signal);
    await bookstore.untilNothingIsLeft();
  });
});
