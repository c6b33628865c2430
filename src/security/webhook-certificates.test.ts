import { X509Certificate } from 'node:crypto';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { readCertificates } from '../certificates/certificate-text.ts';
import { TestClock } from '../model/test-clock.ts';
import { WebhookCertificates } from './webhook-certificates.ts';

const start = Date.UTC(2026, 10, 21);
const hour = 3_600_000;
const lives = { rootMs: 120 * hour, leafMs: 24 * hour, settleMs: hour };

/** A Secret: one value, and a version of it that a writer must know. */
class Shared {
  held: { readonly value: unknown; readonly version: string } | undefined;
  writes = 0;

  async read() {
    return this.held;
  }

  async write(value: unknown, version: string | undefined) {
    if (this.held?.version !== version) throw new Error('conflict');
    this.writes += 1;
    this.held = { value: structuredClone(value), version: String(this.writes) };
    return this.held;
  }
}

describe('the certificate of the webhooks', () => {
  let clock: TestClock;
  let store: Shared;
  let believed: string;

  beforeEach(() => {
    clock = new TestClock(start);
    store = new Shared();
    believed = '';
  });

  function replica(isWriter: boolean, announce?: () => Promise<boolean>) {
    const served: X509Certificate[] = [];
    const certificates = new WebhookCertificates({
      store,
      isWriter: () => isWriter,
      announce:
        announce ??
        (async (bundle) => {
          believed = bundle;
          return true;
        }),
      clock,
      namespace: 'isthmus-system',
      dnsNames: ['isthmus.isthmus-system.svc'],
      lives,
      onCertificate: ({ chain }) => served.push(new X509Certificate(chain)),
    });
    onTestFinished(() => certificates.close());
    return { served, certificates };
  }

  /** Whether an API server takes what a replica serves with. */
  function isBelieved(served: readonly X509Certificate[]): boolean {
    const leaf = served.at(-1);
    if (leaf === undefined || clock.now() >= leaf.validToDate.getTime()) return false;
    return readCertificates(believed, 'bundle').some((pem) => leaf.verify(new X509Certificate(pem).publicKey));
  }

  it('is made by the writer, and by the others once there are roots', async () => {
    const other = replica(false);
    await other.certificates.look();
    expect(other.served).toEqual([]);
    const writer = replica(true);
    await writer.certificates.look();
    await other.certificates.look();
    expect([isBelieved(writer.served), isBelieved(other.served)]).toEqual([true, true]);
    expect(other.served[0]?.subjectAltName).toContain('DNS:isthmus.isthmus-system.svc');
    const writes = store.writes;
    await writer.certificates.look();
    expect([store.writes, other.served.length]).toEqual([writes, 1]);
  });

  it('is believed at every hour of four hundred, in which roots come and go; each is announced before it signs', async () => {
    const [writer, other] = [replica(true), replica(false)];
    const roots = new Set<string>();
    let together = 0;
    for (let hours = 0; hours < 400; hours++) {
      await writer.certificates.look();
      await other.certificates.look();
      expect([isBelieved(writer.served), isBelieved(other.served)], `hour ${hours}`).toEqual([true, true]);
      const bundle = readCertificates(believed, 'bundle');
      for (const root of bundle) roots.add(root);
      together = Math.max(together, bundle.length);
      clock.advance(hour);
    }
    expect(roots.size).toBeGreaterThanOrEqual(4);
    expect(together).toBe(2);
    expect([writer.certificates.findings(), other.certificates.findings()]).toEqual([[], []]);
  });

  it('stays with the root that API servers know while they cannot be told of another', async () => {
    const before = replica(true);
    await before.certificates.look();
    await before.certificates.close();
    const refusing = replica(true, async () => Promise.reject(new Error('forbidden')));
    clock.advance(90 * hour);
    await refusing.certificates.look();
    expect(refusing.certificates.findings()).toMatchObject([{ code: 'ISTH1610', message: 'forbidden.' }]);
    const other = replica(false);
    clock.advance(10 * hour);
    await other.certificates.look();
    expect(isBelieved(other.served)).toBe(true);
  });

  it('tells where nobody asks, and replaces roots that cannot be read', async () => {
    store.held = { value: { roots: 'damaged' }, version: '0' };
    const alone = replica(true, async () => false);
    await alone.certificates.look();
    expect(alone.served).toHaveLength(1);
    expect(alone.certificates.findings()).toMatchObject([{ code: 'ISTH1611' }]);
  });

  it('writes its keys into the Secret, and nowhere else', async () => {
    const { certificates } = replica(true);
    await certificates.look();
    expect(JSON.stringify(store.held)).toContain('PRIVATE KEY');
    expect(JSON.stringify(certificates.findings()) + believed).not.toContain('PRIVATE KEY');
  });
});
