/** What users see of certificates, and what they may do: the steps of a rotation, and to renew before the time. */
import { X509Certificate } from 'node:crypto';
import { fingerprintOf } from '../../certificates/certificate-text.ts';
import type { TypeStatus } from '../../delivery/xds/reports/status.ts';
import type {
  CertificateStatus,
  KeptLeaves,
  ProxiesAndRoots,
  RotationMove,
  RotationOutcome,
  TrustedRoot,
} from '../../model/certificate-status.ts';
import { type ProxyNode, proxyKey } from '../../model/proxy.ts';
import type { CertificateMetrics } from '../../operations/certificate-metrics.ts';
import type { Logger } from '../../operations/log.ts';
import type { CertificateAuthority } from '../../security/certificate-authority.ts';
import type { StepResult } from '../../security/root-rotation.ts';
import type { KeptCertificate, WorkloadCertificates } from '../../security/workload-certificates.ts';
import type { MeshAuthority } from './mesh-authority.ts';
import { sharedTrust, trustElsewhere } from './shared-trust.ts';

type Kept = Pick<WorkloadCertificates, 'kept' | 'renew'>;

/** What is asked of a stream of a proxy. */
export interface SecretStream {
  readonly proxy: Pick<ProxyNode, 'id' | 'identity'>;
  readonly types: readonly Pick<TypeStatus, 'typeUrl' | 'state'>[];
}

export interface CertificateSurroundings {
  readonly authority: () => MeshAuthority | undefined;
  readonly streams: () => readonly SecretStream[];
  /** Who look after certificates: of workloads, and of the server itself. */
  readonly kept: () => readonly Kept[];
  readonly metrics: () => CertificateMetrics;
  /** Who rotates roots, where that is not for this replica: a clause. */
  readonly rotatesElsewhere?: () => string | undefined;
  /** What other replicas say of their proxies and the roots, by replica; absent where there is one alone. */
  readonly saidElsewhere?: () => ReadonlyMap<string, unknown>;
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

  /** Proxies that take roots from here and have not acknowledged all that they were to be told, and workloads that are away. */
  readonly untrusting = (): readonly string[] => {
    const authority = this.#around.authority();
    if (authority === undefined) return ['all, since none could connect yet'];
    const { waiting } = this.#seen();
    const roots = authority.issuer.roots().map(fingerprintOf);
    const elsewhere = this.#learn(authority);
    const lagging = new Set(waiting.flatMap(({ identity }) => identity ?? []));
    const away = authority.holders
      .lacking(roots)
      .filter(({ key }) => !lagging.has(key))
      .map(({ key, until }) => `${key} (not seen with it; its certificate ends by ${new Date(until).toISOString()})`);
    return [...waiting.map(({ id }) => id), ...elsewhere.untrusting, ...away];
  };

  /** For other replicas: who of the workloads here trusts the roots. Undefined while there is one root, which all trust. */
  readonly told = (): unknown => {
    const authority = this.#around.authority();
    const roots = authority?.issuer.roots().map(fingerprintOf) ?? [];
    if (authority === undefined || roots.length < 2) return undefined;
    this.#learn(authority);
    const { connected, waiting } = this.#seen();
    const holders = authority.holders.all().map(({ key, until, trusts }) => ({
      key,
      until,
      isTrusting: roots.every((root) => trusts.includes(root)),
    }));
    return sharedTrust({ roots, connected, waiting: waiting.map(({ id }) => id), holders });
  };

  /** Of a response: who acknowledges a certificate has it. */
  readonly acknowledged = (typeUrl: string, { identity }: { readonly identity?: string }, lifetimeMs: number): void => {
    const authority = this.#around.authority();
    if (typeUrl !== secretType || identity === undefined || authority === undefined) return;
    authority.holders.given(identity, Date.now() + lifetimeMs);
  };

  /** Undefined where there is no authority whose root is rotated here. Throws STATE where the step cannot be written. */
  readonly rotate = async (move: RotationMove, force: boolean): Promise<RotationOutcome | undefined> => {
    const { log, metrics } = this.#around;
    const authority = this.#around.authority();
    if (authority === undefined) return undefined;
    const elsewhere = this.#around.rotatesElsewhere?.();
    if (elsewhere !== undefined) return { kind: 'impossible', reason: elsewhere };
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
    const { connected, waiting } = this.#seen();
    const authority = this.#around.authority();
    const { heard } = authority === undefined ? { heard: [] } : this.#learn(authority);
    const sum = (own: number, of: (one: (typeof heard)[number]) => number): number =>
      heard.reduce((total, one) => total + of(one), own);
    const all = sum(connected, (one) => one.connected);
    const names = [...waiting.map(({ id }) => id), ...heard.flatMap((one) => one.waiting)].sort().slice(0, namedAtMost);
    return {
      connected: all,
      trusting: all - sum(waiting.length, (one) => one.waiting.length + one.more),
      waiting: names,
    };
  }

  /** What other replicas know of workloads is known here as well from then on. */
  #learn({ issuer, holders }: MeshAuthority): ReturnType<typeof trustElsewhere> {
    const roots = issuer.roots().map(fingerprintOf);
    const said = this.#around.saidElsewhere?.();
    if (said === undefined || roots.length < 2) return { heard: [], untrusting: [] };
    const elsewhere = trustElsewhere(said, roots);
    for (const { key, until, isTrusting } of elsewhere.heard.flatMap((one) => one.holders ?? []))
      holders.learn({ key, until, trusts: isTrusting ? roots : [] });
    return elsewhere;
  }

  /** Takes note of the workloads all of whose proxies trust the roots of now. */
  #seen(): { readonly connected: number; readonly waiting: readonly SecretStream['proxy'][] } {
    const states = new Map<string, { readonly proxy: SecretStream['proxy']; readonly isTrusting: boolean }>();
    for (const { proxy, types } of this.#around.streams()) {
      const secrets = types.find(({ typeUrl }) => typeUrl === secretType);
      if (secrets === undefined) continue;
      const key = proxyKey(proxy);
      const isTrusting = secrets.state === 'SYNCED' && states.get(key)?.isTrusting !== false;
      states.set(key, { proxy, isTrusting });
    }
    const waiting = [...states.values()].flatMap(({ proxy, isTrusting }) => (isTrusting ? [] : proxy));
    const lagging = new Set(waiting.map(({ identity }) => identity));
    const authority = this.#around.authority();
    const roots = authority?.issuer.roots().map(fingerprintOf) ?? [];
    for (const { proxy } of states.values())
      if (proxy.identity !== undefined && !lagging.has(proxy.identity))
        authority?.holders.trusting(proxy.identity, roots);
    return { connected: states.size, waiting: waiting.sort((a, b) => (a.id < b.id ? -1 : 1)) };
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
