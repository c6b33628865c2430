/**
 * Who says who is who: the certificate authority and the keys of bootstrap tokens, in the state folder. Opened when the
 * mesh first asks its workloads who they are, or xDS is served over TLS; a mesh that never does has none of it.
 */
import { SealedFile } from '../delivery/files/sealed-file.ts';
import { NodeStateFolder } from '../delivery/files/state-folder.ts';
import { BootstrapTokens } from '../security/bootstrap-tokens.ts';
import { CertificateAuthority } from '../security/certificate-authority.ts';
import { CertificateDesk } from '../security/certificate-desk.ts';
import type { Issuer } from '../security/issuer.ts';
import { TrustBundles } from '../security/trust-bundles.ts';
import { dnsNamesOf } from '../security/workload-certificates.ts';

export const authorityFile = {
  fileName: 'certificate-authority.json',
  header: { format: 'isthmus-certificate-authority', version: 1 },
  remedy:
    'Put back a copy of the file. Without it every certificate of the mesh has to be issued anew under another root: to begin so, move the file away.',
} as const;

export const tokenFile = {
  fileName: 'token-keys.json',
  header: { format: 'isthmus-token-keys', version: 1 },
  remedy: 'Put back a copy of the file, or move it away: then bootstrap tokens have to be made anew.',
} as const;

export interface MeshAuthority {
  readonly issuer: Issuer;
  readonly tokens: BootstrapTokens;
  readonly desk: CertificateDesk;
  readonly bundles: TrustBundles;
}

/** Throws STATE for a file that is damaged, or of another trust domain. */
async function openAuthority(folder: string, trustDomain: string): Promise<MeshAuthority> {
  const state = new NodeStateFolder(folder);
  const issuer = await CertificateAuthority.open({ trustDomain, file: new SealedFile(state, authorityFile) });
  const tokens = await BootstrapTokens.open({ trustDomain, file: new SealedFile(state, tokenFile) });
  return { issuer, tokens, desk: new CertificateDesk({ issuer, dnsNamesOf }), bundles: new TrustBundles(issuer) };
}

/** Opens it once, for whoever asks first. */
export function lazyAuthority(folder: string, trustDomain: () => string): () => Promise<MeshAuthority> {
  let opening: Promise<MeshAuthority> | undefined;
  return () => {
    opening ??= openAuthority(folder, trustDomain());
    return opening;
  };
}
