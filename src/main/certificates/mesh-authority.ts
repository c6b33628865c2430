/**
 * Who says who is who: the certificate authority and the keys of bootstrap tokens, in the state folder. Opened when the
 * mesh first asks its workloads who they are, or xDS is served over TLS; a mesh that never does has none of it.
 */
import { fingerprintOf } from '../../certificates/certificate-text.ts';
import { SealedFile } from '../../delivery/files/sealed-file.ts';
import { untilTurn } from '../../delivery/files/shared-state.ts';
import type { StateFolder } from '../../delivery/files/state-folder.ts';
import { defaultIssuer, type IssuerPlace } from '../../model/certificate-settings.ts';
import { systemClock } from '../../model/clock.ts';
import { type Finding, finding } from '../../model/finding.ts';
import { spiffeId } from '../../model/identity.ts';
import { BootstrapTokens } from '../../security/bootstrap-tokens.ts';
import type { CertificateAuthority } from '../../security/certificate-authority.ts';
import { CertificateDesk } from '../../security/certificate-desk.ts';
import { countIssuance, type IssuanceCounts } from '../../security/issuance-counts.ts';
import type { Issuer } from '../../security/issuer.ts';
import { IssuerSuccession, type WantedIssuers } from '../../security/issuer-succession.ts';
import { LeafHolders } from '../../security/leaf-holders.ts';
import { SuccessionFile, type SuccessionRecord } from '../../security/succession-record.ts';
import { TrustBundles } from '../../security/trust-bundles.ts';
import { dnsNamesOf } from '../../security/workload-certificates.ts';
import { builtInFile, openIssuer } from './issuer-opening.ts';
import { openLeafHolderJournal } from './leaf-holder-journal.ts';

export const tokenFile = {
  fileName: 'token-keys.json',
  header: { format: 'isthmus-token-keys', version: 1 },
  remedy: 'Put back a copy of the file, or move it away: then bootstrap tokens have to be made anew.',
} as const;

export const successionFile = {
  fileName: 'issuer.json',
  header: { format: 'isthmus-issuer', version: 1 },
  remedy: 'Put back a copy of the file, or move it away: then the issuer of the settings signs from the start.',
} as const;

export interface MeshAuthority {
  readonly issuer: Issuer;
  /** The one that signs, while its root can be rotated from here. */
  readonly rotating: () => CertificateAuthority | undefined;
  /** Takes other issuers over. */
  readonly want: (wanted: WantedIssuers) => Promise<void>;
  readonly tokens: BootstrapTokens;
  readonly desk: CertificateDesk;
  readonly bundles: TrustBundles;
  /** Who has certificates. */
  readonly holders: LeafHolders;
  findings(): readonly Finding[];
  /** Writes what is pending. */
  close(): Promise<void>;
}

export interface AuthoritySurroundings {
  readonly folder: StateFolder;
  readonly trustDomain: () => string;
  readonly wanted: () => WantedIssuers;
  /** Who is known not to have acknowledged the roots of now, by name. */
  readonly untrusting: () => readonly string[];
  /** Another issuer signs. */
  readonly taken: () => void;
  /** Once, before anything is issued. */
  readonly opened: (authority: MeshAuthority) => void;
  readonly warn: (message: string) => void;
  readonly counts: IssuanceCounts;
}

/** Throws STATE for a file that is damaged, or of another trust domain; BAD_DATA for an issuer that cannot be used. */
async function openAuthority(surroundings: AuthoritySurroundings): Promise<MeshAuthority> {
  const { folder: state, untrusting, counts, taken } = surroundings;
  const trustDomain = surroundings.trustDomain();
  const wanted = surroundings.wanted();
  // Of several that start together one makes the keys.
  await untilTurn(state, tokenFile.fileName);
  const hasOwn = (await new SealedFile(state, builtInFile('')).read()) !== undefined;
  const first = hasOwn ? defaultIssuer : (wanted.signing ?? defaultIssuer);
  const record = new SuccessionFile(new SealedFile(state, successionFile));
  const journal = await openLeafHolderJournal(state);
  const holders = new LeafHolders(journal, systemClock);
  const orphaning = await orphaningRoot({ state, record: await record.read(), first, trustDomain });
  const succession = await IssuerSuccession.open({
    trustDomain,
    wanted,
    record,
    first,
    open: (place, limits) => openIssuer(place, limits, { state, trustDomain, untrusting }),
    untrusting,
    taken,
    clock: systemClock,
  });
  const issuer = countIssuance(succession, counts);
  const tokens = await BootstrapTokens.open({ trustDomain, file: new SealedFile(state, tokenFile) });
  const desk = new CertificateDesk({
    issuer,
    dnsNamesOf,
    // Who asks by itself takes the roots from the answer.
    issued: (identity, { notAfter, roots }) => holders.given(spiffeId(identity), notAfter, roots.map(fingerprintOf)),
  });
  const bundles = new TrustBundles(issuer);
  const want = (next: WantedIssuers) => succession.want(next);
  const close = async () => {
    succession.close();
    await journal.close();
  };
  const findings = () => [...orphaning, ...issuer.findings(), ...journal.findings()];
  const rotating = () => succession.rotating;
  const authority = { issuer, rotating, want, tokens, desk, bundles, holders, findings, close };
  for (const { message = '' } of orphaning) surroundings.warn(message);
  surroundings.opened(authority);
  return authority;
}

interface Beginning {
  readonly state: StateFolder;
  readonly record: SuccessionRecord | undefined;
  /** Who signs where there is no record. */
  readonly first: IssuerPlace;
  readonly trustDomain: string;
}

/** Tokens are made after the first root: where there are keys of them, or a record, and no root, another one is about to be made. */
export async function orphaningRoot({ state, record, first, trustDomain }: Beginning): Promise<readonly Finding[]> {
  const place = record?.signing ?? first;
  if (place.kind !== 'BuiltIn') return [];
  const file = new SealedFile(state, builtInFile(place.name));
  if ((await file.read()) !== undefined) return [];
  const tokens = new SealedFile(state, tokenFile);
  const sign = record === undefined ? tokenFile.fileName : successionFile.fileName;
  if (record === undefined && (await tokens.read()) === undefined) return [];
  const message = `${file.place} was not there, while ${sign} beside it is: a new root was made. Proxies that trust another refuse its certificates, and this control plane.`;
  return [finding('ISTH1217', { object: { kind: 'CertificateAuthority', name: trustDomain }, message })];
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
