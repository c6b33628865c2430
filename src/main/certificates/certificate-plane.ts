/**
 * Certificates of the mesh, assembled: who signs, whose certificates are looked after, and what users see and may do.
 *
 *   settings --> authority --> certificates of proxies that are there --> store
 *                    |
 *                    +-------> certificate of the xDS server itself
 */
import type { Registry } from 'prom-client';
import type { StateFolder } from '../../delivery/files/state-folder.ts';
import type { ResourceStore } from '../../delivery/xds/resources/resource-store.ts';
import type { ServerTls } from '../../delivery/xds/transport/server-tls.ts';
import { systemClock } from '../../model/clock.ts';
import type { Finding } from '../../model/finding.ts';
import type { ProxyNode } from '../../model/proxy.ts';
import { createCertificateMetrics } from '../../operations/certificate-metrics.ts';
import type { Logger } from '../../operations/log.ts';
import { certificateSettingsOf, type Pipeline, rootNamespaceOf, trustDomainOf } from '../pipeline.ts';
import { AuthorityFollowing } from './authority-following.ts';
import { CertificateControl, type SecretStream } from './certificate-control.ts';
import { CertificateKeeping } from './certificate-keeping.ts';
import { LazyAuthority } from './mesh-authority.ts';
import { type SecuredXds, secureXds } from './secured-xds.ts';

export interface CertificatePlaneOptions {
  readonly stateFolder: StateFolder;
  /** Proxies come over TLS. */
  readonly isSecured: boolean;
  readonly store: ResourceStore;
  /** The streams of proxies that are there. */
  readonly streams: () => readonly SecretStream[];
  readonly registry: Registry;
  /** Who rotates roots, where that is not for this replica: a clause. */
  readonly rotatesElsewhere?: () => string | undefined;
  /** What other replicas say of their proxies and the roots, by replica. */
  readonly saidElsewhere?: () => ReadonlyMap<string, unknown>;
  readonly log: Logger;
}

export class CertificatePlane {
  readonly #pipeline: Pipeline;
  readonly authority: LazyAuthority;
  /** Told of each proxy that comes and goes. */
  readonly keeping: CertificateKeeping;
  readonly control: CertificateControl;
  #following: AuthorityFollowing | undefined;
  #secured: SecuredXds | undefined;
  #isClosed = false;

  constructor(pipeline: Pipeline, options: CertificatePlaneOptions) {
    const { stateFolder, isSecured, store, streams, registry, rotatesElsewhere, saidElsewhere, log } = options;
    this.#pipeline = pipeline;
    this.control = new CertificateControl({
      authority: () => this.authority.opened,
      streams,
      kept: () => [this.keeping.certificates, this.#secured?.certificates].filter((one) => one !== undefined),
      metrics: () => metrics,
      ...(rotatesElsewhere === undefined ? {} : { rotatesElsewhere }),
      ...(saidElsewhere === undefined ? {} : { saidElsewhere }),
      log,
    });
    const metrics = createCertificateMetrics(registry, this.control.status);
    this.authority = new LazyAuthority({
      folder: stateFolder,
      trustDomain: () => trustDomainOf(pipeline),
      wanted: () => certificateSettingsOf(pipeline),
      untrusting: this.control.untrusting,
      taken: this.control.signedByAnother,
      opened: (opened) => {
        this.#following = new AuthorityFollowing(pipeline, opened, log);
        if (this.#isClosed) void this.#following.close();
      },
      warn: (message) => log.warn(message),
      counts: {
        issued: (seconds) => metrics.issueSeconds.observe(seconds),
        failed: () => metrics.issueFailures.inc(),
      },
    });
    this.keeping = new CertificateKeeping(pipeline, { authority: this.authority.open, store, isSecured, log });
  }

  /** Resolves once certificates can be issued, where the mesh asks for them. Throws STATE for keys that are damaged. */
  async start(): Promise<void> {
    await this.keeping.start();
  }

  /** Resolves once the xDS server has a certificate of its own. */
  async secureXds(): Promise<ServerTls> {
    const authority = await this.authority.open();
    const namespace = rootNamespaceOf(this.#pipeline);
    const own = { trustDomain: trustDomainOf(this.#pipeline), namespace, serviceAccount: 'isthmus' };
    const secured = await secureXds(authority, own, systemClock);
    this.#secured = secured;
    if (this.#isClosed) secured.close();
    return secured.tls;
  }

  readonly acknowledged = (typeUrl: string, proxy: ProxyNode): void =>
    this.control.acknowledged(typeUrl, proxy, certificateSettingsOf(this.#pipeline).leafLifetimeMs);

  findings(): readonly Finding[] {
    return [this.keeping, this.#following, this.#secured].flatMap((part) => part?.findings() ?? []);
  }

  /** What is opened or issued after it is closed as soon as it is there. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#secured?.close();
    this.keeping.close();
    await this.#following?.close();
  }
}
