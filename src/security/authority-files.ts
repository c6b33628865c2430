/** An authority in files: its certificate, its key, and the way to its root. All that fits together, or what does not. */
import { X509Certificate as NodeCertificate } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { faultOfChain, faultOfDates } from '../certificates/certificate-chain.ts';
import { fingerprintOf, isSelfSigned, readCertificates } from '../certificates/certificate-text.ts';
import { X509Certificate } from '../certificates/x509.ts';
import { readRegularFile } from '../local-files/regular-file.ts';
import type { AuthorityFileNames } from '../model/certificate-settings.ts';
import { messageOf } from '../model/errors.ts';
import type { Signer } from './certificate-profile.ts';
import { PrivateKey } from './private-key.ts';

/** Those that Istio reads of its Secret `cacerts`. */
export const istioFileNames: AuthorityFileNames = {
  roots: 'root-cert.pem',
  certificate: 'ca-cert.pem',
  key: 'ca-key.pem',
  chain: 'cert-chain.pem',
};

export interface FiledAuthority extends Signer {
  /** Of the files: another one has other content. */
  readonly content: string;
  /** PEM: what a peer needs beside a leaf, without the root. */
  readonly intermediates: readonly string[];
  /** PEM: what is to be trusted. */
  readonly roots: readonly string[];
  /** The root that its certificate leads to. */
  readonly ownRoot: string;
  readonly keyIsOpenToOthers: boolean;
}

const maxFileBytes = 1024 * 1024;

/** Rejects, in words for the user that hold no key, where the files are not all there or do not belong together. */
export async function readAuthority(folder: string, names: AuthorityFileNames, now: number): Promise<FiledAuthority> {
  const read = (name: string) => readText(join(folder, name), name);
  const [rootText, certificateText, keyText] = await Promise.all([
    read(names.roots),
    read(names.certificate),
    read(names.key),
  ]);
  const chainText = await read(names.chain).catch(() => '');
  const roots = readCertificates(rootText, names.roots);
  const [pem = ''] = readCertificates(certificateText, names.certificate);
  const key = await PrivateKey.fromPem(keyText).catch((error: unknown) => {
    throw new Error(`${names.key}: ${messageOf(error)}`);
  });
  const chain = [certificateText, chainText].flatMap((text) =>
    text === '' ? [] : readCertificates(text, names.chain),
  );
  const ownRoot = checkAuthority({ pem, key, chain, roots, names, now });
  const between = [...new Set(chain)].filter((other) => !isSelfSigned(new NodeCertificate(other)));
  return {
    certificate: new X509Certificate(pem),
    key,
    content: [...roots, ...chain, fingerprintOf(pem)].join(),
    intermediates: between,
    roots,
    ownRoot,
    keyIsOpenToOthers: ((await stat(join(folder, names.key))).mode & 0o077) !== 0,
  };
}

interface Pieces {
  readonly pem: string;
  readonly key: PrivateKey;
  readonly chain: readonly string[];
  readonly roots: readonly string[];
  readonly names: AuthorityFileNames;
  readonly now: number;
}

function checkAuthority({ pem, key, chain, roots, names, now }: Pieces): string {
  const certificate = new NodeCertificate(pem);
  if (!certificate.publicKey.export({ format: 'der', type: 'spki' }).equals(key.publicKey))
    throw new Error(`${names.key} is not the key of ${names.certificate}`);
  if (!certificate.ca) throw new Error(`${names.certificate} is of no authority`);
  const dates = faultOfDates(certificate, now);
  if (dates !== undefined) throw new Error(`${names.certificate}: ${dates}`);
  const certificates = [
    certificate,
    ...chain.filter((other) => other !== pem).map((other) => new NodeCertificate(other)),
  ];
  const own = roots.find((root) => faultOfChain(certificates, [new NodeCertificate(root)], now) === undefined);
  if (own === undefined) throw new Error(`${names.certificate} is not signed by a root in ${names.roots}`);
  return own;
}

async function readText(path: string, name: string): Promise<string> {
  const look = await stat(path).catch(() => undefined);
  if (look === undefined) throw new Error(`${name} is not there`);
  if (!look.isFile()) throw new Error(`${name} is no file`);
  if (look.size > maxFileBytes) throw new Error(`${name} has more than ${maxFileBytes} bytes`);
  return readRegularFile(path).catch((error: unknown) => {
    throw new Error(`${name} cannot be read: ${messageOf(error)}`);
  });
}
