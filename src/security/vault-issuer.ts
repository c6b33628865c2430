/**
 * An issuer that asks the PKI of a Vault. Its role has to leave the names to the request's parameters, not to the signing
 * request: `use_csr_sans=false`, `use_csr_common_name=false`, `require_cn=false`, `allowed_uri_sans=spiffe://<trust domain>/*`,
 * `allow_any_name` or the workloads' domains, `max_ttl` of at most 24 h.
 *
 * All roots of the mount are trusted, also of issuers that do not sign yet, so that who rotates there adds the new issuer first
 * and makes it the default a minute later. A certificate of a root that proxies had no time to learn of is not given out, nor
 * one that is not what was asked for.
 */
import { X509Certificate } from 'node:crypto';
import { faultOfChain } from '../certificates/certificate-chain.ts';
import { isSelfSigned, readCertificates } from '../certificates/certificate-text.ts';
import { type Clock, systemClock } from '../model/clock.ts';
import { IsthmusError, messageOf } from '../model/errors.ts';
import { type Finding, finding } from '../model/finding.ts';
import { spiffeId } from '../model/identity.ts';
import { faultOfIssued } from './issued-certificate.ts';
import { type IssuanceRequest, type IssuedCertificate, type Issuer, longestLeafMs, RootListeners } from './issuer.ts';
import { KeptRoots, type ValueFile } from './kept-roots.ts';
import { VaultClient, type VaultClientOptions } from './vault-client.ts';

export interface VaultIssuerOptions extends VaultClientOptions {
  readonly trustDomain: string;
  /** Where the PKI is mounted: `pki`. */
  readonly mount: string;
  readonly role: string;
  /** Where trusted roots are kept, in the state folder. */
  readonly kept: ValueFile;
  readonly leafLifetimeMs?: number;
  readonly settleMs?: number;
  readonly clock?: Clock;
  readonly findingsChanged?: () => void;
}

type Settings = VaultIssuerOptions & typeof defaults;

const defaults: { leafLifetimeMs: number; settleMs: number; clock: Clock; findingsChanged: () => void } = {
  leafLifetimeMs: longestLeafMs,
  settleMs: 60_000,
  clock: systemClock,
  findingsChanged: () => undefined,
};
const lookEveryMs = 30_000;
/** A mount in rotation has two. */
const maxIssuers = 20;

export class VaultIssuer implements Issuer {
  readonly #settings: Settings;
  readonly #client: VaultClient;
  readonly #kept: KeptRoots;
  readonly #listeners = new RootListeners();
  #fault: string | undefined;
  #cancelLook: () => void = () => undefined;
  #closed = false;

  private constructor(settings: Settings, client: VaultClient, kept: KeptRoots) {
    this.#settings = settings;
    this.#client = client;
    this.#kept = kept;
  }

  /** Resolves though Vault cannot be reached, with the roots that were known: see `findings`. Throws USAGE and STATE. */
  static async open(options: VaultIssuerOptions): Promise<VaultIssuer> {
    const settings = { ...defaults, ...options };
    const { kept: file, clock, leafLifetimeMs, settleMs } = settings;
    const kept = await KeptRoots.open({ file, clock, longestLeafMs: leafLifetimeMs, settleMs });
    const issuer = new VaultIssuer(settings, new VaultClient(options), kept);
    await issuer.reload();
    issuer.#lookLater();
    return issuer;
  }

  get name(): string {
    return `Vault at ${this.#client.address}`;
  }

  get trustDomain(): string {
    return this.#settings.trustDomain;
  }

  async issue(request: IssuanceRequest): Promise<IssuedCertificate> {
    const { identity } = request;
    if (identity.trustDomain !== this.trustDomain)
      throw new IsthmusError('BAD_DATA', `the trust domain is ${this.trustDomain}, not ${identity.trustDomain}`);
    const lifetimeMs = Math.min(request.lifetimeMs ?? Number.POSITIVE_INFINITY, this.#settings.leafLifetimeMs);
    const chain = await this.#sign(request, lifetimeMs);
    if (!this.#isOfKnownRoot(chain)) await this.reload();
    const fault = faultOfIssued(chain, this.roots(), request, {
      now: this.#settings.clock.now(),
      longestMs: lifetimeMs,
    });
    if (fault !== undefined)
      throw new IsthmusError('UNAVAILABLE', `Vault issued a certificate that is not used: ${fault}`);
    if (!this.#isOfKnownRoot(chain, (root) => this.#kept.isSettled(root)))
      throw new IsthmusError('UNAVAILABLE', 'Vault signs with a new root, of which proxies have yet to learn');
    const { validFromDate, validToDate } = new X509Certificate(chain[0] ?? '');
    return { chain, roots: this.roots(), notBefore: validFromDate.getTime(), notAfter: validToDate.getTime() };
  }

  roots(): readonly string[] {
    return this.#kept.roots();
  }

  onRootsChanged(listener: () => void): () => void {
    return this.#listeners.add(listener);
  }

  findings(): readonly Finding[] {
    const object = { kind: 'CertificateAuthority', name: `${this.#client.address}/${this.#settings.mount}` };
    const faults = this.#fault === undefined ? [] : [finding('ISTH1201', { object, message: `${this.#fault}.` })];
    return [...faults, ...this.#kept.findings(object)];
  }

  /** Asks for the roots of now. What cannot be seen is not taken away. */
  async reload(): Promise<void> {
    const before = this.#fault;
    let isChanged = false;
    try {
      isChanged = await this.#kept.see(await this.#askForRoots());
      this.#fault = undefined;
    } catch (error) {
      this.#fault = messageOf(error).replace(/\.$/, '');
    }
    if (isChanged) this.#listeners.notify();
    if (isChanged || this.#fault !== before) this.#settings.findingsChanged();
  }

  close(): void {
    this.#closed = true;
    this.#cancelLook();
  }

  #lookLater(): void {
    if (this.#closed) return;
    this.#cancelLook = this.#settings.clock.after(
      lookEveryMs,
      () => void this.reload().finally(() => this.#lookLater()),
    );
  }

  async #sign({ identity, dnsNames, request }: IssuanceRequest, lifetimeMs: number): Promise<readonly string[]> {
    const { mount, role } = this.#settings;
    const data = await this.#client.ask('POST', `${mount}/sign/${role}`, {
      csr: await request.pem(),
      uri_sans: spiffeId(identity),
      alt_names: dnsNames.join(','),
      // Whole seconds: OSM's whole hours made nothing of less than one.
      ttl: `${Math.ceil(lifetimeMs / 1000)}s`,
      exclude_cn_from_sans: true,
    });
    if (data === undefined) throw new IsthmusError('UNAVAILABLE', `Vault has no PKI at ${mount}, or no role ${role}`);
    const leaf = certificatesIn(data.certificate);
    const others = [...certificatesIn(data.ca_chain), ...certificatesIn(data.issuing_ca)];
    return [...leaf, ...new Set(others.filter((pem) => !isSelfSigned(new X509Certificate(pem))))];
  }

  #isOfKnownRoot(chain: readonly string[], isEligible: (root: string) => boolean = () => true): boolean {
    const roots = this.roots()
      .filter(isEligible)
      .map((pem) => new X509Certificate(pem));
    const certificates = chain.map((pem) => new X509Certificate(pem));
    const begin = certificates[0]?.validFromDate.getTime() ?? 0;
    return faultOfChain(certificates, roots, Math.max(begin, this.#settings.clock.now())) === undefined;
  }

  /** Of all issuers of the mount; before Vault 1.11 there was one. */
  async #askForRoots(): Promise<readonly string[]> {
    const { mount } = this.#settings;
    const listed = await this.#client.ask('GET', `${mount}/issuers?list=true`);
    const ids = Array.isArray(listed?.keys)
      ? listed.keys.filter((id) => typeof id === 'string').slice(0, maxIssuers)
      : [];
    const paths =
      ids.length > 0 ? ids.map((id) => `${mount}/issuer/${encodeURIComponent(id)}/json`) : [`${mount}/cert/ca`];
    const answers = await Promise.all(paths.map((path) => this.#client.ask('GET', path)));
    const all = answers.flatMap((data) => [...certificatesIn(data?.certificate), ...certificatesIn(data?.ca_chain)]);
    const roots = [...new Set(all)].filter((pem) => isSelfSigned(new X509Certificate(pem)));
    if (roots.length === 0)
      throw new Error(`Vault has no root certificate at ${mount}: import the root beside the authority`);
    return roots;
  }
}

/** PEM in a field: a text, or a list of them. */
function certificatesIn(value: unknown): readonly string[] {
  const texts: readonly unknown[] = Array.isArray(value) ? value : [value];
  return texts.flatMap((text) =>
    typeof text === 'string' && text !== '' ? readCertificates(text, 'the answer of Vault') : [],
  );
}
