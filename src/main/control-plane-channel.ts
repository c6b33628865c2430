/**
 * How a proxy speaks to the control plane over TLS: it is believed by its SPIFFE id alone, whatever name or address it was
 * found under, and told who asks by a certificate.
 */
import { isIP } from 'node:net';
import { credentials } from '@grpc/grpc-js';
import { identityOfCertificate } from '../certificates/peer-identity.ts';
import { IsthmusError } from '../model/errors.ts';
import { type Identity, isSameIdentity, spiffeId } from '../model/identity.ts';
import { parseAddress } from '../model/tcp-address.ts';
import type { SecuredChannel } from '../proxy/config/bootstrap.ts';
import type { PrivateKey } from '../security/private-key.ts';

export interface ControlPlaneServer {
  /** `host:port`. */
  readonly address: string;
  readonly identity: Identity;
  /** PEM: what it is verified by. */
  readonly roots: string;
}

export interface OwnProof {
  /** PEM. */
  readonly chain: string;
  readonly key: PrivateKey;
}

/** Without a certificate of one's own only certificates can be asked for. */
export function controlPlaneChannel(
  { address, identity, roots }: ControlPlaneServer,
  own: OwnProof | undefined,
): SecuredChannel {
  const [key = null, chain = null] =
    own === undefined ? [] : [own.key.reveal(), own.chain].map((pem) => Buffer.from(pem));
  const checkServerIdentity = (_host: string, { raw }: { readonly raw: Buffer }): Error | undefined => {
    const reading = identityOfCertificate(raw);
    if (reading.kind === 'identity' && isSameIdentity(reading.identity, identity)) return undefined;
    const found = reading.kind === 'identity' ? spiffeId(reading.identity) : `nobody of the mesh: ${reading.reason}`;
    return new IsthmusError('UNAVAILABLE', `who answers is ${found}, instead of ${spiffeId(identity)}`);
  };
  // TLS does not let an IP address be asked for by name; any other will do, since it is not the name that says who answers.
  const isNamed = isIP(parseAddress(address, '--xds-tls').host) === 0;
  return {
    credentials: credentials.createSsl(Buffer.from(roots), key, chain, { checkServerIdentity }),
    options: isNamed ? {} : { 'grpc.ssl_target_name_override': identity.serviceAccount },
  };
}
