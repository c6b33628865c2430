/**
 * One issuer after another, without a moment at which somebody is not trusted who should be:
 *
 *   wanted --opened--> its roots are trusted too --all proxies know, and a while later--> it signs --> certificates are renewed
 *                                                                                          '-- the roots of the one before
 *                                                                                              stay until its last leaf ended
 *
 * Who signs is kept in the state folder with what is still trusted: a restart half-way goes on where it was. An issuer that
 * cannot be opened is tried again, and the one before goes on.
 */

import { orderCertificates } from '../certificates/certificate-text.ts';
import type { CertificateSettings, IssuerPlace } from '../model/certificate-settings.ts';
import type { Clock } from '../model/clock.ts';
import { messageOf } from '../model/errors.ts';
import { type Finding, finding } from '../model/finding.ts';
import { CertificateAuthority } from './certificate-authority.ts';
import { type IssuanceRequest, type IssuedCertificate, type Issuer, longestLeafMs, RootListeners } from './issuer.ts';
import { describeUntrusting } from './root-rotation.ts';
import type { FormerRoot, SuccessionRecord } from './succession-record.ts';

export type WantedIssuers = Omit<CertificateSettings, 'trustBundles'>;

export interface SuccessionOptions {
  readonly trustDomain: string;
  readonly wanted: WantedIssuers;
  readonly record: { read(): Promise<SuccessionRecord | undefined>; write(record: SuccessionRecord): Promise<void> };
  /** Who signed before there was a record. */
  readonly first: IssuerPlace;
  readonly open: (place: IssuerPlace, limits: WantedIssuers) => Promise<Issuer>;
  /** Who is known not to have acknowledged the roots of now, by name. */
  readonly untrusting: () => readonly string[];
  /** Another issuer signs from now on. */
  readonly taken: () => void;
  readonly clock: Clock;
}

interface Held {
  readonly place: IssuerPlace;
  readonly issuer: Issuer;
  /** Since when its roots are trusted, in milliseconds since the epoch. */
  readonly since: number;
  readonly stop: () => void;
}

const lookSoonMs = 1_000;
const lookLateMs = 60_000;

export class IssuerSuccession implements Issuer {
  readonly #options: SuccessionOptions;
  readonly #listeners = new RootListeners();
  readonly #held = new Map<string, Held>();
  /** Why wanted issuers are not open. */
  readonly #faults = new Map<string, string>();
  #signing: Held;
  #former: readonly FormerRoot[];
  #wanted: WantedIssuers;
  #roots: readonly string[] = [];
  #cancelLook: () => void = () => undefined;
  #last: Promise<void> = Promise.resolve();
  #isClosed = false;

  private constructor(options: SuccessionOptions, signing: Issuer, place: IssuerPlace, former: readonly FormerRoot[]) {
    this.#options = options;
    this.#wanted = options.wanted;
    this.#former = former;
    // Its roots are known to all who know any.
    this.#signing = this.#hold(place, signing, 0);
    this.#roots = this.#trusted();
  }

  /** Throws as the opening of the issuer does that signed last, or that is wanted first. */
  static async open(options: SuccessionOptions): Promise<IssuerSuccession> {
    const { record, wanted, first, clock } = options;
    const known = await record.read();
    const place = known?.signing ?? first;
    const former = known?.former.filter(({ until }) => until > clock.now()) ?? [];
    const succession = new IssuerSuccession(options, await options.open(place, wanted), place, former);
    await succession.want(wanted);
    return succession;
  }

  get name(): string {
    return this.#signing.issuer.name;
  }

  get trustDomain(): string {
    return this.#options.trustDomain;
  }

  /** The one that signs, where its root can be rotated here. */
  get rotating(): CertificateAuthority | undefined {
    const { issuer } = this.#signing;
    return issuer instanceof CertificateAuthority ? issuer : undefined;
  }

  async issue(request: IssuanceRequest): Promise<IssuedCertificate> {
    const longest = Math.min(request.lifetimeMs ?? longestLeafMs, this.#wanted.leafLifetimeMs);
    const issued = await this.#signing.issuer.issue({ ...request, lifetimeMs: longest });
    return { ...issued, roots: this.#roots };
  }

  roots(): readonly string[] {
    return this.#roots;
  }

  onRootsChanged(listener: () => void): () => void {
    return this.#listeners.add(listener);
  }

  /** Takes over what is wanted from now on; resolves when what can be done at once is done. */
  want(wanted: WantedIssuers): Promise<void> {
    this.#wanted = wanted;
    return this.#look();
  }

  findings(): readonly Finding[] {
    const held = [...this.#held.values()].flatMap(({ issuer }) => issuer.findings());
    return [...this.#successionFindings(), ...held];
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelLook();
    for (const { issuer, stop } of this.#held.values()) {
      stop();
      issuer.close();
    }
  }

  #look(): Promise<void> {
    this.#last = this.#last.then(async () => {
      if (this.#isClosed) return;
      this.#cancelLook();
      await this.#step().catch((error: unknown) => this.#faults.set('', messageOf(error)));
      this.#cancelLook();
      if (this.#isClosed) return;
      const isPending = this.#faults.size > 0 || this.#next() !== undefined;
      if (isPending || this.#former.length > 0)
        this.#cancelLook = this.#options.clock.after(isPending ? lookSoonMs : lookLateMs, () => void this.#look());
    });
    return this.#last;
  }

  async #step(): Promise<void> {
    const { clock } = this.#options;
    this.#faults.clear();
    await this.rotating?.adjust(this.#wanted);
    await this.#openWanted();
    this.#tell();
    const next = this.#next();
    if (next !== undefined && this.#waitsFor(next) === undefined) await this.#take(next);
    this.#dropUnwanted();
    this.#former = this.#former.filter(({ until }) => until > clock.now());
    this.#tell();
  }

  async #openWanted(): Promise<void> {
    for (const place of this.#places()) {
      const key = keyOf(place);
      if (this.#held.has(key)) continue;
      try {
        this.#hold(place, await this.#options.open(place, this.#wanted), this.#options.clock.now());
      } catch (error) {
        this.#faults.set(key, messageOf(error).replace(/\.$/, ''));
      }
    }
  }

  /** Written first, in force then. */
  async #take(next: Held): Promise<void> {
    const { record, clock, taken } = this.#options;
    const until = clock.now() + longestLeafMs;
    const left = this.#signing.issuer.roots().map((pem) => ({ pem, until }));
    const former = [...left, ...this.#former.filter(({ pem }) => left.every((root) => root.pem !== pem))];
    await record.write({ signing: next.place, former });
    this.#signing = next;
    this.#former = former;
    await this.rotating?.adjust(this.#wanted);
    taken();
  }

  #dropUnwanted(): void {
    const wanted = new Set([...this.#places(), this.#signing.place].map(keyOf));
    for (const [key, { issuer, stop }] of this.#held) {
      if (wanted.has(key)) continue;
      stop();
      issuer.close();
      this.#held.delete(key);
    }
  }

  #hold(place: IssuerPlace, issuer: Issuer, since: number): Held {
    const held = { place, issuer, since, stop: issuer.onRootsChanged(() => this.#tell()) };
    this.#held.set(keyOf(place), held);
    return held;
  }

  /** Who is to sign next, once it is open. */
  #next(): Held | undefined {
    const { signing } = this.#wanted;
    const next = signing === undefined ? undefined : this.#held.get(keyOf(signing));
    return next === this.#signing ? undefined : next;
  }

  #waitsFor({ issuer, since }: Held): string | undefined {
    const { untrusting, clock } = this.#options;
    if (issuer.roots().length === 0) return 'no root of it is known';
    const names = untrusting();
    if (names.length > 0) return describeUntrusting(names, 'its root');
    const settled = since + this.#wanted.settleMs;
    return clock.now() >= settled ? undefined : `its root is trusted until ${new Date(settled).toISOString()} first`;
  }

  #places(): readonly IssuerPlace[] {
    const { signing, trusted } = this.#wanted;
    return [...(signing === undefined ? [] : [signing]), ...trusted];
  }

  #trusted(): readonly string[] {
    const held = [...this.#held.values()].flatMap(({ issuer }) => issuer.roots());
    return orderCertificates([...held, ...this.#former.map(({ pem }) => pem)]);
  }

  #tell(): void {
    const before = this.#roots;
    this.#roots = this.#trusted();
    if (this.#roots.join() !== before.join()) this.#listeners.notify();
  }

  #successionFindings(): readonly Finding[] {
    const object = { kind: 'CertificateAuthority', name: this.trustDomain };
    const next = this.#next();
    const reason = next === undefined ? undefined : this.#waitsFor(next);
    const waits = next === undefined ? [] : [`${next.issuer.name}: ${reason ?? 'it is taken over now'}.`];
    const faults = [...this.#faults.values()].map((fault) => `${fault}.`);
    const end = this.#former.reduce((latest, { until }) => Math.max(latest, until), 0);
    const kept = `The roots of the issuer before are trusted until ${new Date(end).toISOString()}.`;
    return [
      ...[...waits, ...faults].map((message) => finding('ISTH1210', { object, message })),
      ...(end === 0 ? [] : [finding('ISTH1209', { object, message: kept })]),
    ];
  }
}

function keyOf(place: IssuerPlace): string {
  return JSON.stringify(place);
}
