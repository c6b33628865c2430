/** What is measured of the certificates of the mesh. No workload is named: there are as many as there are service accounts. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { CertificateStatus } from '../model/certificate-status.ts';

export interface CertificateMetrics {
  readonly issueSeconds: Histogram;
  readonly issueFailures: Counter;
  readonly rotationSteps: Counter<'step'>;
}

const readings = [
  [
    'root_not_after_timestamp_seconds',
    'When the root that signs ends.',
    ({ roots }: CertificateStatus) => signing(roots, (root) => root.notAfter),
  ],
  [
    'root_not_before_timestamp_seconds',
    'When the root that signs became valid.',
    ({ roots }: CertificateStatus) => signing(roots, (root) => root.notBefore),
  ],
  ['roots_trusted', 'Roots that are trusted.', ({ roots }: CertificateStatus) => roots.length],
  [
    'certificates_held',
    'Certificates of workloads that are looked after.',
    ({ leaves }: CertificateStatus) => leaves.count,
  ],
  [
    'certificates_first_end_timestamp_seconds',
    'When the first of them ends; 0 while there is none.',
    ({ leaves }: CertificateStatus) => (leaves.firstEnd ?? 0) / 1000,
  ],
  [
    'certificates_failing',
    'Certificates that could not be issued or renewed at the last try.',
    ({ leaves }: CertificateStatus) => leaves.failing,
  ],
  [
    'proxies_without_roots',
    'Connected proxies that have not acknowledged the roots of now.',
    ({ proxies }: CertificateStatus) => proxies.connected - proxies.trusting,
  ],
] as const;

type Roots = CertificateStatus['roots'];

function signing(roots: Roots, read: (root: Roots[number]) => number): number {
  const root = roots.find(({ role }) => role === 'signing');
  return root === undefined ? 0 : read(root) / 1000;
}

/** `status` is read when somebody asks; without an authority there is nothing to measure. */
export function createCertificateMetrics(
  registry: Registry,
  status: () => CertificateStatus | undefined,
): CertificateMetrics {
  const registers = [registry];
  // Asked for once a scrape: gauges are read in the order in which they were made.
  let now: CertificateStatus | undefined;
  for (const [index, [name, help, read]] of readings.entries()) {
    new Gauge({
      name: `isthmus_${name}`,
      help,
      registers,
      collect() {
        if (index === 0) now = status();
        if (now === undefined) this.remove();
        else this.set(read(now));
      },
    });
  }
  return {
    issueSeconds: new Histogram({
      name: 'isthmus_certificate_issue_seconds',
      help: 'Time to sign a certificate of a workload; its count is how many were issued.',
      buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25, 1, 5],
      registers,
    }),
    issueFailures: new Counter({
      name: 'isthmus_certificate_issue_failures_total',
      help: 'Certificates that could not be signed.',
      registers,
    }),
    rotationSteps: new Counter({
      name: 'isthmus_root_rotation_steps_total',
      help: 'Steps of rotations of the root that were taken.',
      labelNames: ['step'],
      registers,
    }),
  };
}
