import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pino } from 'pino';
import { beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { TestClock } from '../../model/test-clock.ts';
import { CertificateAuthority } from '../../security/certificate-authority.ts';
import { makeRoot } from '../../security/certificate-profile.ts';
import { PrivateKey } from '../../security/private-key.ts';
import { cart, MemorySecret } from '../../security/security-fixture.ts';
import { TrustBundles } from '../../security/trust-bundles.ts';
import { TrustBundleFiles } from './trust-bundle-files.ts';

const trustDomain = 'other.example';
const start = Date.UTC(2026, 10, 21);

describe('the roots of another trust domain, in a file', () => {
  let roots: readonly string[] = [];
  let file = '';
  let bundles: TrustBundles;
  let files: TrustBundleFiles;

  beforeAll(async () => {
    const key = await PrivateKey.generate('ecdsa-p256');
    const life = { notBefore: start, notAfter: start + 86_400_000 };
    roots = await Promise.all([1, 2, 3].map(() => makeRoot(key, trustDomain, life)));
  });

  beforeEach(async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'isthmus-bundle-'));
    file = path.join(folder, 'bundle.pem');
    const clock = new TestClock(start);
    const issuer = await CertificateAuthority.open({ trustDomain: cart.trustDomain, file: new MemorySecret(), clock });
    bundles = new TrustBundles(issuer);
    files = new TrustBundleFiles(bundles, clock, pino({ enabled: false }));
    onTestFinished(async () => {
      files.close();
      await rm(folder, { recursive: true });
    });
    await writeFile(file, roots.slice(0, 2).join(''));
    await look();
  });

  const look = () => files.want([{ trustDomain, file }]);
  const trusted = () => bundles.rootsOf(trustDomain).length;
  const said = () => files.findings().map(({ code, message }) => `${code} ${message.replace(file, 'it')}`);

  it('are trusted as soon as the file is named, and other ones when they are there to stay', async () => {
    expect([trusted(), said()]).toEqual([2, []]);
    await writeFile(file, roots.join(''));
    await look();
    expect(trusted()).toBe(2);
    await look();
    expect([trusted(), said()]).toEqual([3, []]);
  });

  it('stay as they were while the file is written one root after the other, each of which is whole', async () => {
    const [first = '', second = '', third = ''] = roots;
    for (const written of [third, third + second, third + second + first]) {
      await writeFile(file, written);
      await look();
      expect([trusted(), bundles.rootsOf(trustDomain).includes(third)]).toEqual([2, false]);
    }
    await look();
    expect([trusted(), said()]).toEqual([3, []]);
  });

  it.each<[string, (whole: string) => string, string]>([
    ['nothing', () => '', 'holds no certificate in PEM'],
    ['half of the first', (whole) => whole.slice(0, 200), 'holds no certificate in PEM'],
    ['half of the second', (whole) => whole.slice(0, -200), 'a certificate that is not whole'],
    ['the second but for its last character', (whole) => whole.slice(0, -2), 'a certificate that is not whole'],
    [
      'the first and how the second begins',
      (whole) => whole.slice(0, whole.lastIndexOf('-----BEGIN') + 12),
      'is not whole',
    ],
    [
      'the first and no line of the second',
      (whole) => whole.slice(0, whole.lastIndexOf('-----BEGIN') + 3),
      'is not whole',
    ],
    ['noise', (whole) => whole.replace(/^MII/m, '!!!'), 'a certificate that is not whole'],
    ['more than fits', (whole) => whole + ' '.repeat(1024 * 1024), 'has more than'],
  ])('stay as they were when %s of it is there, which is told, until all of it is', async (_, cut, why) => {
    const before = bundles.rootsOf(trustDomain);
    const whole = roots.slice(1).join('');
    await writeFile(file, cut(whole));
    await look();
    await look();
    expect(bundles.rootsOf(trustDomain)).toEqual(before);
    expect(said()).toEqual([expect.stringMatching(new RegExp(`^ISTH1214 it: .*${why}`))]);
    await writeFile(file, whole);
    await look();
    await look();
    expect([bundles.rootsOf(trustDomain).toSorted(), said()]).toEqual([roots.slice(1).toSorted(), []]);
  });

  it('stay as they were when the file is gone, and go when it is named no more', async () => {
    await rm(file);
    await look();
    expect([trusted(), said()]).toEqual([2, [expect.stringMatching(/^ISTH1214 it: .*ENOENT/)]]);
    await files.want([]);
    expect([trusted(), said()]).toEqual([0, []]);
  });
});
