/** The built program as its users meet it: exit codes, messages, help, output that machines read. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

const program = path.resolve(import.meta.dirname, '../../dist/isthmus.mjs');
const manifests = path.resolve(import.meta.dirname, '../../examples/quickstart/manifests');
const folder = mkdtempSync(path.join(os.tmpdir(), 'isthmus-cli-'));
afterAll(() => rmSync(folder, { recursive: true }));

function isthmus(parameters: readonly string[], input = '') {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...parameters], { encoding: 'utf8', input });
  return { status, stdout, stderr };
}

const misspelt = `apiVersion: metaprotocol.aeraki.io/v1alpha1
kind: MetaRouter
metadata: { name: orders, namespace: shop }
spec:
  hosts: [orders.shop.mesh]
  localRateLimits: { tokenBucket: { maxTokens: 1, fillInterval: 1s } }
`;

describe('the command line', () => {
  it.each([
    'run',
    'proxy',
    'validate',
    'translate',
    'proxy-status',
    'proxy-config',
    'vip',
    'describe',
    'analyze',
    'codec',
  ])('begins the help of %s with an example', (command) => {
    const { status, stdout } = isthmus([command, '--help']);
    expect([status, stdout.split(':')[0]?.replace(/s$/, '')]).toEqual([0, 'Example']);
  });

  it('suggests the command that was meant', () => {
    const { status, stderr } = isthmus(['validat']);
    expect([status, stderr]).toEqual([64, expect.stringContaining('Did you mean validate?')]);
  });

  it('refuses a misspelt limit read from standard input, at its place and with the name that was meant', () => {
    const { status, stdout } = isthmus(['validate', '-f', '-'], misspelt);
    expect(status).toBe(79);
    expect(stdout).toMatch(/^-:6:\d+: error ISTH0118 .*Did you mean localRateLimit\?/m);
  });

  it('refuses a kind of ours that there is not, and passes over kinds of others', () => {
    const manifest = (apiVersion: string) => `{ apiVersion: ${apiVersion}, kind: Toaster, metadata: { name: a } }`;
    const ours = isthmus(['validate', '-f', '-'], manifest('isthmus.dev/v1alpha1'));
    expect([ours.status, ours.stdout]).toEqual([79, expect.stringMatching(/^-:1:\d+: error ISTH0101 .*Toaster/)]);
    const others = isthmus(['validate', '-f', '-'], manifest('kitchen.example/v1'));
    expect([others.status, others.stdout]).toEqual([0, expect.stringMatching(/^-:1:\d+: info ISTH0110 .*Toaster/)]);
  });

  it('translates the same manifests to the same bytes, whatever their order', () => {
    const files = ['greeter', 'greeter-v1', 'greeter-v2', 'orders', 'orders-v1', 'orders-v2', 'awesomerpc', 'mesh'];
    const translated = (names: readonly string[]) =>
      isthmus([
        'translate',
        '--to',
        'xds',
        '--proxy',
        'sidecar~127.0.0.1~a.shop~cluster.local',
        '-f',
        ...names.map((name) => path.join(manifests, `${name}.yaml`)),
      ]);
    const once = translated(files);
    expect(once.status, once.stderr).toBe(0);
    expect(once.stdout.length).toBeGreaterThan(1000);
    expect(translated(files.toReversed()).stdout).toBe(once.stdout);
  });

  it('says in one line which file or address is wrong', () => {
    const missing = path.join(folder, 'none');
    const token = isthmus(['vip', 'list', '--admin-token-file', missing]);
    expect([token.status, token.stderr.trim().split('\n').length]).toEqual([64, 1]);
    const capture = isthmus(['codec', 'decode', '--codec', 'thrift', missing]);
    expect([capture.status, capture.stderr.trim().split('\n').length]).toEqual([64, 1]);
    const validated = isthmus(['validate', '-f', manifests, missing]);
    expect([validated.status, validated.stdout, validated.stderr]).toEqual([
      64,
      '',
      `isthmus: -f ${missing}: there is no such file or folder.\n`,
    ]);
    const bootstrap = isthmus(['proxy', '--bootstrap', missing]);
    expect([bootstrap.status, bootstrap.stderr.trim().split('\n').length]).toEqual([64, 1]);
    const codec = isthmus(['proxy', '--xds', '127.0.0.1:1', '--node', 'x', '--codec', missing]);
    expect([codec.status, codec.stderr.trim().split('\n').length]).toEqual([64, 1]);
    const nobody = isthmus(['vip', 'list', '--admin', '127.0.0.1:1']);
    expect([nobody.status, nobody.stderr.trim().split('\n').length]).toEqual([69, 1]);
  });

  it('tells a torn capture from one that is not hexadecimal', () => {
    const torn = path.join(folder, 'torn.hex');
    writeFileSync(torn, '000000ff 8001');
    const decoded = isthmus(['codec', 'decode', '--codec', 'thrift', '--hex', torn]);
    expect([decoded.status, decoded.stderr]).toEqual([65, expect.stringContaining('not complete')]);
    writeFileSync(torn, 'xyz');
    expect(isthmus(['codec', 'decode', '--codec', 'thrift', '--hex', torn]).stderr).toContain('not hexadecimal');
  });

  it('refuses plaintext xDS beyond loopback, and names the flag that allows it', () => {
    const state = path.join(folder, 'state');
    const refused = isthmus(['run', '-f', manifests, '--state', state, '--xds', '0.0.0.0:0', '--admin', '127.0.0.1:0']);
    expect([refused.status, refused.stderr]).toEqual([64, expect.stringContaining('--insecure-xds')]);
  });
});
