/**
 * Where sidecars of istiod ask for the routes of MetaProtocol: over mutual TLS with certificates of Istio's root, theirs and
 * ours. It listens from when istiod has given us one; until then, and whenever a renewal fails, everything else goes on.
 */
import type { X509Certificate } from 'node:crypto';
import { identityOfCertificate } from '../../certificates/peer-identity.ts';
import type { IstioXdsWish } from '../../cli/actions.ts';
import type { XdsServer } from '../../delivery/xds/server.ts';
import type { ServerTls } from '../../delivery/xds/transport/server-tls.ts';
import { readRegularFile } from '../../local-files/regular-file.ts';
import { systemClock } from '../../model/clock.ts';
import { messageOf } from '../../model/errors.ts';
import { type Finding, finding } from '../../model/finding.ts';
import { type Identity, spiffeId } from '../../model/identity.ts';
import { formatAddress, parseAddress } from '../../model/tcp-address.ts';
import type { Logger } from '../../operations/log.ts';
import { type Life, RenewalSchedule } from '../../security/renewal.ts';
import { type IstioCertificate, requestIstioCertificate } from './istiod-certificate.ts';

/** Kubernetes brings a changed ConfigMap into a Pod within a minute or two. */
const rootsLookMs = 30_000;
const unheld: Life = { notBefore: 0, notAfter: 0 };

export class IstioXds {
  readonly #wish: IstioXdsWish;
  readonly #own: Identity;
  readonly #xds: XdsServer;
  readonly #log: Logger;
  readonly #schedule: RenewalSchedule;
  readonly #renewed = new Set<() => void>();
  readonly #listening = Promise.withResolvers<string>();
  #held: IstioCertificate | undefined;
  #failure: string | undefined;
  #cancelLook: () => void = () => {};
  #isListening = false;
  #isClosed = false;

  /** Throws USAGE for an address that is none. `own`: who we are; istiod goes by our token. */
  constructor(wish: IstioXdsWish, own: Identity, xds: XdsServer, log: Logger) {
    parseAddress(wish.address, '--istio-xds');
    parseAddress(wish.istiod, '--istiod');
    this.#wish = wish;
    this.#own = own;
    this.#xds = xds;
    this.#log = log;
    this.#schedule = new RenewalSchedule({
      clock: systemClock,
      renew: () => this.#renew(),
      objectOf: () => ({ kind: 'IstioCertificate', name: 'istio-xds' }),
    });
    this.#schedule.keep('istio-xds', unheld);
    this.#look();
  }

  /** The address, once somebody can be served there. */
  get listening(): Promise<string> {
    return this.#listening.promise;
  }

  findings(): readonly Finding[] {
    if (this.#failure === undefined) return this.#schedule.findings().filter(() => this.#held !== undefined);
    const object = { kind: 'IstioCertificate', name: 'istio-xds' };
    return [finding('ISTH1506', { object, message: this.#failure })];
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelLook();
    this.#schedule.close();
  }

  async #renew(): Promise<Life> {
    try {
      this.#held = await requestIstioCertificate(this.#wish, this.#own);
      await this.#listen();
    } catch (error) {
      this.#failure = messageOf(error);
      this.#log.warn({ err: error }, 'sidecars of istiod are not served');
      throw error;
    }
    this.#failure = undefined;
    for (const renewed of this.#renewed) renewed();
    return this.#held.life;
  }

  async #listen(): Promise<void> {
    if (this.#isListening || this.#isClosed) return;
    const at = parseAddress(this.#wish.address, '--istio-xds');
    const { host, port } = await this.#xds.listen({ ...at, tls: this.#tls(), isIstios: true });
    this.#isListening = true;
    const address = formatAddress(host, port);
    this.#log.info({ address }, 'sidecars of istiod are served');
    this.#listening.resolve(address);
  }

  #tls(): ServerTls {
    return {
      credentials: () => this.#held?.credentials ?? { chain: '', key: '', roots: '' },
      onRenewed: (renewed) => {
        this.#renewed.add(renewed);
        return () => this.#renewed.delete(renewed);
      },
      identityOf,
      openPaths: new Map(),
    };
  }

  /** A root that is added is trusted at once: sidecars have certificates of it before ours is renewed. */
  #look(): void {
    this.#cancelLook = systemClock.after(rootsLookMs, () => {
      void this.#readRoots().finally(() => {
        if (!this.#isClosed) this.#look();
      });
    });
  }

  async #readRoots(): Promise<void> {
    const roots = await readRegularFile(this.#wish.root).then(
      (text) => text.trim(),
      () => undefined,
    );
    if (this.#held === undefined || roots === undefined || roots === '' || roots === this.#held.credentials.roots)
      return;
    this.#held = { ...this.#held, credentials: { ...this.#held.credentials, roots } };
    this.#schedule.hasten(rootsLookMs, 'istio-xds');
    for (const renewed of this.#renewed) renewed();
  }
}

/** Of any trust domain: what Istio's root has signed is Istio's to name. */
function identityOf(certificate: X509Certificate): string | undefined {
  const reading = identityOfCertificate(certificate.raw);
  return reading.kind === 'refused' ? undefined : spiffeId(reading.identity);
}
