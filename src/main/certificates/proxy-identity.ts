/**
 * metaproxy's own certificate: taken from its folder, kept fresh there, and given to the running proxy whenever it changes, by
 * whatever means. Its key was made on this machine and stays there.
 */
import { type FSWatcher, watch } from 'node:fs';
import path from 'node:path';
import type { ProxyRunOptions } from '../../cli/actions.ts';
import { readNamedFile } from '../../cli/named-files.ts';
import { readTokenFile } from '../../cli/token-file.ts';
import { IsthmusError } from '../../model/errors.ts';
import { type Identity, isIdentity, spiffeId } from '../../model/identity.ts';
import { parseAddress } from '../../model/tcp-address.ts';
import type { Logger } from '../../operations/log.ts';
import type { SecuredChannel } from '../../proxy/config/bootstrap.ts';
import type { Metaproxy, OwnCertificate } from '../../proxy/metaproxy.ts';
import { controlPlaneChannel } from '../control-plane-channel.ts';
import { identityInFolder, ProxyCertificateKeeping } from './proxy-certificates.ts';
import { requestCertificate } from './proxy-certificates-client.ts';
import { readProxyCertificate, writeProxyCertificate } from './proxy-certificates-folder.ts';

type Wish = Pick<
  ProxyRunOptions,
  'xdsTls' | 'certificates' | 'tokenFile' | 'roots' | 'namespace' | 'serviceAccount' | 'trustDomain' | 'rootNamespace'
>;

/** A renewal is several changes in the folder; the last of them counts. */
const settledMs = 200;

export class ProxyIdentity {
  readonly identity: Identity;
  readonly address: string;
  readonly #folder: string;
  readonly #controlPlane: Identity;
  readonly #log: Logger;
  #keeping: ProxyCertificateKeeping | undefined;
  #watcher: FSWatcher | undefined;
  #timer: NodeJS.Timeout | undefined;

  private constructor(identity: Identity, address: string, folder: string, controlPlane: Identity, log: Logger) {
    this.identity = identity;
    this.address = address;
    this.#folder = folder;
    this.#controlPlane = controlPlane;
    this.#log = log;
  }

  /** Gets the first certificate where there is a token. Throws USAGE, BAD_DATA, or UNAVAILABLE. */
  static async open(wish: Wish, log: Logger): Promise<ProxyIdentity | undefined> {
    const { xdsTls, certificates, trustDomain, rootNamespace } = wish;
    if (xdsTls === undefined) return undefined;
    parseAddress(xdsTls, '--xds-tls');
    if (certificates === undefined)
      throw usage('--xds-tls needs --certificates FOLDER, where the certificate of the proxy is.');
    const folder = path.resolve(certificates);
    const controlPlane: Identity = { trustDomain, namespace: rootNamespace, serviceAccount: 'isthmus' };
    if (!isIdentity(controlPlane)) throw usage('--trust-domain and --root-namespace are no names of a mesh.');
    await fetchFirst(wish, folder, controlPlane);
    const identity = await identityInFolder(folder);
    return new ProxyIdentity(identity, xdsTls, folder, controlPlane, log);
  }

  async certificate(): Promise<OwnCertificate> {
    const { chain, key } = await readProxyCertificate(this.#folder);
    return { chain, key: key.reveal() };
  }

  /** By what the folder holds at the moment. */
  async channel(): Promise<SecuredChannel> {
    const held = await readProxyCertificate(this.#folder);
    return controlPlaneChannel({ address: this.address, identity: this.#controlPlane, roots: held.roots }, held);
  }

  /** Where the certificate has ended meanwhile, another one is asked for with the token, if there is one. */
  async keepFresh(
    proxy: Pick<Metaproxy, 'renewCertificate'>,
    { tokenFile, roots }: Pick<Wish, 'tokenFile' | 'roots'> = {},
  ): Promise<void> {
    const { address: xdsTls } = this;
    const { namespace: rootNamespace } = this.#controlPlane;
    this.#keeping = await ProxyCertificateKeeping.start(
      {
        xdsTls,
        certificates: this.#folder,
        rootNamespace,
        ...(tokenFile === undefined ? {} : { tokenFile }),
        ...(roots === undefined ? {} : { roots }),
      },
      this.#log,
    );
    this.#watcher = watch(this.#folder, () => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => void this.#takeUp(proxy), settledMs);
    });
    this.#watcher.on('error', (err) => this.#log.error({ err }, 'the folder of certificates cannot be watched'));
  }

  async close(): Promise<void> {
    this.#watcher?.close();
    clearTimeout(this.#timer);
    await this.#keeping?.close();
  }

  /** One that cannot be used is told of, and the one before goes on. */
  async #takeUp(proxy: Pick<Metaproxy, 'renewCertificate'>): Promise<void> {
    try {
      await proxy.renewCertificate(await this.certificate());
    } catch (err) {
      this.#log.error({ err, identity: spiffeId(this.identity) }, 'the certificate is not taken up');
    }
  }
}

async function fetchFirst(wish: Wish, folder: string, controlPlane: Identity): Promise<void> {
  const {
    xdsTls: address = '',
    tokenFile,
    roots,
    trustDomain,
    namespace = 'default',
    serviceAccount = 'default',
  } = wish;
  if (tokenFile === undefined) return;
  if (roots === undefined)
    throw usage(
      '--token-file needs --roots FILE, by which the control plane is verified: "isthmus token roots" prints it.',
    );
  const workload: Identity = { trustDomain, namespace, serviceAccount };
  if (!isIdentity(workload)) throw usage('--namespace and --service-account are no names that a certificate can have.');
  const token = await readTokenFile(tokenFile, '--token-file');
  const server = { address, identity: controlPlane, roots: (await readNamedFile(roots, '--roots')).toString('utf8') };
  await writeProxyCertificate(folder, await requestCertificate(server, workload, { kind: 'token', token }));
}

function usage(message: string): IsthmusError {
  return new IsthmusError('USAGE', message);
}
