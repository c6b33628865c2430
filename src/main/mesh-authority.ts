/**
 * Who says who is who: the certificate authority and the keys of bootstrap tokens, in the state folder. Opened when the
 * mesh first asks its workloads who they are, or xDS is served over TLS; a mesh that never does has none of it.
 */
import { SealedFile } from '../delivery/files/sealed-file.ts';
import { NodeStateFolder } from '../delivery/files/state-folder.ts';
import { BootstrapTokens } from '../security/bootstrap-tokens.ts';
import { CertificateAuthority } from '../security/certificate-authority.ts';
import { CertificateDesk } from '../security/certificate-desk.ts';
import { countIssuance, type IssuanceCounts } from '../security/issuance-counts.ts';
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
  /** Whose roots can be rotated from here. */
  readonly rotating?: CertificateAuthority;
  readonly tokens: BootstrapTokens;
  readonly desk: CertificateDesk;
  readonly bundles: TrustBundles;
}

export interface AuthoritySurroundings {
  readonly folder: string;
  readonly trustDomain: () => string;
  /** How many proxies are known not to have acknowledged the roots of now. */
  readonly untrusting: () => number;
  readonly counts: IssuanceCounts;
}

/** Throws STATE for a file that is damaged, or of another trust domain. */
async function openAuthority(surroundings: AuthoritySurroundings): Promise<MeshAuthority> {
  const { folder, untrusting, counts } = surroundings;
  const trustDomain = surroundings.trustDomain();
  const state = new NodeStateFolder(folder);
  const rotating = await CertificateAuthority.open({
    trustDomain,
    untrusting,
    file: new SealedFile(state, authorityFile),
  });
  const issuer = countIssuance(rotating, counts);
  const tokens = await BootstrapTokens.open({ trustDomain, file: new SealedFile(state, tokenFile) });
  const desk = new CertificateDesk({ issuer, dnsNamesOf });
  return { issuer, rotating, tokens, desk, bundles: new TrustBundles(issuer) };
}

/** Opened once, for whoever asks first. */
export class LazyAuthority {
  readonly #surroundings: AuthoritySurroundings;
  #opening: Promise<MeshAuthority> | undefined;
  #opened: MeshAuthority | undefined;

  constructor(surroundings: AuthoritySurroundings) {
    this.#surroundings = surroundings;
  }

  readonly open = (): Promise<MeshAuthority> => {
    this.#opening ??= openAuthority(this.#surroundings).then((opened) => {
      this.#opened = opened;
      return opened;
    });
    return this.#opening;
  };

  /** Undefined while nobody has asked for it, or it cannot be opened. */
  get opened(): MeshAuthority | undefined {
    return this.#opened;
  }
}
