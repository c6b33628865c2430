import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { NodeStateFolder } from '../../delivery/files/state-folder.ts';
import type { IssuerPlace } from '../../model/certificate-settings.ts';
import { cart, hour, requestFor } from '../../security/security-fixture.ts';
import { standInToken, VaultStandIn } from '../../security/vault-stand-in.ts';
import { openIssuer } from './issuer-opening.ts';

describe('an issuer that settings name', () => {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'isthmus-issuer-'));
    onTestFinished(() => rm(folder, { recursive: true }));
  });

  async function open(place: IssuerPlace) {
    const around = { state: new NodeStateFolder(folder), trustDomain: cart.trustDomain, untrusting: () => [] };
    const issuer = await openIssuer(place, { leafLifetimeMs: hour, settleMs: 0 }, around);
    onTestFinished(() => issuer.close());
    return issuer;
  }

  it('is the built-in one with a file for each name, whose root is another', async () => {
    const [own, other] = await Promise.all([
      open({ kind: 'BuiltIn', name: '' }),
      open({ kind: 'BuiltIn', name: 'osm-system.a' }),
    ]);
    expect(own.roots()).not.toEqual(other.roots());
    expect((await open({ kind: 'BuiltIn', name: 'osm-system.a' })).roots()).toEqual(other.roots());
  });

  it('is a Vault, whose token is read from its file for each request and told in no message', async () => {
    const vault = await VaultStandIn.start();
    onTestFinished(() => vault.stop());
    const tokenFile = path.join(folder, 'token');
    const place = { kind: 'Vault', address: vault.address, mount: 'pki', role: 'mesh', tokenFile } as const;
    const issuer = await open(place);
    expect(issuer.findings()).toMatchObject([{ code: 'ISTH1201', message: expect.stringContaining(tokenFile) }]);
    await writeFile(tokenFile, `${standInToken}\n`);
    await expect(issuer.issue(await requestFor(cart))).resolves.toHaveProperty('chain');
    await writeFile(tokenFile, 's.another');
    const refused = await issuer.issue(await requestFor(cart)).then(() => '', String);
    expect(refused).not.toBe('');
    expect(refused).not.toContain('s.another');
  });

  it('is refused where its files are not there, with the folder', async () => {
    const names = { roots: 'r', certificate: 'c', key: 'k', chain: 'n' };
    const missing = path.join(folder, 'none');
    await expect(open({ kind: 'Files', folder: missing, names })).rejects.toMatchObject({
      code: 'BAD_DATA',
      message: expect.stringContaining(missing),
    });
  });
});
