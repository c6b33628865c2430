/**
 * `isthmus proxy certificates`: keeps the certificate of a proxy fresh until it is told to stop. It asks with the certificate
 * that the folder holds at that moment, so that one that was put there by hand, after an outage of a day, is taken up too.
 */
import { X509Certificate } from 'node:crypto';
import path from 'node:path';
import { readCertificates } from '../../certificates/certificate-text.ts';
import { identityOfCertificate } from '../../certificates/peer-identity.ts';
import type { CertificateKeepingWish } from '../../cli/actions.ts';
import { readNamedFile } from '../../cli/named-files.ts';
import { readTokenFile } from '../../cli/token-file.ts';
import { type Clock, systemClock } from '../../model/clock.ts';
import { ExitCode, IsthmusError, messageOf } from '../../model/errors.ts';
import { type Identity, isIdentity, spiffeId } from '../../model/identity.ts';
import { parseAddress } from '../../model/tcp-address.ts';
import { createLogger, type Logger } from '../../operations/log.ts';
import { type Life, RenewalSchedule } from '../../security/renewal.ts';
import type { ControlPlaneServer } from '../control-plane-channel.ts';
import { untilSignalled } from '../shutdown.ts';
import { RootsFollowing } from './followed-roots.ts';
import { requestCertificate } from './proxy-certificates-client.ts';
import { type ProxyCertificate, readProxyCertificate, writeProxyCertificate } from './proxy-certificates-folder.ts';

export async function keepProxyCertificates(wish: CertificateKeepingWish): Promise<ExitCode> {
  const log = createLogger({ format: wish.logFormat, level: wish.logLevel });
  const signalled = untilSignalled();
  const keeping = await ProxyCertificateKeeping.start(wish, log);
  const signal = await signalled;
  await keeping.close();
  log.info({ signal }, 'stopped');
  return ExitCode.ok;
}

type Source = Pick<CertificateKeepingWish, 'xdsTls' | 'certificates' | 'rootNamespace' | 'tokenFile' | 'roots'>;

export class ProxyCertificateKeeping {
  readonly #source: Source;
  readonly #folder: string;
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #schedule: RenewalSchedule;
  readonly #following: RootsFollowing;
  /** Who writes waits for who wrote: each takes over what the other one did not change. */
  #last: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  private constructor(source: Source, log: Logger, clock: Clock) {
    this.#source = source;
    this.#folder = path.resolve(source.certificates);
    this.#log = log;
    this.#clock = clock;
    this.#schedule = new RenewalSchedule({
      clock,
      renew: () => this.#oneByOne(() => this.#renew()),
      objectOf: () => ({ kind: 'Certificate', namespace: '', name: this.#folder }),
      findingsChanged: () => {
        for (const { code, message } of this.#schedule.findings()) log.warn({ code }, message);
      },
    });
    this.#following = new RootsFollowing({
      clock,
      connect: async () => {
        const { held, server, identity } = await this.#held();
        return { server, own: held, identity };
      },
      taken: (roots) => this.#oneByOne(() => this.#takeRoots(roots)),
      ended: (reason) => log.warn({ reason }, 'the roots are not followed for now; it is tried again'),
    });
  }

  /** Throws USAGE or BAD_DATA for a folder that holds no certificate of a workload. */
  static async start(source: Source, log: Logger, clock = systemClock): Promise<ProxyCertificateKeeping> {
    parseAddress(source.xdsTls, '--xds-tls');
    const keeping = new ProxyCertificateKeeping(source, log, clock);
    const { life, identity } = contentOf(await readProxyCertificate(keeping.#folder), keeping.#folder);
    log.info({ identity: spiffeId(identity), until: new Date(life.notAfter) }, 'keeping the certificate fresh');
    keeping.#schedule.keep(keeping.#folder, life);
    keeping.#following.start();
    return keeping;
  }

  /** Nothing is written any more once it resolves. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#schedule.close();
    this.#following.close();
    await this.#last;
  }

  async #held() {
    const held = await readProxyCertificate(this.#folder);
    const { identity } = contentOf(held, this.#folder);
    const { xdsTls: address, rootNamespace: namespace } = this.#source;
    const own: Identity = { trustDomain: identity.trustDomain, namespace, serviceAccount: 'isthmus' };
    if (!isIdentity(own)) throw new IsthmusError('USAGE', `--root-namespace "${namespace}" is no namespace.`);
    return { held, identity, server: { address, identity: own, roots: held.roots } };
  }

  /** A certificate that has ended proves nothing any more; a token that somebody else keeps fresh does. */
  async #requestAnew(server: ControlPlaneServer, identity: Identity, tokenFile: string): Promise<ProxyCertificate> {
    const { roots: file } = this.#source;
    const token = await readTokenFile(tokenFile, '--token-file');
    const roots = file === undefined ? server.roots : (await readNamedFile(file, '--roots')).toString('utf8');
    return requestCertificate({ ...server, roots }, identity, { kind: 'token', token });
  }

  async #takeRoots(roots: string): Promise<void> {
    const held = await readProxyCertificate(this.#folder);
    if (held.roots === roots) return;
    // What somebody writes by hand at this moment would be kept as it is, and half of it for good.
    contentOf(held, this.#folder);
    await writeProxyCertificate(this.#folder, { ...held, roots });
    this.#log.info('the roots have changed');
  }

  #oneByOne<T>(run: () => Promise<T>): Promise<T> {
    const result = this.#last.then(() => {
      if (this.#isClosed) throw new IsthmusError('UNAVAILABLE', 'the certificate is not kept fresh any more');
      return run();
    });
    this.#last = result.catch(() => undefined);
    return result;
  }

  async #renew(): Promise<Life> {
    const { held, server, identity } = await this.#held();
    const { tokenFile } = this.#source;
    const fresh = await (tokenFile !== undefined && hasEnded(held, this.#folder, this.#clock)
      ? this.#requestAnew(server, identity, tokenFile)
      : requestCertificate(server, identity, { kind: 'certificate', ...held }));
    await writeProxyCertificate(this.#folder, fresh);
    const { life } = contentOf(fresh, this.#folder);
    this.#log.info({ until: new Date(life.notAfter) }, 'renewed');
    return life;
  }
}

function hasEnded({ chain }: ProxyCertificate, folder: string, clock: Clock): boolean {
  return contentOf({ chain }, folder).life.notAfter <= clock.now();
}

/** Whose certificate a folder holds. Throws USAGE or BAD_DATA. */
export async function identityInFolder(folder: string): Promise<Identity> {
  return contentOf(await readProxyCertificate(folder), folder).identity;
}

function contentOf(
  { chain }: Pick<ProxyCertificate, 'chain'>,
  folder: string,
): { readonly life: Life; readonly identity: Identity } {
  const leaf = readLeaf(chain, folder);
  const reading = identityOfCertificate(leaf.raw);
  if (reading.kind === 'refused')
    throw new IsthmusError('BAD_DATA', `The certificate in ${folder} is that of no workload: ${reading.reason}.`);
  const life = { notBefore: leaf.validFromDate.getTime(), notAfter: leaf.validToDate.getTime() };
  return { life, identity: reading.identity };
}

function readLeaf(chain: string, folder: string): X509Certificate {
  try {
    const [leaf = ''] = readCertificates(chain, 'cert-chain.pem');
    return new X509Certificate(leaf);
  } catch (cause) {
    throw new IsthmusError('BAD_DATA', `The certificate in ${folder} cannot be used: ${messageOf(cause)}.`, { cause });
  }
}
