/** What users see of certificates, and what they may do: the steps of a rotation, and to renew before the time. */
import { X509Certificate } from 'node:crypto';
import { fingerprintOf } from '../../certificates/certificate-text.ts';
import type { TypeStatus } from '../../delivery/xds/status.ts';
import type {
  CertificateStatus,
  KeptLeaves,
  ProxiesAndRoots,
  RotationMove,
  RotationOutcome,
  TrustedRoot,
} from '../../model/certificate-status.ts';
import type { CertificateMetrics } from '../../operations/certificate-metrics.ts';
import type { Logger } from '../../operations/log.ts';
import type { CertificateAuthority } from '../../security/certificate-authority.ts';
import type { StepResult } from '../../security/root-rotation.ts';
import type { KeptCertificate, WorkloadCertificates } from '../../security/workload-certificates.ts';
import type { MeshAuthority } from './mesh-authority.ts';

type Kept = Pick<WorkloadCertificates, 'kept' | 'renew'>;

/** What is asked of a stream of a proxy. */
export interface SecretStream {
  readonly proxy: { readonly id: string };
  readonly types: readonly Pick<TypeStatus, 'typeUrl' | 'state'>[];
}

export interface CertificateSurroundings {
  readonly authority: () => MeshAuthority | undefined;
  readonly streams: () => readonly SecretStream[];
  /** Who look after certificates: of workloads, and of the server itself. */
  readonly kept: () => readonly Kept[];
  readonly metrics: () => CertificateMetrics;
  readonly log: Logger;
}

const secretType = 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret';
/** When another root signs, certificates of it are to be in use soon, and not all at one moment. */
const renewedWithinMs = 10 * 60_000;
const namedAtMost = 20;

export class CertificateControl {
  readonly #around: CertificateSurroundings;

  constructor(around: CertificateSurroundings) {
    this.#around = around;
  }

  /** Undefined in a mesh whose workloads need not prove who they are. */
  readonly status = (): CertificateStatus | undefined => {
    const authority = this.#around.authority();
    if (authority === undefined) return undefined;
    const { issuer } = authority;
    const rotating = authority.rotating();
    const kept = this.#around.kept().flatMap((one) => one.kept());
    const rotation = rotating?.status();
    return {
      trustDomain: issuer.trustDomain,
      issuer: issuer.name,
      ...(rotation === undefined ? {} : { rotation: rotationOf(rotation) }),
      roots: rootsOf(issuer.roots(), rotation, kept),
      proxies: this.#proxies(),
      leaves: leavesOf(kept),
    };
  };

  /** PEM, one behind the other: what is trusted now. */
  readonly roots = (): string | undefined => this.#around.authority()?.issuer.roots().join('');

  /** Proxies that take roots from here and have not acknowledged all that they were to be told. */
  readonly untrusting = (): number => {
    const { connected, trusting } = this.#proxies();
    return connected - trusting;
  };

  /** Undefined where there is no authority whose root is rotated here. Throws STATE where the step cannot be written. */
  readonly rotate = async (move: RotationMove, force: boolean): Promise<RotationOutcome | undefined> => {
    const { log, metrics } = this.#around;
    const authority = this.#around.authority();
    if (authority === undefined) return undefined;
    const rotating = authority.rotating();
    if (rotating === undefined)
      return { kind: 'impossible', reason: `the roots are rotated where they are: ${authority.issuer.name}` };
    const signedBefore = signingRoot(rotating);
    const result = await taken(rotating, move, force);
    const status = this.status();
    if (result.kind !== 'done' || status === undefined) {
      log.warn({ step: move, ...result }, 'a step of the rotation of the root was refused');
      return result.kind === 'done' ? undefined : result;
    }
    metrics().rotationSteps.inc({ step: move });
    log.info({ step: move, phase: result.rotation.phase, forced: force }, 'the root is rotated');
    if (signingRoot(rotating) !== signedBefore) this.signedByAnother();
    return { kind: 'done', status };
  };

  /** Certificates of the one that signs now are to be in use soon. */
  readonly signedByAnother = (): void => {
    this.renew(renewedWithinMs);
  };

  /** Renews certificates that are looked after here: all, or that of one SPIFFE id. Answers how many; undefined without an authority. */
  readonly renew = (withinMs: number, identity?: string): number | undefined => {
    if (this.#around.authority() === undefined) return undefined;
    return this.#around.kept().reduce((count, one) => count + one.renew(withinMs, identity), 0);
  };

  #proxies(): ProxiesAndRoots {
    const states = new Map<string, boolean>();
    for (const { proxy, types } of this.#around.streams()) {
      const secrets = types.find(({ typeUrl }) => typeUrl === secretType);
      if (secrets === undefined) continue;
      states.set(proxy.id, secrets.state === 'SYNCED' && states.get(proxy.id) !== false);
    }
    const waiting = [...states].flatMap(([id, isTrusting]) => (isTrusting ? [] : id)).sort();
    return { connected: states.size, trusting: states.size - waiting.length, waiting: waiting.slice(0, namedAtMost) };
  }
}

function taken(rotating: CertificateAuthority, move: RotationMove, force: boolean): Promise<StepResult> {
  return move === 'begin' ? rotating.beginRotation() : rotating.takeStep(move, { force });
}

type AuthorityStatus = ReturnType<CertificateAuthority['status']>;

function signingRoot(rotating: CertificateAuthority): string | undefined {
  return rotating.status().roots.find(({ role }) => role === 'signing')?.id;
}

function rotationOf({ phase, since, steps }: AuthorityStatus): NonNullable<CertificateStatus['rotation']> {
  const first = phase === 'single' ? [{ step: 'begin' as const }] : [];
  return { phase, ...(since === undefined ? {} : { since }), steps: [...first, ...steps] };
}

function rootsOf(
  pems: readonly string[],
  rotation: AuthorityStatus | undefined,
  kept: readonly KeptCertificate[],
): readonly TrustedRoot[] {
  const roles = new Map(rotation?.roots.map(({ id, role }) => [id, role]));
  const roots = pems.map((pem) => {
    const { subject, validFromDate, validToDate } = new X509Certificate(pem);
    const id = fingerprintOf(pem);
    return {
      id,
      role: roles.get(id) ?? 'trusted',
      subject: subject.replaceAll('\n', ', '),
      notBefore: validFromDate.getTime(),
      notAfter: validToDate.getTime(),
      leaves: kept.filter(({ root }) => root === id).length,
    } as const;
  });
  return roots.sort((a, b) => Number(b.role === 'signing') - Number(a.role === 'signing'));
}

function leavesOf(kept: readonly KeptCertificate[]): KeptLeaves {
  const held = kept.flatMap(({ notAfter }) => notAfter ?? []);
  const failing = kept.filter(({ isFailing }) => isFailing).length;
  return { count: held.length, ...(held.length === 0 ? {} : { firstEnd: Math.min(...held) }), failing };
}
