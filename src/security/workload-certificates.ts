/**
 * Certificates of the workloads whose proxies are there: issued when the first proxy of an identity comes, renewed in
 * good time, and forgotten a while after the last one has left.
 *
 *   want(identity) --> key, request --> issuer --> secrets --> onSecrets
 *                        ^                            |
 *                        +---- renewal, new roots ----+
 *
 * Nobody waits for it: a proxy is served everything else meanwhile. While nothing can be issued, what was issued stays.
 */

import { issuingRoot } from '../certificates/certificate-text.ts';
import type { Clock } from '../model/clock.ts';
import { messageOf } from '../model/errors.ts';
import { type Finding, finding } from '../model/finding.ts';
import { type Identity, parseSpiffeId } from '../model/identity.ts';
import type { Issuer } from './issuer.ts';
import { PrivateKey } from './private-key.ts';
import { type Life, RenewalSchedule } from './renewal.ts';
import { makeSigningRequest } from './signing-request.ts';

export interface IssuedSecrets {
  /** PEM, the leaf first. */
  readonly chain: readonly string[];
  readonly key: PrivateKey;
  /** PEM. */
  readonly roots: readonly string[];
}

/** A certificate that is looked after here, in words that hold no key. */
export interface KeptCertificate {
  readonly identity: string;
  /** The fingerprint of the root that signed it; absent while there is none, or the root is trusted no more. */
  readonly root?: string;
  /** Absent while there is none. */
  readonly notAfter?: number;
  /** Whether the last try failed. */
  readonly isFailing: boolean;
}

export interface WorkloadCertificatesOptions {
  readonly issuer: Issuer;
  readonly clock: Clock;
  /** Undefined when an identity is forgotten. */
  readonly onSecrets: (identity: string, secrets: IssuedSecrets | undefined) => void;
}

interface Wanted {
  readonly identity: Identity;
  /** How many proxies there are of it. */
  proxies: number;
  secrets?: IssuedSecrets;
  root?: string;
  notAfter?: number;
  /** Why there is none yet. */
  failure?: string;
  cancelRetry: () => void;
  cancelForgetting: () => void;
}

/** Keys are made in threads of Node's pool, of which there are four. */
const issuedAtATime = 4;
const keptMs = 60_000;
const retryMs = 1_000;
const longestRetryMs = 60_000;

export class WorkloadCertificates {
  readonly #options: WorkloadCertificatesOptions;
  readonly #wanted = new Map<string, Wanted>();
  readonly #queue: string[] = [];
  readonly #renewal: RenewalSchedule;
  readonly #stopRoots: () => void;
  #issuing = 0;
  #isClosed = false;

  constructor(options: WorkloadCertificatesOptions) {
    this.#options = options;
    const { issuer, clock } = options;
    this.#renewal = new RenewalSchedule({ clock, renew: (id) => this.#issue(id), objectOf });
    this.#stopRoots = issuer.onRootsChanged(() => this.#takeRoots());
  }

  /** A proxy of this SPIFFE id has come. Ids of other trust domains are nobody's here. */
  want(id: string): void {
    const known = this.#wanted.get(id);
    if (known !== undefined) {
      known.proxies++;
      known.cancelForgetting();
      return;
    }
    const identity = parseSpiffeId(id);
    if (identity === undefined || identity.trustDomain !== this.#options.issuer.trustDomain) return;
    this.#wanted.set(id, { identity, proxies: 1, cancelRetry: () => {}, cancelForgetting: () => {} });
    this.#queue.push(id);
    this.#next();
  }

  /** A proxy of this SPIFFE id has left. One that only reconnects finds its certificate again. */
  release(id: string): void {
    const wanted = this.#wanted.get(id);
    // Streams end after what they are served from is closed, and a timer would keep the program from its end.
    if (wanted === undefined || --wanted.proxies > 0 || this.#isClosed) return;
    wanted.cancelForgetting = this.#options.clock.after(keptMs, () => this.#forget(id, wanted));
  }

  #forget(id: string, wanted: Wanted): void {
    wanted.cancelRetry();
    this.#wanted.delete(id);
    this.#renewal.forget(id);
    if (wanted.secrets !== undefined) this.#options.onSecrets(id, undefined);
  }

  kept(): readonly KeptCertificate[] {
    const failing = this.#renewal.failing();
    return [...this.#wanted].map(([identity, { root, notAfter, failure }]) => ({
      identity,
      ...(root === undefined ? {} : { root }),
      ...(notAfter === undefined ? {} : { notAfter }),
      isFailing: failure !== undefined || failing.has(identity),
    }));
  }

  /** Renews all, or one, each at a random moment within a time. Answers how many. */
  renew(withinMs: number, identity?: string): number {
    const held = [...this.#wanted].filter(
      ([id, { secrets }]) => secrets !== undefined && (identity === undefined || identity === id),
    );
    if (held.length > 0) this.#renewal.hasten(withinMs, identity);
    return held.length;
  }

  findings(): readonly Finding[] {
    const missing = [...this.#wanted].flatMap(([id, { failure }]) =>
      failure === undefined
        ? []
        : [finding('ISTH1207', { object: objectOf(id), message: `It has none yet: ${failure}` })],
    );
    return [...missing, ...this.#renewal.findings()];
  }

  close(): void {
    this.#isClosed = true;
    this.#stopRoots();
    this.#renewal.close();
    for (const { cancelRetry, cancelForgetting } of this.#wanted.values()) {
      cancelRetry();
      cancelForgetting();
    }
  }

  #next(): void {
    while (this.#issuing < issuedAtATime) {
      const id = this.#queue.shift();
      if (id === undefined) return;
      this.#issuing++;
      void this.#first(id, retryMs).finally(() => {
        this.#issuing--;
        this.#next();
      });
    }
  }

  async #first(id: string, pauseMs: number): Promise<void> {
    const wanted = this.#wanted.get(id);
    if (wanted === undefined || this.#isClosed) return;
    try {
      this.#renewal.keep(id, await this.#issue(id));
      if (!this.#wanted.has(id)) this.#renewal.forget(id);
    } catch (error) {
      if (this.#isClosed) return;
      wanted.failure = messageOf(error);
      const next = Math.min(2 * pauseMs, longestRetryMs);
      wanted.cancelRetry = this.#options.clock.after(pauseMs, () => void this.#first(id, next));
    }
  }

  async #issue(id: string): Promise<Life> {
    const wanted = this.#wanted.get(id);
    if (wanted === undefined) throw new Error('its proxies are gone');
    const { identity } = wanted;
    const dnsNames = dnsNamesOf(identity);
    const key = await PrivateKey.generate('ecdsa-p256');
    const request = makeSigningRequest(key, identity, dnsNames);
    const { issuer } = this.#options;
    const { chain, notBefore, notAfter } = await issuer.issue({ identity, dnsNames, request });
    if (this.#wanted.get(id) !== wanted || this.#isClosed) throw new Error('its proxies are gone');
    delete wanted.failure;
    // Those of this moment: they may have changed while the certificate was made.
    const roots = issuer.roots();
    const root = issuingRoot(chain, roots);
    wanted.secrets = { chain, key, roots };
    wanted.notAfter = notAfter;
    if (root === undefined) delete wanted.root;
    else wanted.root = root;
    this.#options.onSecrets(id, wanted.secrets);
    return { notBefore, notAfter };
  }

  /** Trust first: certificates of a new root come with their renewal. */
  #takeRoots(): void {
    const roots = this.#options.issuer.roots();
    for (const [id, wanted] of this.#wanted) {
      if (wanted.secrets === undefined) continue;
      wanted.secrets = { ...wanted.secrets, roots };
      this.#options.onSecrets(id, wanted.secrets);
    }
  }
}

/** What stands in a workload's certificate beside its SPIFFE id. */
export function dnsNamesOf({ serviceAccount, namespace, trustDomain }: Identity): readonly string[] {
  return [`${serviceAccount}.${namespace}.${trustDomain}`];
}

function objectOf(id: string) {
  const { namespace = '', serviceAccount = id } = parseSpiffeId(id) ?? {};
  return { kind: 'ServiceAccount', namespace, name: serviceAccount };
}
