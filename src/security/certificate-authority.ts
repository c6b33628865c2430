/**
 * The built-in certificate authority.
 *
 *   state folder --open--> roots --issue--> leaf and roots to trust
 *                            ^---- begin, switch, finish, abort: written first, in force then, told to listeners last
 *
 * A root is made when there was never a file of them; a file that is there but not whole ends the start with an error. Keys
 * leave only into that file. What a step of a rotation changes is in force after it is on disk, or not at all.
 */

import { orderCertificates } from '../certificates/certificate-text.ts';
import { IsthmusError, messageOf } from '../model/errors.ts';
import { type Finding, finding } from '../model/finding.ts';
import { authorityFindings, beginsLater } from './authority-findings.ts';
import { firstState, newRoot, readState } from './authority-roots.ts';
import { type AuthorityOptions, type AuthoritySettings, authorityDefaults } from './authority-settings.ts';
import { type AuthorityState, encodeState, type Root } from './authority-state.ts';
import { type AuthorityStatus, authorityStatus } from './authority-status.ts';
import { makeLeaf, type Validity, validityFrom } from './certificate-profile.ts';
import { type IssuanceRequest, type IssuedCertificate, type Issuer, longestLeafMs, RootListeners } from './issuer.ts';
import type { KeyAlgorithm } from './key-algorithms.ts';
import {
  afterStart,
  beginRotation,
  type RotationFacts,
  type RotationStep,
  type StepResult,
  takeStep,
  trustedRoots,
} from './root-rotation.ts';

export class CertificateAuthority implements Issuer {
  readonly name = 'built in';
  #settings: AuthoritySettings;
  readonly #listeners = new RootListeners();
  readonly #openToOthers: boolean;
  #state: AuthorityState;
  #roots: readonly string[];
  /** The end of the last leaf that was signed. */
  #latestLeaf = 0;
  #last: Promise<unknown> = Promise.resolve();
  readonly #stopFollowing: () => void;
  /** Why what another control plane wrote cannot be used. */
  #unread: string | undefined;

  private constructor(settings: AuthoritySettings, state: AuthorityState, openToOthers: boolean) {
    this.#settings = settings;
    this.#state = state;
    this.#roots = rootsOf(state);
    this.#openToOthers = openToOthers;
    this.#stopFollowing = settings.follow(() => void this.#follow());
  }

  /** Throws STATE for a file that is damaged, or of another trust domain; USAGE for a life of leaves that is none. */
  static async open(options: AuthorityOptions): Promise<CertificateAuthority> {
    const settings = { ...authorityDefaults, ...options };
    const { file, leafLifetimeMs } = settings;
    if (!(leafLifetimeMs > 0 && leafLifetimeMs <= longestLeafMs))
      throw new IsthmusError('USAGE', 'Certificates of workloads live for more than nothing and at most 24 hours.');
    const stored = await file.read();
    const state = stored === undefined ? await firstState(settings) : await readState(stored, settings);
    const opened = { ...state, rotation: afterStart(state.rotation, settings.clock.now()) };
    const authority = new CertificateAuthority(settings, opened, await file.isOpenToOthers());
    if (stored === undefined || state.longestLeafMs !== leafLifetimeMs)
      await authority.#adopt({ ...opened, longestLeafMs: leafLifetimeMs });
    return authority;
  }

  get trustDomain(): string {
    return this.#settings.trustDomain;
  }

  async issue({ identity, dnsNames, request, lifetimeMs }: IssuanceRequest): Promise<IssuedCertificate> {
    if (identity.trustDomain !== this.trustDomain)
      throw new IsthmusError('BAD_DATA', `the trust domain is ${this.trustDomain}, not ${identity.trustDomain}`);
    const signer = this.#signer();
    const validity = this.#validity(signer, lifetimeMs);
    // Before it is signed: a rotation meanwhile counts it.
    this.#latestLeaf = Math.max(this.#latestLeaf, validity.notAfter);
    const leaf = await makeLeaf(signer, { identity, dnsNames, publicKey: request.publicKey, validity });
    return { chain: [leaf], roots: this.#roots, ...validity };
  }

  roots(): readonly string[] {
    return this.#roots;
  }

  onRootsChanged(listener: () => void): () => void {
    return this.#listeners.add(listener);
  }

  /** Makes a root that is trusted from now on beside the one that signs. */
  beginRotation(algorithm: KeyAlgorithm = this.#settings.rootAlgorithm): Promise<StepResult> {
    return this.#oneByOne(async () => {
      const { clock } = this.#settings;
      const look = beginRotation(this.#state.rotation, '', clock.now());
      if (look.kind !== 'done') return look;
      const root = await newRoot({ ...this.#settings, rootAlgorithm: algorithm });
      const result = beginRotation(this.#state.rotation, root.id, clock.now());
      return this.#take(result, [...this.#state.roots.values(), root]);
    });
  }

  /** The next step of a rotation, or back. What is unsafe is not done unless forced; see root-rotation.ts. */
  takeStep(step: RotationStep, options: { readonly force?: boolean } = {}): Promise<StepResult> {
    return this.#oneByOne(() =>
      this.#take(takeStep(this.#state.rotation, step, this.#facts(), options), [...this.#state.roots.values()]),
    );
  }

  /** What was issued for longer is still counted with. Throws STATE where that cannot be written. */
  adjust(limits: { readonly leafLifetimeMs: number; readonly settleMs: number }): Promise<void> {
    return this.#oneByOne(async () => {
      const isOther = limits.leafLifetimeMs !== this.#state.longestLeafMs;
      if (isOther) await this.#adopt({ ...this.#state, longestLeafMs: limits.leafLifetimeMs });
      this.#settings = { ...this.#settings, ...limits };
    });
  }

  status(): AuthorityStatus {
    return authorityStatus(this.#state, this.#facts());
  }

  findings(): readonly Finding[] {
    const { file, clock, trustDomain } = this.#settings;
    const object = { kind: 'CertificateAuthority', name: trustDomain };
    const unread = this.#unread === undefined ? [] : [finding('ISTH1321', { object, message: this.#unread })];
    const own = authorityFindings({
      status: this.status(),
      place: file.place,
      openToOthers: this.#openToOthers,
      now: clock.now(),
    });
    return [...unread, ...own];
  }

  close(): void {
    this.#stopFollowing();
  }

  /** Another one has taken a step: what it wrote is in force here too. What cannot be read changes nothing. */
  #follow(): Promise<void> {
    return this.#oneByOne(async () => {
      const { file } = this.#settings;
      try {
        const stored = await file.read();
        if (stored !== undefined) this.#enforce(await readState(stored, this.#settings));
        this.#unread = undefined;
      } catch (error) {
        this.#unread = messageOf(error);
      }
    });
  }

  #signer(): Root {
    const signer = this.#state.roots.get(this.#state.rotation.signing);
    if (signer === undefined) throw new IsthmusError('INTERNAL', 'the signing root is not among the roots');
    return signer;
  }

  /** Within that of the root: a leaf that outlives it is refused by peers all the same. */
  #validity({ certificate }: Root, lifetimeMs: number | undefined): Validity {
    const { clock, leafLifetimeMs } = this.#settings;
    const now = clock.now();
    const { notBefore, notAfter } = validityFrom(now, Math.min(lifetimeMs ?? leafLifetimeMs, leafLifetimeMs));
    const until = certificate.notAfter.getTime();
    if (now < certificate.notBefore.getTime())
      throw new IsthmusError('UNAVAILABLE', beginsLater(certificate.subject, certificate.notBefore, now));
    if (until <= now)
      throw new IsthmusError(
        'UNAVAILABLE',
        `the root certificate expired at ${certificate.notAfter.toISOString()}; rotate it`,
      );
    return { notBefore, notAfter: Math.min(notAfter, until) };
  }

  #facts(): RotationFacts {
    const { clock, settleMs, untrusting } = this.#settings;
    const now = clock.now();
    const { longestLeafMs: longest, leavesUntil } = this.#state;
    const signingLeavesUntil = Math.max(now + longest, this.#latestLeaf, leavesUntil);
    return { now, signingLeavesUntil, untrusting: untrusting(), settleMs };
  }

  /** Roots that are trusted no more are forgotten, with their keys. */
  async #take(result: StepResult, roots: readonly Root[]): Promise<StepResult> {
    if (result.kind !== 'done') return result;
    const { rotation } = result;
    const trusted = trustedRoots(rotation);
    const kept = new Map(roots.filter(({ id }) => trusted.includes(id)).map((root) => [root.id, root]));
    await this.#adopt({ ...this.#state, rotation, roots: kept });
    return result;
  }

  async #adopt(next: AuthorityState): Promise<void> {
    const { file } = this.#settings;
    const state = { ...next, leavesUntil: this.#facts().signingLeavesUntil };
    await file.write(encodeState(state)).catch((cause: unknown) => {
      if (cause instanceof IsthmusError) throw cause;
      throw new IsthmusError('STATE', `${file.place} cannot be written: ${messageOf(cause)}`, { cause });
    });
    this.#enforce(state);
  }

  #enforce(state: AuthorityState): void {
    const before = this.#roots;
    this.#state = state;
    this.#roots = rootsOf(state);
    if (this.#roots.join() !== before.join()) this.#listeners.notify();
  }

  #oneByOne<T>(run: () => Promise<T>): Promise<T> {
    const result = this.#last.then(run);
    this.#last = result.catch(() => undefined);
    return result;
  }
}

function rootsOf({ roots }: AuthorityState): readonly string[] {
  return orderCertificates([...roots.values()].map(({ pem }) => pem));
}
