/** The certificates of the proxies that are there, from when the mesh first asks its workloads who they are. */
import type { ResourceStore } from '../../delivery/xds/resources/resource-store.ts';
import { systemClock } from '../../model/clock.ts';
import { messageOf } from '../../model/errors.ts';
import { type Finding, finding } from '../../model/finding.ts';
import type { ProxyNode } from '../../model/proxy.ts';
import type { Logger } from '../../operations/log.ts';
import type { TrustBundles } from '../../security/trust-bundles.ts';
import { type IssuedSecrets, WorkloadCertificates } from '../../security/workload-certificates.ts';
import { type TrustedDomain, translateSecrets } from '../../translate/envoy/secrets.ts';
import type { Pipeline } from '../pipeline.ts';
import { trustDomainOf } from '../pipeline.ts';
import type { MeshAuthority } from './mesh-authority.ts';
import { WantedRoots } from './wanted-roots.ts';

export interface CertificateKeepingOptions {
  readonly authority: () => Promise<MeshAuthority>;
  readonly store: ResourceStore;
  /** Proxies come over TLS: they have to learn of roots even where workloads need not prove who they are. */
  readonly isSecured: boolean;
  readonly log: Logger;
}

export class CertificateKeeping {
  readonly #pipeline: Pipeline;
  readonly #options: CertificateKeepingOptions;
  /** How many streams there are of an identity. */
  readonly #present = new Map<string, number>();
  /** As they were served last. */
  readonly #served = new Map<string, IssuedSecrets>();
  readonly #wantedRoots = new WantedRoots();
  #certificates: WorkloadCertificates | undefined;
  #bundles: TrustBundles | undefined;
  #stopBundles: () => void = () => {};
  #opening: Promise<void> | undefined;
  #failure: string | undefined;
  #stopSettings: () => void = () => {};
  #stopWantedRoots: () => void = () => {};
  #isClosed = false;

  constructor(pipeline: Pipeline, options: CertificateKeepingOptions) {
    this.#pipeline = pipeline;
    this.#options = options;
  }

  /** Resolves once certificates can be issued, where the mesh asks for them. Throws STATE for keys that are damaged. */
  async start(): Promise<void> {
    const { engine, mesh } = this.#pipeline;
    this.#stopWantedRoots = this.#wantedRoots.follow(this.#pipeline, (identity) => this.#serveAgain(identity));
    this.#stopSettings = engine.sink(mesh.settings, (diff) => {
      if (diff.some(({ after }) => after !== undefined && after.access !== 'Disabled'))
        void this.#begin().catch(() => {});
    });
    if (this.#options.isSecured) void this.#begin().catch(() => {});
    await this.#opening;
  }

  /** A sidecar of istiod has its certificates from there. */
  enter({ identity, kind }: ProxyNode): void {
    if (identity === undefined || kind === 'istio-sidecar') return;
    this.#present.set(identity, (this.#present.get(identity) ?? 0) + 1);
    this.#certificates?.want(identity);
  }

  leave({ identity, kind }: ProxyNode): void {
    const streams = identity === undefined || kind === 'istio-sidecar' ? undefined : this.#present.get(identity);
    if (identity === undefined || streams === undefined) return;
    if (streams > 1) this.#present.set(identity, streams - 1);
    else this.#present.delete(identity);
    this.#certificates?.release(identity);
  }

  /** Undefined while nothing is issued. */
  get certificates(): WorkloadCertificates | undefined {
    return this.#certificates;
  }

  findings(): readonly Finding[] {
    const object = { kind: 'CertificateAuthority', name: trustDomainOf(this.#pipeline) };
    const failed = this.#failure === undefined ? [] : [finding('ISTH1321', { object, message: this.#failure })];
    return [...failed, ...(this.#certificates?.findings() ?? [])];
  }

  close(): void {
    this.#isClosed = true;
    this.#stopSettings();
    this.#stopWantedRoots();
    this.#stopBundles();
    this.#certificates?.close();
  }

  #begin(): Promise<void> {
    this.#opening ??= this.#open();
    return this.#opening;
  }

  async #open(): Promise<void> {
    const { authority, log } = this.#options;
    try {
      const { issuer, bundles } = await authority();
      if (this.#isClosed) return;
      this.#bundles = bundles;
      let others = othersIn(bundles);
      this.#stopBundles = bundles.onChanged(() => {
        const before = others;
        others = othersIn(bundles);
        // Our own roots come with the secrets.
        if (JSON.stringify(before) === JSON.stringify(others)) return;
        this.#serveAgain(undefined);
      });
      const onSecrets = (identity: string, secrets: IssuedSecrets | undefined) => this.#serve(identity, secrets);
      this.#certificates = new WorkloadCertificates({ issuer, clock: systemClock, onSecrets });
      for (const [identity, streams] of this.#present)
        for (let count = 0; count < streams; count++) this.#certificates.want(identity);
      log.info({ trustDomain: issuer.trustDomain }, 'certificates are issued');
    } catch (error) {
      this.#failure = messageOf(error);
      log.error({ err: error }, 'no certificates can be issued');
      throw error;
    }
  }

  /** Those of one identity, or all. */
  #serveAgain(wanted: string | undefined): void {
    for (const identity of wanted === undefined ? this.#served.keys() : [wanted]) {
      const secrets = this.#served.get(identity);
      if (secrets !== undefined) this.#serve(identity, secrets);
    }
  }

  #serve(identity: string, secrets: IssuedSecrets | undefined): void {
    if (secrets === undefined) this.#served.delete(identity);
    else this.#served.set(identity, secrets);
    const { chain, key, roots } = secrets ?? { chain: [], roots: [] };
    const translated = translateSecrets(identity, {
      chain,
      key: key?.reveal() ?? '',
      // Of our own, those of the issuer at this moment.
      own: { name: this.#bundles?.trustDomain ?? '', roots },
      others: this.#bundles === undefined ? [] : othersIn(this.#bundles),
      beside: this.#wantedRoots.of(identity),
    });
    this.#options.store.apply(
      translated.map(({ scope, resource }) => ({
        scope,
        typeUrl: resource.typeUrl,
        name: resource.name,
        resource: secrets === undefined ? undefined : resource,
      })),
    );
  }
}

function othersIn(bundles: TrustBundles): readonly TrustedDomain[] {
  const others = [...bundles.all()].filter(([name]) => name !== bundles.trustDomain);
  return others.map(([name, roots]) => ({ name, roots }));
}
