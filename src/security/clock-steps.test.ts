/** The clock of the control plane is set while it keeps certificates of many workloads. */
import { X509Certificate } from 'node:crypto';
import { describe, expect, it, onTestFinished } from 'vitest';
import { spiffeId } from '../model/identity.ts';
import { SettableClock } from '../model/test-clock.ts';
import { CertificateAuthority } from './certificate-authority.ts';
import type { Issuer } from './issuer.ts';
import { cart, day, hour, MemorySecret } from './security-fixture.ts';
import { WorkloadCertificates } from './workload-certificates.ts';

const start = Date.UTC(2026, 10, 21);
const workloads = 10;
const ids = Array.from({ length: workloads }, (_, at) => spiffeId({ ...cart, serviceAccount: `cart-${at}` }));

class Bench {
  readonly clock = new SettableClock(start);
  readonly served = new Map<string, X509Certificate>();
  issued = 0;
  refused = 0;
  #running = 0;
  mostAtATime = 0;
  readonly #authority: CertificateAuthority;
  readonly #certificates: WorkloadCertificates;

  private constructor(clock: SettableClock, authority: CertificateAuthority) {
    this.clock = clock;
    this.#authority = authority;
    const issuer: Issuer = Object.create(authority, {
      trustDomain: { value: authority.trustDomain },
      roots: { value: () => authority.roots() },
      onRootsChanged: { value: (listener: () => void) => authority.onRootsChanged(listener) },
      issue: { value: (request: Parameters<Issuer['issue']>[0]) => this.#issue(request) },
    });
    this.#certificates = new WorkloadCertificates({
      issuer,
      clock,
      onSecrets: (id, secrets) => this.served.set(id, new X509Certificate(secrets?.chain[0] ?? '')),
    });
    onTestFinished(() => this.#certificates.close());
  }

  /** With a root that was made some time before, and a certificate for each workload. */
  static async open(rootAgeMs: number): Promise<Bench> {
    const clock = new SettableClock(start - rootAgeMs);
    const authority = await CertificateAuthority.open({
      trustDomain: cart.trustDomain,
      file: new MemorySecret(),
      clock,
    });
    clock.set(start);
    const bench = new Bench(clock, authority);
    for (const id of ids) bench.#certificates.want(id);
    await bench.until(() => bench.issued, workloads);
    return bench;
  }

  async #issue(request: Parameters<Issuer['issue']>[0]) {
    this.mostAtATime = Math.max(this.mostAtATime, ++this.#running);
    try {
      const certificate = await this.#authority.issue(request);
      this.issued++;
      return certificate;
    } catch (error) {
      this.refused++;
      throw error;
    } finally {
      this.#running--;
    }
  }

  /** Time passes, a little at each look, while keys are made in threads. */
  async until(value: () => unknown, wanted: unknown): Promise<void> {
    const look = () => {
      this.clock.advance(1_000);
      return value();
    };
    await expect.poll(look, { timeout: 30_000, interval: 5 }).toEqual(wanted);
  }

  /** Workloads whose certificate is not valid by the clock. */
  invalid(): number {
    const now = this.clock.now();
    return [...this.served.values()].filter(
      (one) => one.validFromDate.getTime() > now || one.validToDate.getTime() <= now,
    ).length;
  }

  codes(): readonly string[] {
    const all = [...this.#certificates.findings(), ...this.#authority.findings()];
    return [...new Set(all.map(({ code }) => code))].sort();
  }
}

describe('certificates that are kept while the clock is set', () => {
  it.each([
    ['forwards past their end', 3 * day],
    ['backwards before their beginning', -3 * day],
  ])('%s are renewed a few at a time, each once', async (_, step) => {
    const bench = await Bench.open(30 * day);
    bench.clock.set(start + step);
    expect(bench.invalid()).toBe(workloads);
    await bench.until(() => bench.invalid(), 0);
    expect([bench.issued, bench.refused, bench.codes()]).toEqual([2 * workloads, 0, []]);
    expect(bench.mostAtATime).toBeLessThanOrEqual(4);
    for (let minutes = 0; minutes < 60; minutes++) bench.clock.advance(60_000);
    await bench.until(() => bench.invalid(), 0);
    expect(bench.issued).toBe(2 * workloads);
  });

  it('forwards and back again are valid by the clock after each step', async () => {
    const bench = await Bench.open(30 * day);
    for (const step of [2 * day, 0, -2 * day, 0]) {
      bench.clock.set(start + step);
      await bench.until(() => bench.invalid(), 0);
      expect(bench.codes()).toEqual([]);
    }
    expect(bench.issued).toBeLessThanOrEqual(5 * workloads);
  });

  it('before the root begins stay as they are, which is told, and are not asked for again and again', async () => {
    const bench = await Bench.open(hour);
    const before = new Map(bench.served);
    bench.clock.set(start - 3 * day);
    await bench.until(() => bench.refused >= workloads && bench.codes(), ['ISTH1207', 'ISTH1216']);
    for (let seconds = 0; seconds < 3_600; seconds += 10) {
      bench.clock.advance(10_000);
      await new Promise(setImmediate);
    }
    // After 1, 2, 4 ... 256 seconds, and every five minutes from then on.
    expect(bench.refused).toBeLessThanOrEqual(20 * workloads);
    expect([bench.served, bench.issued]).toEqual([before, workloads]);
    bench.clock.set(start + hour);
    await bench.until(() => bench.codes(), []);
    // Those that were under way at that moment came to their end.
    expect(bench.issued).toBeLessThanOrEqual(workloads + 4);
    expect(bench.invalid()).toBe(0);
  });

  it('past the end of the root stay as they are, which is told, and are renewed when the clock is right', async () => {
    const bench = await Bench.open(hour);
    const before = new Map(bench.served);
    bench.clock.set(start + 20 * 366 * day);
    await bench.until(() => bench.refused >= workloads && bench.codes(), ['ISTH1202', 'ISTH1208']);
    expect([bench.served, bench.issued]).toEqual([before, workloads]);
    bench.clock.set(start + hour);
    await bench.until(() => bench.codes(), []);
    expect(bench.invalid()).toBe(0);
  });
});
