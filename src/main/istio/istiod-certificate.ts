/**
 * Asks istiod for a certificate, as Istio's own agents do: with the token of our service account, which says who we are. The
 * key is made here and stays here. istiod is believed to be who it is by the root that it publishes itself.
 */
import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { Client, credentials, Metadata } from '@grpc/grpc-js';
import { readCertificates } from '../../certificates/certificate-text.ts';
import { identityOfCertificate } from '../../certificates/peer-identity.ts';
import type { ServerCredentials } from '../../delivery/xds/transport/server-tls.ts';
import { readRegularFile } from '../../local-files/regular-file.ts';
import { IsthmusError, messageOf } from '../../model/errors.ts';
import type { Identity } from '../../model/identity.ts';
import { parseAddress } from '../../model/tcp-address.ts';
import { createCertificatePath } from '../../security/istio-certificate-service.ts';
import { PrivateKey } from '../../security/private-key.ts';
import type { Life } from '../../security/renewal.ts';
import { makeSigningRequest } from '../../security/signing-request.ts';
import { decode, encode } from '../../xds-api/messages.ts';
import { unaryCall } from '../unary-call.ts';

export interface IstiodAccess {
  /** `host:port`. */
  readonly istiod: string;
  /** A file: what istiod and its proxies are verified by. */
  readonly root: string;
  /** A file: a token of our service account, for the audience `istio-ca`. */
  readonly token: string;
}

export interface IstioCertificate {
  readonly credentials: ServerCredentials;
  readonly life: Life;
}

const lifetimeSeconds = 24 * 3600;
/** Of its certificate, whatever name or address it is found under. */
const istiodName = 'istiod.istio-system.svc';

/** Throws UNAVAILABLE where it cannot be had, BAD_DATA for one that is not ours. */
export async function requestIstioCertificate(access: IstiodAccess, own: Identity): Promise<IstioCertificate> {
  const [roots, token] = await Promise.all([textOf(access.root), textOf(access.token)]);
  const key = await PrivateKey.generate('ecdsa-p256');
  const request = makeSigningRequest(key, own, []);
  const message = encode('istio.v1.auth.IstioCertificateRequest', {
    csr: await request.pem(),
    validityDuration: lifetimeSeconds,
  });
  const chain = await ask(access.istiod, roots, token, Buffer.from(message));
  const [leaf, ...issuers] = chain;
  const certificate = leaf === undefined ? undefined : new X509Certificate(leaf);
  if (
    leaf === undefined ||
    certificate?.publicKey.export({ format: 'der', type: 'spki' }).equals(request.publicKey) !== true
  )
    throw new IsthmusError('BAD_DATA', `istiod at ${access.istiod} answers a certificate for another key.`);
  const reading = identityOfCertificate(certificate.raw);
  if (reading.kind === 'refused')
    throw new IsthmusError('BAD_DATA', `The certificate of istiod at ${access.istiod} is nobody's: ${reading.reason}.`);
  const life = { notBefore: certificate.validFromDate.getTime(), notAfter: certificate.validToDate.getTime() };
  // The root itself is known to whoever verifies.
  return { credentials: { chain: [leaf, ...issuers.slice(0, -1)].join(''), key: key.reveal(), roots }, life };
}

async function textOf(file: string): Promise<string> {
  try {
    return (await readRegularFile(file)).trim();
  } catch (cause) {
    throw new IsthmusError('UNAVAILABLE', `${file} cannot be read: ${messageOf(cause)}.`, { cause });
  }
}

/** PEM, the leaf first. */
async function ask(istiod: string, roots: string, token: string, request: Buffer): Promise<readonly string[]> {
  const { host } = parseAddress(istiod, '--istiod');
  const isNamed = isIP(host) === 0 && host !== 'localhost';
  const client = new Client(istiod, credentials.createSsl(Buffer.from(roots)), {
    ...(isNamed ? {} : { 'grpc.ssl_target_name_override': istiodName }),
  });
  const metadata = new Metadata();
  metadata.set('authorization', `Bearer ${token}`);
  try {
    const answer = await unaryCall(client, createCertificatePath, request, metadata);
    const { certChain = [] } = decode('istio.v1.auth.IstioCertificateResponse', answer);
    return readCertificates(certChain.join('\n'), `the answer of ${istiod}`);
  } catch (cause) {
    throw new IsthmusError('UNAVAILABLE', `istiod at ${istiod} gives no certificate: ${messageOf(cause)}`, { cause });
  } finally {
    client.close();
  }
}
