import { X509Certificate } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TestClock } from '../model/test-clock.ts';
import { PrivateKey } from './private-key.ts';
import { cart, day, hour, MemorySecret, requestFor } from './security-fixture.ts';
import { VaultIssuer, type VaultIssuerOptions } from './vault-issuer.ts';
import { standInToken, VaultStandIn } from './vault-stand-in.ts';

const minute = 60_000;
let vault: VaultStandIn;
const issuers: VaultIssuer[] = [];
beforeEach(async () => {
  vault = await VaultStandIn.start();
});
afterEach(() => {
  for (const issuer of issuers.splice(0)) issuer.close();
  vault.stop();
});

async function bench(changes: Partial<VaultIssuerOptions> = {}) {
  const clock = new TestClock(Date.now());
  const kept = new MemorySecret();
  const open = async (more: Partial<VaultIssuerOptions> = {}) => {
    const options = {
      trustDomain: 'mesh.example',
      address: vault.address,
      mount: 'pki',
      role: 'mesh',
      token: async () => standInToken,
    };
    const issuer = await VaultIssuer.open({ ...options, kept, clock, ...changes, ...more });
    issuers.push(issuer);
    return issuer;
  };
  return { clock, kept, open };
}

const rootOf = (n: number) => new X509Certificate(vault.issuers[n]?.pem ?? '').toString();

describe('an issuer that asks the stand-in of Vault', () => {
  it('gets what was asked for, and trusts the roots of the mount', async () => {
    const issuer = await (await bench()).open();
    const { chain, roots, notAfter } = await issuer.issue(await requestFor(cart, hour));
    expect(new X509Certificate(chain[0] ?? '').subjectAltName).toBe(
      'URI:spiffe://mesh.example/ns/shop/sa/cart, DNS:cart.shop',
    );
    expect([chain.length, roots, issuer.findings()]).toEqual([1, [rootOf(0)], []]);
    expect(Math.abs(notAfter - Date.now() - hour)).toBeLessThan(minute);
  });

  it('asks for seconds, also for less than an hour', async () => {
    const issuer = await (await bench()).open();
    await issuer.issue(await requestFor(cart, 90_500));
    await issuer.issue(await requestFor(cart));
    expect(vault.asked.flatMap(({ body }) => body.ttl ?? [])).toEqual(['91s', '86400s']);
  });

  it('uses nothing that was not asked for', async () => {
    const issuer = await (await bench()).open();
    const { publicKey } = await PrivateKey.generate('ecdsa-p256');
    const now = Date.now();
    for (const [changes, message] of [
      [{ identity: { ...cart, serviceAccount: 'bank' } }, /another identity/],
      [{ dnsNames: ['cart.shop', 'bank.shop'] }, /names that were not asked for/],
      [{ publicKey }, /another key/],
      [{ validity: { notBefore: now, notAfter: now + 2 * day } }, /longer than was asked for/],
      [{ validity: { notBefore: now - day, notAfter: now - hour } }, /expired/],
    ] as const) {
      vault.changes = changes;
      await expect(issuer.issue(await requestFor(cart))).rejects.toMatchObject({ code: 'UNAVAILABLE', message });
    }
  });

  it('gives out nothing of a new root before proxies had time to learn of it', async () => {
    const { open, clock } = await bench();
    const issuer = await open();
    let told = 0;
    issuer.onRootsChanged(() => told++);
    await vault.addIssuer();
    await expect(issuer.issue(await requestFor(cart))).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: /have yet to learn/,
    });
    expect([told, issuer.roots().length]).toEqual([1, 2]);
    clock.advance(minute);
    const { chain } = await issuer.issue(await requestFor(cart));
    expect(new X509Certificate(chain[0] ?? '').checkIssued(new X509Certificate(rootOf(1)))).toBe(true);
  });

  it('trusts a root that is gone until its leaves have ended, over a restart too', async () => {
    const { open, clock } = await bench();
    await open();
    await vault.addIssuer();
    const former = rootOf(0);
    vault.issuers.shift();
    const issuer = await open();
    expect([issuer.roots().length, issuer.findings()]).toMatchObject([2, [{ code: 'ISTH1209' }]]);
    clock.advance(day + 2 * minute);
    await issuer.reload();
    expect([issuer.roots(), issuer.roots().includes(former)]).toEqual([[rootOf(0)], false]);
  });

  it.each<[string, number, string, RegExp]>([
    ['is sealed', 503, '{"errors":["Vault is sealed"]}', /^Vault answers 503: Vault is sealed/],
    ['answers without sense', 200, '<html>', /no root certificate/],
    ['redirects', 307, '', /^Vault answers 307/],
    ['has no such mount', 404, '{"errors":[]}', /no root certificate/],
    ['answers without end', 200, 'x'.repeat(2 * 1024 * 1024), /more than 1 MiB/],
  ])('keeps its roots where Vault %s, and says so', async (_, status, body, message) => {
    const issuer = await (await bench()).open();
    vault.outage = { status, body };
    await issuer.reload();
    await expect(issuer.issue(await requestFor(cart))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect([issuer.roots(), issuer.findings()]).toMatchObject([[rootOf(0)], [{ code: 'ISTH1201', message }]]);
    vault.outage = undefined;
    await issuer.reload();
    expect(issuer.findings()).toEqual([]);
  });

  it('starts without Vault, with the roots that were known', async () => {
    const { open } = await bench();
    await open();
    const root = rootOf(0);
    vault.stop();
    const issuer = await open();
    expect([issuer.roots(), issuer.findings()]).toMatchObject([
      [root],
      [{ code: 'ISTH1201', message: /cannot be asked/ }],
    ]);
  });

  it('tells a refusal of the role for good from what may pass', async () => {
    const issuer = await (await bench()).open();
    vault.outage = { status: 400, body: '{"errors":["URI SAN not allowed by role"]}' };
    await expect(issuer.issue(await requestFor(cart))).rejects.toMatchObject({
      code: 'BAD_DATA',
      message: /not allowed by role/,
    });
    const denied = await (await bench()).open({ token: async () => 'old' });
    expect(denied.findings()).toMatchObject([{ message: /403: permission denied/ }]);
  });

  it('shows its token to nobody: not in plaintext to the network, and not in words about a fault', async () => {
    const { open } = await bench();
    await expect(open({ address: 'http://vault.example:8200' })).rejects.toMatchObject({ code: 'USAGE' });
    const issuer = await open({ token: async () => 's.secret\nand more' });
    expect(issuer.findings()).toHaveLength(1);
    expect(JSON.stringify(issuer.findings())).not.toContain('secret');
  });
});
