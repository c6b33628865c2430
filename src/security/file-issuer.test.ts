import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SettableClock } from '../model/test-clock.ts';
import { makeRoot } from './certificate-profile.ts';
import { FileIssuer, type FileIssuerOptions } from './file-issuer.ts';
import { PrivateKey } from './private-key.ts';
import { cart, day, hour, MemorySecret, requestFor } from './security-fixture.ts';

const start = Date.UTC(2026, 10, 21);
const minute = 60_000;

let folder: string;
const issuers: FileIssuer[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'isthmus-authority-'));
});
afterEach(async () => {
  for (const issuer of issuers.splice(0)) issuer.close();
  await rm(folder, { recursive: true });
});

interface Authority {
  readonly root: string;
  readonly key: string;
}

async function newAuthority(until = start + 365 * day): Promise<Authority> {
  const key = await PrivateKey.generate('ecdsa-p256');
  return { root: await makeRoot(key, 'mesh.example', { notBefore: start - day, notAfter: until }), key: key.reveal() };
}

/** Writes files into the folder, readable by their owner alone. */
async function put(files: Readonly<Record<string, string>>, into = folder): Promise<void> {
  for (const [name, text] of Object.entries(files)) await writeFile(join(into, name), text, { mode: 0o600 });
}

const filesOf = ({ root, key }: Authority, ...otherRoots: readonly string[]) => ({
  'root-cert.pem': [root, ...otherRoots].join(''),
  'ca-cert.pem': root,
  'ca-key.pem': key,
});

async function bench(options: Partial<FileIssuerOptions> = {}) {
  const clock = new SettableClock(start);
  const kept = new MemorySecret();
  const open = async () => {
    const watchFolder = () => () => undefined;
    const issuer = await FileIssuer.open({ trustDomain: 'mesh.example', folder, kept, clock, watchFolder, ...options });
    issuers.push(issuer);
    return issuer;
  };
  return { clock, kept, open };
}

const isOf = async (issuer: FileIssuer, { root }: Authority): Promise<boolean> => {
  const { chain } = await issuer.issue(await requestFor(cart));
  return new X509Certificate(chain[0] ?? '').verify(new X509Certificate(root).publicKey);
};

describe('an authority in files', () => {
  it('issues what its root vouches for', async () => {
    const authority = await newAuthority();
    await put(filesOf(authority));
    const issuer = await (await bench()).open();
    expect([await isOf(issuer, authority), issuer.roots(), issuer.findings()]).toEqual([true, [authority.root], []]);
  });

  it('below another gives its way to the root along, which OpenSSL follows', async () => {
    const run = (...command: string[]) => execFileSync('openssl', command, { cwd: folder, stdio: 'pipe' });
    const p256 = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
    const mayCertify = ['-addext', 'keyUsage=critical,keyCertSign'];
    run('req', '-x509', ...p256, '-keyout', 'root.key', '-subj', '/CN=root', ...mayCertify, '-out', 'root-cert.pem');
    const middle = [
      '-addext',
      'basicConstraints=critical,CA:TRUE,pathlen:0',
      '-addext',
      'keyUsage=critical,keyCertSign',
    ];
    const signed = ['-CA', 'root-cert.pem', '-CAkey', 'root.key', '-out', 'ca-cert.pem'];
    run('req', '-x509', ...p256, '-keyout', 'ca-key.pem', '-subj', '/CN=middle', ...middle, ...signed);
    await put({
      'cert-chain.pem':
        (await readFile(join(folder, 'ca-cert.pem'), 'utf8')) + (await readFile(join(folder, 'root-cert.pem'), 'utf8')),
    });
    const issuer = await (await bench({ clock: new SettableClock(Date.now()) })).open();
    const { chain, roots } = await issuer.issue(await requestFor(cart));
    expect([chain.length, roots.length]).toEqual([2, 1]);
    await put({ 'leaf.pem': chain[0] ?? '', 'untrusted.pem': chain[1] ?? '' });
    const verdict = execFileSync(
      'openssl',
      ['verify', '-x509_strict', '-CAfile', 'root-cert.pem', '-untrusted', 'untrusted.pem', 'leaf.pem'],
      { cwd: folder, encoding: 'utf8' },
    );
    expect(verdict).toBe('leaf.pem: OK\n');
  });

  it('that is replaced is trusted at once, and signs when proxies had time to learn of it', async () => {
    const [old, fresh] = [await newAuthority(), await newAuthority()];
    await put(filesOf(old));
    const { open, clock } = await bench();
    const issuer = await open();
    let told = 0;
    issuer.onRootsChanged(() => told++);
    await put(filesOf(fresh));
    await issuer.reload();
    expect([told, issuer.roots().length, await isOf(issuer, old)]).toEqual([1, 2, true]);
    clock.advance(minute - 1);
    await issuer.reload();
    expect(await isOf(issuer, old)).toBe(true);
    clock.advance(1);
    await issuer.reload();
    expect([told, issuer.roots().length, await isOf(issuer, fresh)]).toEqual([1, 2, true]);
    expect(issuer.findings()).toMatchObject([{ code: 'ISTH1209' }]);
    clock.advance(day);
    await issuer.reload();
    expect([told, issuer.roots(), issuer.findings()]).toEqual([2, [fresh.root], []]);
  });

  it('whose new root was announced before signs with the new key at once', async () => {
    const [old, fresh] = [await newAuthority(), await newAuthority()];
    await put(filesOf(old, fresh.root));
    const { open } = await bench();
    const issuer = await open();
    await put(filesOf(fresh, old.root));
    await issuer.reload();
    expect([issuer.roots().length, await isOf(issuer, fresh)]).toEqual([2, true]);
  });

  it('that was replaced keeps the former root over a restart, until its leaves have ended', async () => {
    const [old, fresh] = [await newAuthority(), await newAuthority()];
    await put(filesOf(old));
    const { open, clock } = await bench();
    await open();
    await put(filesOf(fresh));
    const restarted = await open();
    expect(restarted.roots()).toContain(old.root);
    clock.advance(day + minute);
    await restarted.reload();
    expect(restarted.roots()).toEqual([fresh.root]);
  });

  const [garbage, cut] = [
    '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
    (text: string) => text.slice(0, 200),
  ];
  it.each<[string, (fresh: Authority, old: Authority) => Readonly<Record<string, string>>, RegExp]>([
    [
      'its key not',
      ({ root }) => ({ 'root-cert.pem': root, 'ca-cert.pem': root }),
      /^ca-key.pem is not the key of ca-cert.pem/,
    ],
    ['its certificate not', ({ key }) => ({ 'ca-key.pem': key }), /^ca-key.pem is not the key of ca-cert.pem/],
    [
      'its root not',
      ({ root, key }) => ({ 'ca-cert.pem': root, 'ca-key.pem': key }),
      /^ca-cert.pem is not signed by a root/,
    ],
    ['half of its key', ({ key }) => ({ 'ca-key.pem': cut(key) }), /^ca-key.pem: the private key cannot be read/],
    ['half of its certificate', ({ root }) => ({ 'ca-cert.pem': cut(root) }), /^ca-cert.pem holds no certificate/],
    [
      'half of the root beside its own',
      ({ root }, old) => ({ 'root-cert.pem': `${old.root}${root.slice(0, -200)}` }),
      /^root-cert.pem holds a certificate that is not whole/,
    ],
    [
      'half of its way to the root',
      ({ root }, old) => ({ 'cert-chain.pem': `${old.root}${root.slice(0, 200)}` }),
      /^cert-chain.pem holds a certificate that is not whole/,
    ],
    ['nothing of its root', () => ({ 'root-cert.pem': '' }), /^root-cert.pem holds no certificate/],
    [
      'noise for a root',
      () => ({ 'root-cert.pem': garbage }),
      /^root-cert.pem holds a certificate that cannot be parsed/,
    ],
    ['more than fits', () => ({ 'root-cert.pem': 'x'.repeat(1024 * 1024 + 1) }), /^root-cert.pem has more than/],
  ])('of which is written %s goes on with what was read last, and says so', async (_, change, message) => {
    const [old, fresh] = [await newAuthority(), await newAuthority()];
    await put(filesOf(old));
    const { open, clock } = await bench();
    const issuer = await open();
    await put(change(fresh, old));
    await issuer.reload();
    expect([issuer.roots(), await isOf(issuer, old)]).toEqual([[old.root], true]);
    expect(issuer.findings()).toMatchObject([{ code: 'ISTH1206', message }]);
    await put({ 'cert-chain.pem': fresh.root, ...filesOf(fresh) });
    await issuer.reload();
    clock.advance(minute);
    await issuer.reload();
    expect([await isOf(issuer, fresh), issuer.findings().map(({ code }) => code)]).toEqual([true, ['ISTH1209']]);
  });

  it('that vanishes goes on, and says so', async () => {
    const old = await newAuthority();
    await put(filesOf(old));
    const issuer = await (await bench()).open();
    await rm(join(folder, 'ca-key.pem'));
    await issuer.reload();
    expect(await isOf(issuer, old)).toBe(true);
    expect(issuer.findings()).toMatchObject([{ code: 'ISTH1206', message: 'ca-key.pem is not there.' }]);
  });

  it('that is not usable from the start is an error', async () => {
    await expect((await bench()).open()).rejects.toMatchObject({
      code: 'BAD_DATA',
      message: /cannot be used: .* is not there\.$/,
    });
    await put(filesOf(await newAuthority(start)));
    await expect((await bench()).open()).rejects.toMatchObject({ code: 'BAD_DATA', message: /it has expired/ });
  });

  it('whose certificate ends is told of before, and issues nothing after', async () => {
    await put(filesOf(await newAuthority(start + 10 * day)));
    const { open, clock } = await bench();
    const issuer = await open();
    clock.advance(9 * day + hour);
    expect(issuer.findings()).toMatchObject([{ code: 'ISTH1203' }]);
    expect((await issuer.issue(await requestFor(cart))).notAfter).toBe(start + 10 * day);
    clock.advance(day);
    expect(issuer.findings()).toMatchObject([{ code: 'ISTH1202' }]);
    await expect(issuer.issue(await requestFor(cart))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('whose certificate is not valid yet by a clock that was set back issues nothing, and says so', async () => {
    await put(filesOf(await newAuthority()));
    const { open, clock } = await bench();
    const issuer = await open();
    clock.set(start - 10 * day);
    expect(issuer.findings()).toMatchObject([{ code: 'ISTH1216', message: /the clock here says 2026-11-11T/ }]);
    await expect(issuer.issue(await requestFor(cart))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    clock.set(start);
    expect(issuer.findings()).toEqual([]);
    expect((await issuer.issue(await requestFor(cart))).notAfter).toBeGreaterThan(start);
  });

  it('whose key others may read is told of', async () => {
    await put(filesOf(await newAuthority()));
    execFileSync('chmod', ['644', join(folder, 'ca-key.pem')]);
    expect((await (await bench()).open()).findings()).toMatchObject([{ code: 'ISTH1205' }]);
  });

  it('is noticed when a Secret that is mounted is replaced, by the link that Kubernetes moves', async () => {
    const [old, fresh] = [await newAuthority(), await newAuthority()];
    for (const [version, authority] of [
      ['..1', old],
      ['..2', fresh],
    ] as const) {
      await mkdir(join(folder, version));
      await put(filesOf(authority), join(folder, version));
    }
    await symlink('..1', join(folder, '..data'));
    for (const name of Object.keys(filesOf(old))) await symlink(`..data/${name}`, join(folder, name));
    const kept = new MemorySecret();
    const issuer = await FileIssuer.open({ trustDomain: 'mesh.example', folder, kept, settleMs: 0 });
    issuers.push(issuer);
    const changed = new EventTarget();
    issuer.onRootsChanged(() => changed.dispatchEvent(new Event('roots')));
    const told = once(changed, 'roots');
    await symlink('..2', join(folder, '..fresh'));
    await rename(join(folder, '..fresh'), join(folder, '..data'));
    await told;
    expect(issuer.roots()).toEqual(expect.arrayContaining([old.root, fresh.root]));
  });

  it('shows its key to nobody', async () => {
    await put(filesOf(await newAuthority()));
    const issuer = await (await bench()).open();
    const shown = inspect(issuer, { depth: 12, showHidden: true }) + JSON.stringify([issuer, issuer.findings()]);
    expect(shown).not.toMatch(/PRIVATE KEY/);
  });
});

describe('the record of trusted roots', () => {
  it.each(['7', '{"roots":[{"pem":"x","since":1}]}', '{"roots":[{"since":1}]}'])(
    'that is %s is an error',
    async (text) => {
      await put(filesOf(await newAuthority()));
      const { open, kept } = await bench();
      kept.text = text;
      await expect(open()).rejects.toMatchObject({ code: 'STATE', message: /Put back a copy\.$/ });
    },
  );
});
