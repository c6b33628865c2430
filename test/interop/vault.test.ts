/** The issuer that asks a Vault, against a real one. */
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { TestClock } from '../../src/model/test-clock.ts';
import { cart, hour, MemorySecret, requestFor } from '../../src/security/security-fixture.ts';
import { VaultIssuer } from '../../src/security/vault-issuer.ts';
import { vaultPeer } from '../peers/vault/vault-peer.ts';
import { rootToken, VaultServer } from '../peers/vault/vault-server.ts';

const command = vaultPeer.find();

describe.skipIf(command === undefined)('an issuer that asks a real Vault', () => {
  let vault: VaultServer;
  const issuers: VaultIssuer[] = [];
  const folder = mkdtempSync(path.join(tmpdir(), 'isthmus-vault-'));
  beforeAll(async () => {
    vault = await VaultServer.start(command ?? '');
  });
  afterEach(() => {
    for (const issuer of issuers.splice(0)) issuer.close();
  });
  afterAll(async () => {
    await vault.stop();
    rmSync(folder, { recursive: true });
  });

  async function open(role = 'mesh'): Promise<{ readonly issuer: VaultIssuer; readonly clock: TestClock }> {
    const clock = new TestClock(Date.now());
    const place = { address: vault.address, mount: 'pki', role, token: async () => rootToken };
    const issuer = await VaultIssuer.open({ trustDomain: 'mesh.example', ...place, kept: new MemorySecret(), clock });
    issuers.push(issuer);
    return { issuer, clock };
  }

  it('gets a leaf of the life that was asked for, which OpenSSL verifies under the roots that it trusts', async () => {
    const { issuer } = await open();
    const { chain, roots, notAfter } = await issuer.issue(await requestFor(cart, hour / 2));
    const [leaf = ''] = chain;
    writeFileSync(path.join(folder, 'roots.pem'), roots.join(''));
    writeFileSync(path.join(folder, 'leaf.pem'), leaf);
    const verdict = execFileSync('openssl', ['verify', '-CAfile', 'roots.pem', 'leaf.pem'], {
      cwd: folder,
      encoding: 'utf8',
    });
    expect([verdict, issuer.findings()]).toEqual(['leaf.pem: OK\n', []]);
    expect(new X509Certificate(leaf).subjectAltName).toBe('DNS:cart.shop, URI:spiffe://mesh.example/ns/shop/sa/cart');
    expect(Math.abs(notAfter - Date.now() - hour / 2)).toBeLessThan(60_000);
  });

  it('trusts a root before it signs, so that its certificates are used at once', async () => {
    const { issuer, clock } = await open();
    const next = await vault.addRoot();
    await issuer.reload();
    expect(issuer.roots().length).toBe(2);
    clock.advance(60_000);
    await vault.signWith(next);
    await expect(issuer.issue(await requestFor(cart))).resolves.toMatchObject({ roots: issuer.roots() });
  });

  it('does not use a root of which proxies had no time to learn', async () => {
    const { issuer, clock } = await open();
    await vault.signWith(await vault.addRoot());
    await expect(issuer.issue(await requestFor(cart))).rejects.toMatchObject({ message: /have yet to learn/ });
    clock.advance(60_000);
    await expect(issuer.issue(await requestFor(cart))).resolves.toHaveProperty('chain');
  });

  it('uses no certificate whose names a role took from the signing request', async () => {
    await vault.writeRole('credulous', { use_csr_sans: true, allowed_uri_sans: '*' });
    const { issuer } = await open('credulous');
    const forged = await requestFor({ ...cart, serviceAccount: 'bank' });
    await expect(issuer.issue({ ...forged, identity: cart })).rejects.toMatchObject({ message: /another identity/ });
  });

  it('is told for good what the role does not allow', async () => {
    await vault.writeRole('narrow', { allowed_uri_sans: 'spiffe://mesh.example/ns/other/*' });
    const { issuer } = await open('narrow');
    await expect(issuer.issue(await requestFor(cart))).rejects.toMatchObject({
      code: 'BAD_DATA',
      message: /Vault answers 400/,
    });
  });
});
