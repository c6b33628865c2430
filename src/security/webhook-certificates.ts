/**
 * The certificate that our webhooks are served with. Its roots are kept where all replicas read them; one replica writes them,
 * each signs leaves for itself. Looked at six times a minute, and whenever something may have changed.
 *
 *   shared roots --> leaf of ours --> listener
 *        ^--- the writer: makes, rotates, announces (API servers are told of all of them), drops
 */
import type { Clock } from '../model/clock.ts';
import { messageOf } from '../model/errors.ts';
import { type Finding, finding } from '../model/finding.ts';
import { makeLeaf, type Validity, validityFrom } from './certificate-profile.ts';
import { PrivateKey } from './private-key.ts';
import {
  announcedRoots,
  bundleOf,
  decodeRoots,
  encodeRoots,
  rotatedRoots,
  signingRoot,
  type WebhookLives,
  type WebhookRoot,
  type WebhookRoots,
} from './webhook-roots.ts';

/** Where the roots are kept: see delivery/kubernetes/webhooks/secret-value.ts. */
export interface SharedValue {
  read(): Promise<{ readonly value: unknown; readonly version: string } | undefined>;
  write(
    value: unknown,
    version: string | undefined,
  ): Promise<{ readonly value: unknown; readonly version: string } | undefined>;
}

export interface WebhookCertificatesOptions {
  readonly store: SharedValue;
  readonly isWriter: () => boolean;
  /** Sees to it that API servers believe these roots, PEM. False: there is nobody to tell. */
  readonly announce: (bundle: string) => Promise<boolean>;
  readonly clock: Clock;
  readonly namespace: string;
  /** What callers call us. */
  readonly dnsNames: readonly string[];
  readonly lives?: Partial<WebhookLives>;
  /** There is a certificate, or another one. PEM. */
  readonly onCertificate: (certificate: { readonly chain: string; readonly key: string }) => void;
}

const day = 24 * 3_600_000;
const usualLives: WebhookLives = { rootMs: 365 * day, leafMs: 2 * day, settleMs: 600_000 };
const lookEveryMs = 10_000;
const lookAgainMs = 2_000;

interface Leaf extends Validity {
  readonly root: string;
}

export class WebhookCertificates {
  readonly #options: WebhookCertificatesOptions;
  readonly #lives: WebhookLives;
  #leaf: Leaf | undefined;
  #fault: string | undefined;
  #isAnnounced = true;
  #cancel: () => void = () => {};
  #last: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(options: WebhookCertificatesOptions) {
    this.#options = options;
    this.#lives = { ...usualLives, ...options.lives };
    void this.look();
  }

  /** At once: who writes has changed, or a test does not wait. Resolves when it has been looked. */
  look(): Promise<void> {
    this.#last = this.#last.then(() => this.#look());
    return this.#last;
  }

  findings(): readonly Finding[] {
    const object = { kind: 'Webhook', name: this.#options.dnsNames[0] ?? '' };
    if (this.#fault !== undefined) return [finding('ISTH1610', { object, message: `${this.#fault}.` })];
    return this.#isAnnounced ? [] : [finding('ISTH1611', { object, message: 'No API server asks our webhooks.' })];
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancel();
    await this.#last;
  }

  async #look(): Promise<void> {
    if (this.#isClosed) return;
    this.#cancel();
    try {
      const roots = await this.#roots();
      if (roots !== undefined) await this.#keepLeaf(signingRoot(roots, this.#options.clock.now(), this.#lives));
      this.#fault = undefined;
    } catch (error) {
      this.#fault = messageOf(error);
    }
    if (this.#isClosed) return;
    const nextMs = this.#leaf === undefined || this.#fault !== undefined ? lookAgainMs : lookEveryMs;
    this.#cancel = this.#options.clock.after(nextMs, () => void this.look());
  }

  /** Undefined while the writer has made none. */
  async #roots(): Promise<WebhookRoots | undefined> {
    const { store, isWriter, announce, clock } = this.#options;
    const stored = await store.read();
    const held = stored === undefined ? undefined : await decodeRoots(stored.value);
    if (!isWriter()) return held;
    // Roots that cannot be read vouch for nobody any more: others take their place.
    const rotated = await rotatedRoots(held, clock.now(), this.#lives);
    const kept = rotated === held ? stored : await store.write(encodeRoots(rotated), stored?.version);
    this.#isAnnounced = await announce(bundleOf(rotated));
    const announced = this.#isAnnounced ? announcedRoots(rotated, clock.now()) : rotated;
    if (announced !== rotated) await store.write(encodeRoots(announced), kept?.version);
    return announced;
  }

  async #keepLeaf(root: WebhookRoot): Promise<void> {
    const { clock, namespace, dnsNames, onCertificate } = this.#options;
    const now = clock.now();
    const leaf = this.#leaf;
    if (leaf?.root === root.pem && now >= leaf.notBefore && now < (leaf.notBefore + leaf.notAfter) / 2) return;
    const key = await PrivateKey.generate('ecdsa-p256');
    const { notBefore, notAfter } = validityFrom(now, this.#lives.leafMs);
    const validity = { notBefore, notAfter: Math.min(notAfter, root.certificate.notAfter.getTime()) };
    const identity = { trustDomain: 'webhooks.isthmus.dev', namespace, serviceAccount: 'isthmus' };
    const chain = await makeLeaf(root, { identity, dnsNames, publicKey: key.publicKey, validity });
    this.#leaf = { ...validity, root: root.pem };
    onCertificate({ chain, key: key.reveal() });
  }
}
