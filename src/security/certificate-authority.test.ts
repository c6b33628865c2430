import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:tls';
import { inspect } from 'node:util';
import { describe, expect, it, vi } from 'vitest';
import { TestClock } from '../model/test-clock.ts';
import type { AuthorityOptions } from './authority-settings.ts';
import { CertificateAuthority } from './certificate-authority.ts';
import type { IssuedCertificate } from './issuer.ts';
import { keyAlgorithms } from './key-algorithms.ts';
import { cart, day, hour, MemorySecret, requestFor } from './security-fixture.ts';

const start = Date.UTC(2026, 10, 21);

interface Bench {
  readonly file: MemorySecret;
  readonly clock: TestClock;
  readonly open: (options?: Partial<AuthorityOptions>) => Promise<CertificateAuthority>;
}

function bench(now = start): Bench {
  const file = new MemorySecret();
  const clock = new TestClock(now);
  const open = (options: Partial<AuthorityOptions> = {}) =>
    CertificateAuthority.open({ trustDomain: 'mesh.example', file, clock, ...options });
  return { file, clock, open };
}

function isSignedBy(leaf: IssuedCertificate, root: string | undefined): boolean {
  const certificate = new X509Certificate(leaf.chain[0] ?? '');
  return root !== undefined && certificate.verify(new X509Certificate(root).publicKey);
}

const signingRootOf = (authority: CertificateAuthority): string | undefined => authority.status().roots[0]?.id;

describe('the built-in authority', () => {
  it.each(keyAlgorithms)(
    'with a root of %s issues what two peers speak TLS with, each knowing who the other is',
    async (rootAlgorithm) => {
      const authority = await bench(Date.now()).open({ rootAlgorithm });
      const [client, server] = [await requestFor({ ...cart, serviceAccount: 'client' }), await requestFor(cart)];
      const contextOf = async (request: typeof client) => {
        const { chain, roots } = await authority.issue(request);
        return {
          key: request.key.reveal(),
          cert: chain.join(''),
          ca: [...roots],
          checkServerIdentity: () => undefined,
        };
      };
      const listening = createServer({ ...(await contextOf(server)), requestCert: true });
      listening.listen(0, '127.0.0.1');
      await once(listening, 'listening');
      const accepted = once(listening, 'secureConnection');
      const { port } = listening.address() as AddressInfo;
      const socket = connect({ ...(await contextOf(client)), host: '127.0.0.1', port });
      await once(socket, 'secureConnect');
      const [peer] = await accepted;
      expect(socket.getPeerCertificate().subjectaltname).toBe(
        'URI:spiffe://mesh.example/ns/shop/sa/cart, DNS:cart.shop',
      );
      expect([peer.authorized, peer.getPeerCertificate().subjectaltname]).toEqual([
        true,
        'URI:spiffe://mesh.example/ns/shop/sa/client, DNS:client.shop',
      ]);
      socket.destroy();
      listening.close();
    },
  );

  it('has the same root after a restart', async () => {
    const { open } = bench();
    const first = await open();
    const second = await open();
    expect(second.roots()).toEqual(first.roots());
    expect(isSignedBy(await second.issue(await requestFor(cart)), first.roots()[0])).toBe(true);
  });

  it('issues for a day, or for less where less is asked or allowed', async () => {
    const { open } = bench();
    const lifeOf = async (authority: CertificateAuthority, asked?: number) => {
      const { notBefore, notAfter } = await authority.issue(await requestFor(cart, asked));
      return (notAfter - notBefore) / hour;
    };
    const authority = await open();
    expect([await lifeOf(authority), await lifeOf(authority, hour), await lifeOf(authority, 48 * hour)]).toEqual([
      24, 1, 24,
    ]);
    expect(await lifeOf(await open({ leafLifetimeMs: 2 * hour }))).toBe(2);
    for (const leafLifetimeMs of [25 * hour, 0, Number.NaN])
      await expect(open({ leafLifetimeMs })).rejects.toMatchObject({ code: 'USAGE' });
  });

  it('issues nothing that outlives its root, and nothing when that has expired', async () => {
    const { open, clock } = bench();
    const authority = await open({ rootLifetimeMs: 30 * day });
    clock.advance(30 * day - hour);
    expect((await authority.issue(await requestFor(cart))).notAfter).toBe(start + 30 * day);
    expect(authority.findings()).toMatchObject([{ code: 'ISTH1203' }]);
    clock.advance(hour);
    await expect(authority.issue(await requestFor(cart))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(authority.findings()).toMatchObject([{ code: 'ISTH1202' }]);
  });

  it('issues nothing for another trust domain', async () => {
    const authority = await bench().open();
    const foreign = await requestFor({ ...cart, trustDomain: 'other.example' });
    await expect(authority.issue(foreign)).rejects.toMatchObject({ code: 'BAD_DATA' });
  });

  it('says when others may read its keys', async () => {
    const { open, file } = bench();
    file.openToOthers = true;
    expect((await open()).findings()).toMatchObject([{ code: 'ISTH1205' }]);
  });

  it('shows its keys to the file alone', async () => {
    const { open, file } = bench();
    const authority = await open();
    await authority.beginRotation();
    const shown = [
      inspect(authority, { depth: 12, showHidden: true, getters: true }),
      JSON.stringify([authority, authority.status(), authority.findings()]),
    ].join();
    expect(file.text).toContain('BEGIN PRIVATE KEY');
    expect(shown).not.toContain('PRIVATE');
  });
});

describe('the file of the authority', () => {
  it('that another one leaves unreadable changes nothing, and is told until it can be read', async () => {
    const { open, file } = bench();
    let changed = (): void => {};
    const authority = await open({
      follow: (notice) => {
        changed = notice;
        return () => {};
      },
    });
    const [signing, whole] = [signingRootOf(authority), file.text];
    file.text = '{}';
    changed();
    await vi.waitFor(() => expect(authority.findings()).toMatchObject([{ code: 'ISTH1321', severity: 'error' }]));
    expect(signingRootOf(authority)).toBe(signing);
    file.text = whole;
    changed();
    await vi.waitFor(() => expect(authority.findings()).toEqual([]));
  });

  it.each<[string, (state: Record<string, unknown>, other: Record<string, unknown>) => unknown]>([
    ['is no object', () => 7],
    ['lacks its roots', ({ roots: _, ...rest }) => rest],
    ['lacks the root that signs', (state) => ({ ...state, roots: [] })],
    ['lacks a phase', (state) => ({ ...state, rotation: { signing: 'x' } })],
    [
      'has a phase that there is not',
      (state) => ({ ...state, rotation: { ...Object(state.rotation), phase: 'both' } }),
    ],
    [
      'has the key of another root',
      (state, other) => ({ ...state, roots: [{ ...firstRoot(state), key: firstRoot(other).key }] }),
    ],
    ['has a key that is none', (state) => ({ ...state, roots: [{ ...firstRoot(state), key: 'x' }] })],
    ['has a leaf for a root', (state) => ({ ...state, roots: [{ ...firstRoot(state), certificate: 'x' }] })],
  ])('that %s is an error with a remedy, and no new root', async (_, damage) => {
    const [{ open, file }, other] = [bench(), bench()];
    await open();
    await other.open();
    const damaged = JSON.stringify(damage(JSON.parse(file.text ?? ''), JSON.parse(other.file.text ?? '')));
    file.text = damaged;
    const error: unknown = await open().catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      code: 'STATE',
      message: expect.stringMatching(/cannot be used: .*\. Put back a copy\.$/),
    });
    expect(inspect(error, { depth: 9 })).not.toMatch(/BEGIN PRIVATE|MIG/);
    expect(file.text).toBe(damaged);
  });

  it('of another trust domain is an error', async () => {
    const { open } = bench();
    await open();
    await expect(open({ trustDomain: 'new.example' })).rejects.toMatchObject({
      code: 'STATE',
      message: /Set the trust domain back/,
    });
  });
});

function firstRoot(state: Record<string, unknown>): Record<string, unknown> {
  return Array.isArray(state.roots) ? state.roots[0] : {};
}

describe('a rotation of the built-in authority', () => {
  it('changes the signer between two steps in which both roots are trusted', async () => {
    const { open, clock } = bench();
    const authority = await open();
    let told = 0;
    authority.onRootsChanged(() => told++);
    const [old] = authority.roots();
    const oldId = signingRootOf(authority);
    await authority.beginRotation();
    expect([authority.roots().length, signingRootOf(authority), told]).toEqual([2, oldId, 1]);
    expect(isSignedBy(await authority.issue(await requestFor(cart)), old)).toBe(true);
    clock.advance(60_000);
    await authority.takeStep('switch');
    expect([authority.roots().length, told]).toEqual([2, 1]);
    const leaf = await authority.issue(await requestFor(cart));
    expect([isSignedBy(leaf, old), leaf.roots.length]).toEqual([false, 2]);
    clock.advance(day);
    await authority.takeStep('finish');
    expect([authority.roots().length, authority.roots().includes(old ?? ''), told]).toEqual([1, false, 2]);
    expect(isSignedBy(leaf, authority.roots()[0])).toBe(true);
  });

  it('goes on after a restart where it was, with the same roots', async () => {
    const { open, clock, file } = bench();
    const before = await open();
    await before.beginRotation();
    clock.advance(60_000);
    await before.takeStep('switch');
    const after = await open();
    expect([after.roots(), after.status()]).toEqual([before.roots(), before.status()]);
    clock.advance(day);
    await after.takeStep('finish');
    expect(file.text?.match(/BEGIN PRIVATE KEY/g)?.length).toBe(1);
  });

  it('counts the time that a new root is to be trusted from the start of the program that tells of it', async () => {
    const { open, clock } = bench();
    await (await open()).beginRotation();
    clock.advance(hour);
    const restarted = await open();
    expect(restarted.status()).toMatchObject({ phase: 'introduced', since: start + hour });
    clock.advance(59_999);
    expect(await restarted.takeStep('switch')).toMatchObject({ kind: 'unsafe' });
    clock.advance(1);
    expect(await restarted.takeStep('switch')).toMatchObject({ kind: 'done' });
  });

  it('says in which phase it is, and for what it waits', async () => {
    const { open, clock } = bench();
    let untrusting = ['a', 'b', 'c'];
    const authority = await open({ untrusting: () => untrusting });
    expect([authority.status().steps, authority.findings()]).toEqual([[], []]);
    await authority.beginRotation();
    expect(authority.status()).toMatchObject({
      phase: 'introduced',
      since: start,
      roots: [{ role: 'signing' }, { role: 'next' }],
      steps: [{ step: 'switch', unsafe: '3 proxies do not trust the new root yet: a, b, c' }, { step: 'abort' }],
    });
    expect(authority.findings()).toMatchObject([{ code: 'ISTH1204', message: /waits: 3 proxies do not trust/ }]);
    expect(await authority.takeStep('switch')).toMatchObject({ kind: 'unsafe' });
    untrusting = [];
    clock.advance(60_000);
    expect(await authority.takeStep('switch')).toMatchObject({ kind: 'done' });
    expect(authority.status().steps).toEqual([
      { step: 'finish', unsafe: 'certificates of the old root may be alive until 2026-11-22T00:01:00.000Z' },
      { step: 'abort' },
    ]);
  });

  it('that cannot be written has not begun', async () => {
    const { open, file } = bench();
    const authority = await open();
    file.failure = new Error('ENOSPC');
    await expect(authority.beginRotation()).rejects.toMatchObject({ code: 'STATE', message: /ENOSPC/ });
    expect([authority.status().phase, authority.roots().length]).toEqual(['single', 1]);
    expect(await authority.beginRotation()).toMatchObject({ kind: 'done' });
  });

  it('that is begun twice at once begins once', async () => {
    const authority = await bench().open();
    const results = await Promise.all([authority.beginRotation(), authority.beginRotation()]);
    expect(results.map(({ kind }) => kind)).toEqual(['done', 'impossible']);
    expect(authority.roots().length).toBe(2);
  });

  it('counts leaves that were signed when a longer life was allowed, or the clock was ahead', async () => {
    const { open, clock, file } = bench();
    await open();
    const ahead = await CertificateAuthority.open({
      trustDomain: 'mesh.example',
      file,
      clock: new TestClock(start + 5 * hour),
      leafLifetimeMs: hour,
    });
    await ahead.issue(await requestFor(cart));
    const authority = await open({ leafLifetimeMs: hour, settleMs: 0 });
    await authority.beginRotation();
    await authority.takeStep('switch');
    clock.advance(29 * hour - 1);
    expect(await authority.takeStep('finish')).toMatchObject({ kind: 'unsafe' });
    clock.advance(1);
    expect(await authority.takeStep('finish')).toMatchObject({ kind: 'done' });
  });

  it('may take another kind of key', async () => {
    const authority = await bench().open({ settleMs: 0 });
    await authority.beginRotation('rsa-2048');
    await authority.takeStep('switch');
    const leaf = await authority.issue(await requestFor(cart));
    expect(authority.roots().some((root) => isSignedBy(leaf, root))).toBe(true);
  });
});
