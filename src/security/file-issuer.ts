/**
 * An issuer whose authority lies in files that somebody else replaces: Istio's plugged-in authority, or what cert-manager or an
 * agent writes.
 *
 *   folder --changed, or every few seconds--> read --all fits together--> new root trusted --a while later--> new key signs
 *                                               '-- half-written, or wrong: what was read last stays, with a finding
 */
import { watch } from 'node:fs';
import type { AuthorityFileNames } from '../model/certificate-settings.ts';
import { type Clock, systemClock } from '../model/clock.ts';
import { IsthmusError, messageOf } from '../model/errors.ts';
import { type Finding, finding } from '../model/finding.ts';
import { type FiledAuthority, istioFileNames, readAuthority } from './authority-files.ts';
import { beginsLater, expiryFindings } from './authority-findings.ts';
import { makeLeaf, validityFrom } from './certificate-profile.ts';
import { type IssuanceRequest, type IssuedCertificate, type Issuer, longestLeafMs, RootListeners } from './issuer.ts';
import { KeptRoots, type ValueFile } from './kept-roots.ts';

export interface FileIssuerOptions {
  readonly trustDomain: string;
  readonly folder: string;
  readonly names?: AuthorityFileNames;
  /** Where trusted roots are kept, in the state folder. */
  readonly kept: ValueFile;
  readonly leafLifetimeMs?: number;
  readonly settleMs?: number;
  readonly clock?: Clock;
  /** Calls when something in a folder changes; the function it gives back ends that. */
  readonly watchFolder?: (folder: string, changed: () => void) => () => void;
  readonly findingsChanged?: () => void;
}

type Settings = Required<FileIssuerOptions>;

const lookEveryMs = 10_000;
/** Files that are replaced together come one after the other. */
const quietMs = 200;

const defaults = {
  names: istioFileNames,
  leafLifetimeMs: longestLeafMs,
  settleMs: 60_000,
  clock: systemClock,
  watchFolder: watchNode,
  findingsChanged: () => undefined,
} as const;

export class FileIssuer implements Issuer {
  readonly #settings: Settings;
  readonly #kept: KeptRoots;
  readonly #listeners = new RootListeners();
  readonly #stopWatching: () => void;
  #signing: FiledAuthority;
  #fault: string | undefined;
  #cancelLook: () => void = () => undefined;
  #last: Promise<void> = Promise.resolve();
  #queued: Promise<void> | undefined;
  #closed = false;

  private constructor(settings: Settings, kept: KeptRoots, signing: FiledAuthority) {
    this.#settings = settings;
    this.#kept = kept;
    this.#signing = signing;
    this.#stopWatching = settings.watchFolder(settings.folder, () => this.#lookIn(quietMs));
    this.#lookIn(lookEveryMs);
  }

  /** Throws BAD_DATA when the files cannot be used: there is nothing to go on with. STATE for damaged records of roots. */
  static async open(options: FileIssuerOptions): Promise<FileIssuer> {
    const settings = { ...defaults, ...options };
    const { folder, names, clock, leafLifetimeMs, settleMs } = settings;
    const kept = await KeptRoots.open({ file: settings.kept, clock, longestLeafMs: leafLifetimeMs, settleMs });
    const authority = await readAuthority(folder, names, clock.now()).catch((cause: unknown) => {
      throw new IsthmusError('BAD_DATA', `The authority in ${folder} cannot be used: ${messageOf(cause)}.`, { cause });
    });
    await kept.see(authority.roots);
    return new FileIssuer(settings, kept, authority);
  }

  get name(): string {
    return `files in ${this.#settings.folder}`;
  }

  get trustDomain(): string {
    return this.#settings.trustDomain;
  }

  async issue({ identity, dnsNames, request, lifetimeMs }: IssuanceRequest): Promise<IssuedCertificate> {
    const { leafLifetimeMs, clock } = this.#settings;
    if (identity.trustDomain !== this.trustDomain)
      throw new IsthmusError('BAD_DATA', `the trust domain is ${this.trustDomain}, not ${identity.trustDomain}`);
    const signer = this.#signing;
    const until = signer.certificate.notAfter.getTime();
    const now = clock.now();
    if (now < signer.certificate.notBefore.getTime())
      throw new IsthmusError('UNAVAILABLE', beginsLater(signer.certificate.subject, signer.certificate.notBefore, now));
    if (until <= now)
      throw new IsthmusError(
        'UNAVAILABLE',
        `the certificate of the authority expired at ${new Date(until).toISOString()}`,
      );
    const { notBefore, notAfter } = validityFrom(now, Math.min(lifetimeMs ?? leafLifetimeMs, leafLifetimeMs));
    const validity = { notBefore, notAfter: Math.min(notAfter, until) };
    const leaf = await makeLeaf(signer, { identity, dnsNames, publicKey: request.publicKey, validity });
    return { chain: [leaf, ...signer.intermediates], roots: this.roots(), ...validity };
  }

  roots(): readonly string[] {
    return this.#kept.roots();
  }

  onRootsChanged(listener: () => void): () => void {
    return this.#listeners.add(listener);
  }

  findings(): readonly Finding[] {
    const { folder, clock } = this.#settings;
    const object = { kind: 'CertificateAuthority', name: folder };
    const { certificate, keyIsOpenToOthers } = this.#signing;
    return [
      ...(this.#fault === undefined ? [] : [finding('ISTH1206', { object, message: `${this.#fault}.` })]),
      ...(keyIsOpenToOthers
        ? [finding('ISTH1205', { object, message: `The key in ${folder} may be read by others.` })]
        : []),
      ...expiryFindings(object, certificate, clock.now()),
      ...this.#kept.findings(object),
    ];
  }

  /** Looks at the files anew; resolves when what they say is in force, or was found wanting. */
  reload(): Promise<void> {
    // One that has not begun yet will see all that there is now.
    this.#queued ??= this.#last.then(() => {
      this.#queued = undefined;
      return this.#reload();
    });
    this.#last = this.#queued;
    return this.#queued;
  }

  close(): void {
    this.#closed = true;
    this.#cancelLook();
    this.#stopWatching();
  }

  #lookIn(ms: number): void {
    if (this.#closed) return;
    this.#cancelLook();
    this.#cancelLook = this.#settings.clock.after(ms, () => {
      this.#lookIn(lookEveryMs);
      void this.reload();
    });
  }

  async #reload(): Promise<void> {
    const { folder, names, clock } = this.#settings;
    const before = this.#fault;
    try {
      await this.#take(await readAuthority(folder, names, clock.now()));
      this.#fault = undefined;
    } catch (error) {
      this.#fault = messageOf(error).replace(/\.$/, '');
    }
    if (this.#fault !== before) this.#settings.findingsChanged();
  }

  /** Trust first; the new key signs when proxies had time to learn of its root. */
  async #take(authority: FiledAuthority): Promise<void> {
    if (await this.#kept.see(authority.roots)) {
      this.#listeners.notify();
      this.#settings.findingsChanged();
    }
    if (this.#kept.isSettled(authority.ownRoot)) this.#signing = authority;
  }
}

/** A folder that cannot be watched is looked at every few seconds all the same. */
function watchNode(folder: string, changed: () => void): () => void {
  try {
    const watcher = watch(folder, { persistent: false }, changed);
    watcher.on('error', () => watcher.close());
    return () => watcher.close();
  } catch {
    return () => undefined;
  }
}
