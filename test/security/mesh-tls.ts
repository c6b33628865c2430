/** For tests: TLS as the control plane has it, and certificates for whom a test likes. */
import { identityOfCertificate } from '../../src/certificates/peer-identity.ts';
import type { ServerCredentials, ServerTls } from '../../src/delivery/xds/transport/server-tls.ts';
import { type Identity, spiffeId } from '../../src/model/identity.ts';
import { TestAuthority } from './test-authority.ts';

const trustDomain = 'mesh.example';

export interface MeshTls {
  readonly tls: ServerTls;
  issue(serviceAccount: string): Promise<ServerCredentials>;
}

export async function meshTls(openPaths: ServerTls['openPaths'] = new Map()): Promise<MeshTls> {
  const authority = await TestAuthority.make(trustDomain);
  const issue = async (serviceAccount: string): Promise<ServerCredentials> => {
    const identity: Identity = { trustDomain, namespace: 'shop', serviceAccount };
    const { cert, key } = await authority.issue(identity);
    return { chain: cert, key, roots: authority.pem };
  };
  const own = await issue('isthmus');
  return {
    issue,
    tls: {
      credentials: () => own,
      onRenewed: () => () => {},
      identityOf: (certificate) => {
        const reading = identityOfCertificate(certificate.raw);
        return reading.kind === 'refused' ? undefined : spiffeId(reading.identity);
      },
      openPaths,
    },
  };
}
