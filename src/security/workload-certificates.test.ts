import { expect, it } from 'vitest';
import type { Clock } from '../model/clock.ts';
import { spiffeId } from '../model/identity.ts';
import { CertificateAuthority } from './certificate-authority.ts';
import { cart, MemorySecret } from './security-fixture.ts';
import { WorkloadCertificates } from './workload-certificates.ts';

/** Time that passes by itself; knows who waits. */
class WatchedClock implements Clock {
  readonly waiting = new Set<() => void>();

  now(): number {
    return Date.now();
  }

  after(_ms: number, run: () => void): () => void {
    this.waiting.add(run);
    return () => this.waiting.delete(run);
  }
}

it('waits for nothing once it is closed, whoever leaves then: the program can end', async () => {
  const clock = new WatchedClock();
  const issuer = await CertificateAuthority.open({ trustDomain: cart.trustDomain, file: new MemorySecret() });
  const issued = Promise.withResolvers<void>();
  const certificates = new WorkloadCertificates({ issuer, clock, onSecrets: () => issued.resolve() });
  certificates.want(spiffeId(cart));
  await issued.promise;
  await expect.poll(() => clock.waiting.size).toBe(1);
  certificates.close();
  certificates.release(spiffeId(cart));
  expect(clock.waiting.size).toBe(0);
});
