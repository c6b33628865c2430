/** Unmodified programs reach services by name and virtual IP, in a network namespace whose virtual IPs are local. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { peerUnderTest } from './peer-under-test.ts';

const unshare = peerUnderTest('unshare');
const python = peerUnderTest('python-thrift');
const dubboClasses = peerUnderTest('dubbo');
const script = path.resolve(import.meta.dirname, '../../examples/interception/intercept.sh');
const run = promisify(execFile);

async function inNamespace(): Promise<Readonly<Record<string, unknown>>> {
  const folder = await mkdtemp(path.join(tmpdir(), 'isthmus-interception-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const resolvConf = path.join(folder, 'resolv.conf');
  await writeFile(resolvConf, 'nameserver 127.0.0.1\n');
  const enter = 'ip link set lo up && mount --bind "$0" /etc/resolv.conf && exec "$@"';
  const stage = path.join(import.meta.dirname, 'interception-stage.ts');
  const { stdout } = await run(
    unshare ?? '',
    ['--map-root-user', '--net', '--mount', 'sh', '-c', enter, resolvConf, process.execPath, stage, python ?? ''],
    { timeout: 110_000 },
  );
  return JSON.parse(stdout);
}

describe.skipIf([unshare, python, dubboClasses].includes(undefined))(
  'a network namespace with local virtual IPs',
  () => {
    it('lets programs call by name: Thrift and Dubbo by request, plain TCP by connection, without NAT', {
      timeout: 120_000,
    }, async () => {
      const { before, up, thrift, dubbo, clocks, byFamily, down, after, nat } = await inNamespace();
      const lines = (state: string) => `240.241.0.0/16 is ${state}\n2001:2:1::/48 is ${state}\n`;
      expect([before, up, down, after]).toEqual([
        lines('not local'),
        lines('local'),
        lines('not local'),
        lines('not local'),
      ]);
      expect(thrift).toEqual([
        { result: expect.stringMatching(/^v1/) },
        { result: expect.stringMatching(/^v2/) },
        { result: expect.stringMatching(/^v1/) },
      ]);
      expect(dubbo).toEqual(['= v1', '= v2']);
      expect([...new Set(clocks as readonly string[])].toSorted()).toEqual([
        expect.stringMatching(/^(240\.241\.\d+\.\d+|2001:2:1:\S+) one$/),
        expect.stringMatching(/^(240\.241\.\d+\.\d+|2001:2:1:\S+) two$/),
      ]);
      expect(byFamily).toEqual([
        expect.stringMatching(/^240\.241\.\d+\.\d+ (one|two)$/),
        expect.stringMatching(/^2001:2:1:\S+ (one|two)$/),
      ]);
      expect(nat).toBe('');
    });

    it('is not made by a script that was told nonsense', async () => {
      for (const parameters of [
        [],
        ['sideways'],
        ['up', '0.0.0.0/0'],
        ['up', '::/0'],
        ['up', '10.0.0.1'],
        ['up', '10.0.0.0/x'],
      ]) {
        const failure = await run(unshare ?? '', ['--map-root-user', '--net', 'sh', script, ...parameters]).catch(
          (error: unknown) => error,
        );
        expect(failure, parameters.join(' ')).toMatchObject({ code: 64 });
      }
    });
  },
);
