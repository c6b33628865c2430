/**
 * xDS over TLS: the server's own certificate, and whose certificates its callers may have.
 */
import type { X509Certificate } from 'node:crypto';
import { identityOfCertificate } from '../../certificates/peer-identity.ts';
import type { ServerTls } from '../../delivery/xds/server-tls.ts';
import type { Clock } from '../../model/clock.ts';
import type { Finding } from '../../model/finding.ts';
import { type Identity, spiffeId } from '../../model/identity.ts';
import { createCertificatePath } from '../../security/istio-certificate-service.ts';
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
      openPaths: [createCertificatePath],
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
