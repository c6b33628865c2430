/**
 * Asks a control plane for a certificate, over gRPC and TLS. The key is made here and stays here; what is sent is a signing
 * request, and a token or the certificate that is to be renewed. The server is believed to be who it has to be before either
 * goes out.
 */
import { X509Certificate } from 'node:crypto';
import { Client, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { readCertificates } from '../../certificates/certificate-text.ts';
import { identityOfCertificate } from '../../certificates/peer-identity.ts';
import { IsthmusError, messageOf } from '../../model/errors.ts';
import { type Identity, isSameIdentity, spiffeId } from '../../model/identity.ts';
import { faultOfIssued } from '../../security/issued-certificate.ts';
import { longestLeafMs } from '../../security/issuer.ts';
import { createCertificatePath } from '../../security/istio-certificate-service.ts';
import { PrivateKey } from '../../security/private-key.ts';
import { makeSigningRequest, type SigningRequest } from '../../security/signing-request.ts';
import { dnsNamesOf } from '../../security/workload-certificates.ts';
import { decode, encode } from '../../xds-api/messages.ts';
import { type ControlPlaneServer, controlPlaneChannel } from '../control-plane-channel.ts';
import { unaryCall } from '../unary-call.ts';
import type { ProxyCertificate } from './proxy-certificates-folder.ts';

/** By what the caller shows who it is. */
export type Proof =
  | { readonly kind: 'token'; readonly token: string }
  | { readonly kind: 'certificate'; readonly chain: string; readonly key: PrivateKey };

/** Statuses that may be others tomorrow; all else is a refusal. */
const passing: readonly number[] = [status.UNAVAILABLE, status.DEADLINE_EXCEEDED, status.RESOURCE_EXHAUSTED];

/** Throws UNAVAILABLE where nobody answers who is to be trusted, BAD_DATA for a refusal or a certificate of another. */
export async function requestCertificate(
  server: ControlPlaneServer,
  workload: Identity,
  proof: Proof,
): Promise<ProxyCertificate> {
  const key = await PrivateKey.generate('ecdsa-p256');
  const dnsNames = dnsNamesOf(workload);
  const request = makeSigningRequest(key, workload, dnsNames);
  const { chain, roots } = await ask(server, request, proof);
  if (proof.kind === 'token') requireOwn(chain, workload);
  const now = Date.now();
  const fault = faultOfIssued(
    chain,
    roots,
    { identity: workload, dnsNames, request },
    { now, longestMs: longestLeafMs },
  );
  if (fault !== undefined)
    throw new IsthmusError(
      'BAD_DATA',
      `The certificate from ${server.address} is not that of ${spiffeId(workload)}: ${fault}.`,
    );
  return { chain: chain.join(''), key, roots: roots.join('') };
}

/** A token is for one workload, whatever its holder says that it is. */
function requireOwn([leaf]: readonly string[], workload: Identity): void {
  const reading = leaf === undefined ? undefined : identityOfCertificate(new X509Certificate(leaf).raw);
  if (reading?.kind !== 'identity' || isSameIdentity(reading.identity, workload)) return;
  throw new IsthmusError(
    'BAD_DATA',
    `The token of --token-file is for ${spiffeId(reading.identity)}, not for ${spiffeId(workload)}: the token decides whom a certificate is for. Make another with "isthmus token create", or correct --namespace and --service-account.`,
  );
}

interface Issued {
  readonly chain: readonly string[];
  readonly roots: readonly string[];
}

async function ask(server: ControlPlaneServer, { pem }: SigningRequest, proof: Proof): Promise<Issued> {
  const client = connect(server, proof);
  const metadata = new Metadata();
  if (proof.kind === 'token') metadata.set('authorization', `Bearer ${proof.token}`);
  const bytes = Buffer.from(encode('istio.v1.auth.IstioCertificateRequest', { csr: await pem() }));
  try {
    return readAnswer(await unaryCall(client, createCertificatePath, bytes, metadata), server);
  } catch (error) {
    throw failure(server, proof, error);
  } finally {
    client.close();
  }
}

function connect(server: ControlPlaneServer, proof: Proof): Client {
  const { credentials, options } = controlPlaneChannel(server, proof.kind === 'certificate' ? proof : undefined);
  return new Client(server.address, credentials, options);
}

function readAnswer(bytes: Buffer, { address }: ControlPlaneServer): Issued {
  const { certChain = [] } = decode('istio.v1.auth.IstioCertificateResponse', bytes);
  const read = (pem: readonly string[]) => readCertificates(pem.join('\n'), `the answer of ${address}`);
  return { chain: read(certChain.slice(0, -1)), roots: read(certChain.slice(-1)) };
}

/** What TLS says of a server whose certificate comes of no root that was given. */
const unverified =
  /(self-signed certificate[a-z ]*|unable to (?:get|verify) [a-z ]*certificate|certificate signature failure)/i;

function failure({ address }: ControlPlaneServer, proof: Proof, error: unknown): IsthmusError {
  if (error instanceof IsthmusError) return error;
  if (!isServiceError(error))
    return new IsthmusError('BAD_DATA', `${address} answers what is no certificate: ${messageOf(error)}.`, {
      cause: error,
    });
  const code = passing.includes(error.code) ? 'UNAVAILABLE' : 'BAD_DATA';
  const [reason] = unverified.exec(error.details) ?? [];
  if (reason !== undefined) {
    const which = proof.kind === 'token' ? 'The roots of --roots' : 'The roots beside the certificate';
    const message = `${which} do not verify who answers at --xds-tls ${address} (${reason.trim()}): they are those of another control plane, or of before a rotation. "isthmus token roots" prints those of now.`;
    return new IsthmusError(code, message, { cause: error });
  }
  const details = error.details.replace(/\s*Resolution note:\s*$/, '');
  return new IsthmusError(code, `--xds-tls ${address} gives no certificate: ${details}`, { cause: error });
}

function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && 'details' in error && 'code' in error;
}
