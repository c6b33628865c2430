/** Who is to issue the certificates of the mesh, who else is trusted, and for how long what is issued lives. */

/** Where an authority stands. Secrets are named by their files, never held. */
export type IssuerPlace =
  /** In the state folder; `name` is empty for that of the mesh itself. */
  | { readonly kind: 'BuiltIn'; readonly name: string }
  | { readonly kind: 'Files'; readonly folder: string; readonly names: AuthorityFileNames }
  | {
      readonly kind: 'Vault';
      readonly address: string;
      readonly mount: string;
      readonly role: string;
      readonly tokenFile: string;
      readonly caFile?: string;
      readonly namespace?: string;
    };

/** Names of the files in a folder. */
export interface AuthorityFileNames {
  readonly roots: string;
  readonly certificate: string;
  readonly key: string;
  /** From the certificate towards the root; need not be there. */
  readonly chain: string;
}

/** Times in milliseconds. */
export interface CertificateSettings {
  /** Absent: who signs now goes on, since nobody is named who could. */
  readonly signing?: IssuerPlace;
  /** Who are trusted beside it. */
  readonly trusted: readonly IssuerPlace[];
  readonly leafLifetimeMs: number;
  /** How long a new root is trusted before anything is signed with it. */
  readonly settleMs: number;
  /** Other trust domains, each with the file of its roots; in order. */
  readonly trustBundles: readonly { readonly trustDomain: string; readonly file: string }[];
}

export const defaultIssuer: IssuerPlace = { kind: 'BuiltIn', name: '' };

export const defaultCertificateSettings: CertificateSettings = {
  signing: defaultIssuer,
  trusted: [],
  leafLifetimeMs: 24 * 3_600_000,
  settleMs: 60_000,
  trustBundles: [],
};
