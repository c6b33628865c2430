/**
 * xDS over TLS: the server's own certificate, and whose certificates its callers may have.
 */
import type { X509Certificate } from 'node:crypto';
import { authenticateCertificate, identityOfCertificate } from '../../certificates/peer-identity.ts';
import type { ServerTls } from '../../delivery/xds/transport/server-tls.ts';
import type { Clock } from '../../model/clock.ts';
import type { Finding } from '../../model/finding.ts';
import { type Identity, spiffeId } from '../../model/identity.ts';
import { createCertificatePath, maxCertificateRequestBytes } from '../../security/istio-certificate-service.ts';
import type { TrustBundles } from '../../security/trust-bundles.ts';
import { type IssuedSecrets, WorkloadCertificates } from '../../security/workload-certificates.ts';
import type { MeshAuthority } from './mesh-authority.ts';

export interface SecuredXds {
  readonly tls: ServerTls;
  /** The certificate of the server itself. */
  readonly certificates: WorkloadCertificates;
  findings(): readonly Finding[];
  close(): void;
}

/** Resolves once the server has a certificate of its own. `own`: who the control plane is. */
export async function secureXds(authority: MeshAuthority, own: Identity, clock: Clock): Promise<SecuredXds> {
  const { issuer } = authority;
  const issued = Promise.withResolvers<void>();
  const listeners = new Set<() => void>();
  let secrets: IssuedSecrets | undefined;
  const certificates = new WorkloadCertificates({
    issuer,
    clock,
    onSecrets: (_id, renewed) => {
      secrets = renewed ?? secrets;
      issued.resolve();
      for (const listener of listeners) listener();
    },
  });
  certificates.want(spiffeId(own));
  await issued.promise;
  return {
    tls: {
      credentials: () => ({
        chain: secrets?.chain.join('') ?? '',
        key: secrets?.key.reveal() ?? '',
        roots: issuer.roots().join(''),
      }),
      onRenewed: (listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
      identityOf: (certificate) => identityOf(certificate, issuer.trustDomain),
      refusalOf: (certificate) => refusalOf(certificate, authority.bundles, clock.now()),
      openPaths: new Map([[createCertificatePath, { maxMessageBytes: maxCertificateRequestBytes }]]),
    },
    certificates,
    findings: () => certificates.findings(),
    close: () => certificates.close(),
  };
}

/** A root of ours that names somebody of another trust domain is mistaken: nobody but its own root speaks for that. */
function identityOf(certificate: X509Certificate, trustDomain: string): string | undefined {
  const reading = identityOfCertificate(certificate.raw);
  if (reading.kind === 'refused' || reading.identity.trustDomain !== trustDomain) return undefined;
  return spiffeId(reading.identity);
}

/**
 * Proxies of a federated trust domain are known by name, and served by their own control plane alone: what a proxy here is told
 * of is decided by identities of ours, and nobody here could renew its certificate. Others are told nothing of themselves.
 */
function refusalOf(certificate: X509Certificate, bundles: TrustBundles, now: number): string | undefined {
  const reading = authenticateCertificate(chainOf(certificate), bundles, now);
  if (reading.kind === 'refused' || reading.identity.trustDomain === bundles.trustDomain) return undefined;
  return `${spiffeId(reading.identity)} is of a federated trust domain: its proxies may call workloads here, and have their configuration from a control plane of ${reading.identity.trustDomain}. This one serves those of ${bundles.trustDomain}.`;
}

const longestChain = 8;

/** As the caller sent it: the leaf first. */
function chainOf(leaf: X509Certificate): readonly Uint8Array[] {
  const chain: Uint8Array[] = [];
  for (let next: X509Certificate | undefined = leaf; next !== undefined && chain.length < longestChain; ) {
    chain.push(next.raw);
    next = next.issuerCertificate;
  }
  return chain;
}
