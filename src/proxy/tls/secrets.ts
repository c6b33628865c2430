/**
 * What this worker's TLS is spoken with: the proxy's own certificate and the roots that it trusts, by the names under which
 * listeners and clusters refer to them. A renewal is for handshakes from then on; connections that stand go on as they are.
 * Keys are handed to OpenSSL, and shown to nobody.
 */
import { constants } from 'node:crypto';
import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls';
import type { Identity } from '../../model/identity.ts';
import type { PlannedSecret } from '../config/secret-plan.ts';
import type { TlsPlan } from '../config/tls-plan.ts';
import { allRoots, identifyPeer, type Peer, type TrustedRoots } from './trusted-roots.ts';

/** Certificate and roots of one plan. */
export interface Credentials {
  readonly context: SecureContext;
  readonly options: SecureContextOptions;
  /** Who a peer is that TLS has verified; `chain`: DER, the leaf first. */
  identify(chain: readonly Uint8Array[]): Peer;
}

interface OwnCertificate {
  readonly chain: string;
  readonly key: string;
  readonly identity: Identity;
}

export class Secrets {
  readonly #certificates = new Map<string, OwnCertificate>();
  readonly #roots = new Map<string, TrustedRoots>();
  readonly #credentials = new Map<string, Credentials>();
  readonly #listeners = new Set<() => void>();

  set(name: string, secret: PlannedSecret): void {
    if (secret.kind === 'certificate') this.#certificates.set(name, secret);
    else this.#roots.set(name, secret.trusted);
    this.#changed();
  }

  /** Undefined while the certificate or the roots have not come. */
  credentials({ certificate, roots }: Pick<TlsPlan, 'certificate' | 'roots'>): Credentials | undefined {
    const key = JSON.stringify([certificate.name, roots.name]);
    const known = this.#credentials.get(key);
    if (known !== undefined) return known;
    const own = this.#certificates.get(certificate.name);
    const trusted = this.#roots.get(roots.name);
    if (own === undefined || trusted === undefined) return undefined;
    const made = credentialsOf(own, trusted);
    this.#credentials.set(key, made);
    return made;
  }

  /** Calls whenever a secret has come; returns how to stop it. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #changed(): void {
    this.#credentials.clear();
    for (const listener of this.#listeners) listener();
  }
}

function credentialsOf({ chain, key, identity }: OwnCertificate, trusted: TrustedRoots): Credentials {
  const options: SecureContextOptions = {
    cert: chain,
    key,
    ca: [...allRoots(trusted)],
    minVersion: 'TLSv1.2',
    // A session that is resumed would be trusted by the roots of its beginning.
    secureOptions: constants.SSL_OP_NO_TICKET,
  };
  return {
    context: createSecureContext(options),
    options,
    identify: (peers) => identifyPeer(peers, trusted, identity, Date.now()),
  };
}
