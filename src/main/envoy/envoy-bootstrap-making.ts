/** `isthmus proxy bootstrap`: checks what was wished for, gets the first certificate where there is a token, and writes down the rest. */
import { isIP } from 'node:net';
import path from 'node:path';
import type { EnvoyBootstrapWish } from '../../cli/actions.ts';
import { readNamedFile } from '../../cli/named-files.ts';
import { readTokenFile } from '../../cli/token-file.ts';
import { IsthmusError } from '../../model/errors.ts';
import { type Identity, isIdentity, isTrustDomain } from '../../model/identity.ts';
import { isLoopback } from '../../model/loopback.ts';
import { parseAddress } from '../../model/tcp-address.ts';
import { requestCertificate } from '../certificates/proxy-certificates-client.ts';
import { writeProxyCertificate, writeSecretFiles } from '../certificates/proxy-certificates-folder.ts';
import { type EnvoyControlPlane, envoyBootstrap, envoySecrets } from './envoy-bootstrap.ts';

const nameForm = /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/;

/** Throws USAGE for wishes that do not go together, and what asking for a certificate throws. */
export async function makeEnvoyBootstrap(wish: EnvoyBootstrapWish): Promise<object> {
  const workload = workloadOf(wish);
  const admin = parseAddress(wish.admin, '--admin');
  if (!isLoopback(admin.host))
    throw usage(`--admin ${wish.admin} is not loopback: Envoy's admin address asks nobody who he is.`);
  const { mark, strict, healthPort } = wish;
  if (mark !== undefined && !(Number.isInteger(mark) && mark > 0 && mark < 2 ** 31))
    throw usage(`--mark takes a number from 1 to ${2 ** 31 - 1}.`);
  const controlPlane = controlPlaneOf(wish);
  if (controlPlane.kind === 'tls') {
    await fetchFirst(wish, controlPlane);
    await writeSecretFiles(controlPlane.folder, envoySecrets(controlPlane.folder));
  }
  return envoyBootstrap({
    workload,
    controlPlane,
    admin,
    strict,
    ...(mark === undefined ? {} : { mark }),
    ...(healthPort === undefined ? {} : { healthPort }),
  });
}

function workloadOf({ workload, trustDomain }: EnvoyBootstrapWish): EnvoyBootstrapWish['workload'] {
  const { name, namespace, serviceAccount, addresses } = workload;
  if (!nameForm.test(name)) throw usage(`--name "${name}" is no name: lower-case letters, digits, "-" and ".".`);
  if (!isTrustDomain(trustDomain)) throw usage(`--trust-domain "${trustDomain}" is no trust domain.`);
  if (!isIdentity({ trustDomain, namespace, serviceAccount }))
    throw usage(
      `"${namespace}" and "${serviceAccount}" are no namespace and service account that a certificate can name.`,
    );
  for (const address of addresses)
    if (isIP(address) === 0 || address.includes('%')) throw usage(`--address "${address}" is no IP address.`);
  return workload;
}

function controlPlaneOf({ xds, xdsTls, ...wish }: EnvoyBootstrapWish): EnvoyControlPlane {
  if ((xds === undefined) === (xdsTls === undefined))
    throw usage(
      'Give either --xds-tls ADDRESS with --certificates FOLDER, or, in plaintext on loopback, --xds ADDRESS.',
    );
  if (xdsTls !== undefined) return securedControlPlane(xdsTls, wish);
  const address = parseAddress(xds ?? '', '--xds');
  if (!isLoopback(address.host))
    throw usage(
      `--xds ${xds} is not loopback, and plaintext is for loopback only. Use --xds-tls ADDRESS with --certificates FOLDER.`,
    );
  for (const [flag, value] of Object.entries({ certificates: wish.certificates, 'token-file': wish.tokenFile }))
    if (value !== undefined) throw usage(`--${flag} is for --xds-tls.`);
  return { kind: 'plaintext', address };
}

function securedControlPlane(
  xdsTls: string,
  { certificates, tokenFile, roots, rootNamespace, trustDomain }: Omit<EnvoyBootstrapWish, 'xds' | 'xdsTls'>,
): EnvoyControlPlane {
  const address = parseAddress(xdsTls, '--xds-tls');
  if (certificates === undefined)
    throw usage('--xds-tls needs --certificates FOLDER, where the certificate of the proxy is.');
  if (tokenFile !== undefined && roots === undefined)
    throw usage(
      '--token-file needs --roots FILE, by which the control plane is verified: "isthmus token roots" prints it.',
    );
  const identity: Identity = { trustDomain, namespace: rootNamespace, serviceAccount: 'isthmus' };
  if (!isIdentity(identity)) throw usage(`--root-namespace "${rootNamespace}" is no namespace.`);
  return { kind: 'tls', address, folder: path.resolve(certificates), identity };
}

async function fetchFirst(
  { workload, trustDomain, tokenFile, roots = '', xdsTls = '' }: EnvoyBootstrapWish,
  { folder, identity }: Extract<EnvoyControlPlane, { readonly kind: 'tls' }>,
): Promise<void> {
  if (tokenFile === undefined) return;
  const token = await readTokenFile(tokenFile, '--token-file');
  const server = { address: xdsTls, identity, roots: (await readNamedFile(roots, '--roots')).toString('utf8') };
  const { namespace, serviceAccount } = workload;
  const certificate = await requestCertificate(
    server,
    { trustDomain, namespace, serviceAccount },
    { kind: 'token', token },
  );
  await writeProxyCertificate(folder, certificate);
}

function usage(message: string): IsthmusError {
  return new IsthmusError('USAGE', message);
}
