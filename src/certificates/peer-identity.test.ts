import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { TestClock } from '../model/test-clock.ts';
import { CertificateAuthority } from '../security/certificate-authority.ts';
import { cart, day, MemorySecret, requestFor } from '../security/security-fixture.ts';
import { TrustBundles } from '../security/trust-bundles.ts';
import { authenticateCertificate, identityOfCertificate } from './peer-identity.ts';

const folder = mkdtempSync(join(tmpdir(), 'isthmus-peers-'));
afterAll(() => rmSync(folder, { recursive: true }));
const now = Date.UTC(2026, 10, 21);
const theirs = { ...cart, trustDomain: 'other.example' };

const authority = (trustDomain: string) =>
  CertificateAuthority.open({ trustDomain, file: new MemorySecret(), clock: new TestClock(now), settleMs: 0 });
const derOf = (pems: readonly string[]) => pems.map((pem) => new X509Certificate(pem).raw);

/** A leaf that OpenSSL makes, with such extensions. */
function opensslLeaf(...extensions: readonly string[]): Uint8Array {
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', join(folder, 'key.pem')];
  const more = extensions.flatMap((extension) => ['-addext', extension]);
  const pem = execFileSync('openssl', ['req', '-x509', ...key, '-subj', '/CN=x', ...more], {
    encoding: 'utf8',
    stdio: 'pipe',
  });
  return new X509Certificate(pem).raw;
}

const uri = 'URI:spiffe://mesh.example/ns/shop/sa/cart';
const leafOnly = 'basicConstraints=critical,CA:FALSE';

describe('the identity of a peer', () => {
  it('is the one SPIFFE id of its certificate', () => {
    const leaf = opensslLeaf(leafOnly, `subjectAltName=${uri},DNS:x`, 'keyUsage=digitalSignature');
    expect(identityOfCertificate(leaf)).toEqual({ kind: 'identity', identity: cart });
  });

  it.each([
    [
      'has two',
      [leafOnly, `subjectAltName=${uri},URI:spiffe://mesh.example/ns/shop/sa/bank`],
      'it has 2 URI names instead of one',
    ],
    ['has none', [leafOnly, 'subjectAltName=DNS:spiffe.example'], 'it has 0 URI names instead of one'],
    ['has no names', [leafOnly], 'it has 0 URI names instead of one'],
    ['has another URI', [leafOnly, 'subjectAltName=URI:https://mesh.example'], 'its URI is no SPIFFE id of a workload'],
    [
      'is of an authority',
      ['basicConstraints=critical,CA:TRUE', `subjectAltName=${uri}`],
      'the certificate is that of an authority',
    ],
    [
      'may sign others',
      [leafOnly, `subjectAltName=${uri}`, 'keyUsage=digitalSignature,keyCertSign'],
      'its key may sign certificates',
    ],
    [
      'may not sign at all',
      [leafOnly, `subjectAltName=${uri}`, 'keyUsage=keyEncipherment'],
      'its key may not make signatures',
    ],
  ])('is none where the certificate %s', (_, extensions, reason) => {
    expect(identityOfCertificate(opensslLeaf(...extensions))).toEqual({ kind: 'refused', reason });
  });

  it('is none in bytes of any kind', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => identityOfCertificate(bytes).kind === 'refused'),
    );
    expect(identityOfCertificate(new Uint8Array(16 * 1024 + 1))).toMatchObject({ reason: /more than/ });
  });

  it('is vouched for by the roots of its own trust domain alone', async () => {
    const [ours, others] = [await authority('mesh.example'), await authority('other.example')];
    const bundles = new TrustBundles(ours);
    const own = derOf((await ours.issue(await requestFor(cart))).chain);
    const foreign = derOf((await others.issue(await requestFor(theirs))).chain);
    expect(authenticateCertificate(own, bundles, now)).toEqual({ kind: 'identity', identity: cart });
    expect(authenticateCertificate(foreign, bundles, now)).toMatchObject({ reason: 'its trust domain is not trusted' });
    bundles.federate('other.example', others.roots().join(''));
    expect(authenticateCertificate(foreign, bundles, now)).toEqual({ kind: 'identity', identity: theirs });
    bundles.part('other.example');
    expect(authenticateCertificate(foreign, bundles, now)).toMatchObject({ kind: 'refused' });
  });

  it('is not vouched for by a federated root that names one of ours', async () => {
    const [ours, forger] = [await authority('mesh.example'), await authority('mesh.example')];
    const bundles = new TrustBundles(ours);
    bundles.federate('other.example', forger.roots().join(''));
    const forged = derOf((await forger.issue(await requestFor(cart))).chain);
    expect(authenticateCertificate(forged, bundles, now)).toEqual({
      kind: 'refused',
      reason: 'it is not signed by a trusted root',
    });
  });

  it('ends with its certificate, and does not begin before it', async () => {
    const ours = await authority('mesh.example');
    const bundles = new TrustBundles(ours);
    const chain = derOf((await ours.issue(await requestFor(cart))).chain);
    expect(authenticateCertificate(chain, bundles, now + day)).toMatchObject({ reason: 'it has expired' });
    expect(authenticateCertificate(chain, bundles, now - day / 2)).toMatchObject({ reason: 'it is not valid yet' });
    expect(authenticateCertificate([], bundles, now)).toMatchObject({ reason: 'there is no certificate' });
  });

  it('is not vouched for by a leaf of ours', async () => {
    const ours = await authority('mesh.example');
    const [leaf = new Uint8Array()] = derOf((await ours.issue(await requestFor(cart))).chain);
    const forged = opensslLeaf(leafOnly, `subjectAltName=${uri}`);
    expect(authenticateCertificate([forged, leaf], new TrustBundles(ours), now)).toMatchObject({ kind: 'refused' });
  });

  it('is vouched for through authorities between it and the root', () => {
    const run = (...command: string[]) => execFileSync('openssl', command, { cwd: folder, stdio: 'pipe' });
    const key = (name: string) => [
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-keyout',
      `${name}.key`,
    ];
    const signedBy = (by: string, name: string) => ['-CA', `${by}.pem`, '-CAkey', `${by}.key`, '-out', `${name}.pem`];
    run('req', '-x509', ...key('root'), '-subj', '/CN=root', '-out', 'root.pem');
    run(
      'req',
      '-x509',
      ...key('middle'),
      '-subj',
      '/CN=middle',
      '-addext',
      'basicConstraints=critical,CA:TRUE',
      ...signedBy('root', 'middle'),
    );
    run(
      'req',
      '-x509',
      ...key('leaf'),
      '-subj',
      '/CN=leaf',
      '-addext',
      leafOnly,
      '-addext',
      `subjectAltName=${uri}`,
      ...signedBy('middle', 'leaf'),
    );
    const pem = (name: string) => execFileSync('cat', [join(folder, `${name}.pem`)], { encoding: 'utf8' });
    const bundles = new TrustBundles(rootsOnly(pem('root')));
    const [leaf, middle] = derOf([pem('leaf'), pem('middle')]);
    if (leaf === undefined || middle === undefined) throw new Error('no chain');
    expect(authenticateCertificate([leaf, middle], bundles, Date.now())).toEqual({ kind: 'identity', identity: cart });
    expect(authenticateCertificate([leaf], bundles, Date.now())).toMatchObject({
      reason: 'it is not signed by a trusted root',
    });
  });
});

/** An issuer that has roots and issues nothing. */
function rootsOnly(root: string) {
  return {
    name: 'none',
    trustDomain: 'mesh.example',
    issue: () => Promise.reject(new Error('none')),
    roots: () => [root],
    onRootsChanged: () => () => undefined,
    findings: () => [],
    close: () => undefined,
  };
}

describe('trust bundles', () => {
  it('hold each trust domain with its roots, in one order, and tell of changes', async () => {
    const [ours, others] = [await authority('mesh.example'), await authority('a.example')];
    const bundles = new TrustBundles(ours);
    let told = 0;
    bundles.onChanged(() => told++);
    bundles.federate('a.example', others.roots().join(''));
    bundles.federate('a.example', others.roots().join(''));
    expect([told, [...bundles.all()]]).toEqual([
      1,
      [
        ['a.example', others.roots()],
        ['mesh.example', ours.roots()],
      ],
    ]);
    await ours.beginRotation();
    expect([told, bundles.rootsOf('mesh.example').length]).toEqual([2, 2]);
  });

  it('take no bundle for our own trust domain, none that is empty, and none with a leaf', async () => {
    const ours = await authority('mesh.example');
    const bundles = new TrustBundles(ours);
    const [leaf = ''] = (await ours.issue(await requestFor(cart))).chain;
    for (const [domain, pem] of [
      ['mesh.example', ours.roots().join('')],
      ['other.example', ''],
      ['other.example', leaf],
      ['Other', ours.roots().join('')],
    ] as const)
      expect(() => bundles.federate(domain, pem)).toThrow(expect.objectContaining({ code: 'BAD_DATA' }));
    expect([...bundles.all().keys()]).toEqual(['mesh.example']);
  });
});
