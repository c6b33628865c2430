/**
 * The control plane, assembled: the pipeline with its effects around it.
 *
 *   watched files --> pipeline --> store --> xDS server --> proxies
 *   registries -------->  |  ^                    |
 *        claims <--------+  +-- leases           +--> which kinds of proxies are there
 *           |                     ^
 *           +--> lease keeper ----+  (writes the state folder before an address is used)
 *
 *   pipeline --> names --> DNS server, where asked for
 */
import type { ClusterWish, IstioXdsWish } from '../cli/actions.ts';
import { Engine } from '../collections/engine.ts';
import { HeldStateFolder } from '../delivery/files/held-state-folder.ts';
import type { HeldState } from '../delivery/files/state-folder.ts';
import type { XdsServer } from '../delivery/xds/server.ts';
import { systemClock } from '../model/clock.ts';
import { IsthmusError } from '../model/errors.ts';
import type { Finding } from '../model/finding.ts';
import { ownName } from '../model/ownership.ts';
import type { RegisteredService } from '../model/registry.ts';
import { parseAddress } from '../model/tcp-address.ts';
import { type AdminServer, startAdmin } from '../operations/admin.ts';
import type { Logger } from '../operations/log.ts';
import type { Metrics } from '../operations/metrics.ts';
import { createRegistryMetrics } from '../operations/registry-metrics.ts';
import { TrafficWindow } from '../operations/traffic-window.ts';
import type { ServiceAccountTokens } from '../security/service-account-tokens.ts';
import { FileSource } from '../sources/files/file-source.ts';
import type { Source } from '../sources/source.ts';
import { viewsOf } from './admin-serving.ts';
import { CertificatePlane } from './certificates/certificate-plane.ts';
import { certificateCalls, certificatePosts } from './certificates/certificate-requests.ts';
import { trustTopic } from './certificates/shared-trust.ts';
import { collectGarbage } from './collection-of-garbage.ts';
import { type DnsDelivery, type DnsOptions, prepareDns } from './dns-delivery.ts';
import { FindingSources } from './finding-sources.ts';
import { IstioXds } from './istio/istio-xds.ts';
import { type LeaseKeeping, startLeaseKeeping } from './keeping/lease-keeping.ts';
import { leasesInFolder } from './keeping/lease-place.ts';
import { type MigrationKeeping, startMigrationKeeping } from './keeping/migration-keeping.ts';
import { startSettingsKeeping } from './keeping/settings-keeping.ts';
import { ClusterPlane } from './kubernetes/cluster-plane.ts';
import { followCluster } from './kubernetes/cluster-source.ts';
import { createManifestReader } from './manifests.ts';
import { NameTables } from './name-tables.ts';
import { buildPipeline, type Pipeline, rootNamespaceOf, trustDomainOf } from './pipeline.ts';
import { metricsOf } from './plane-metrics.ts';
import { ProxyPresence } from './proxy-presence.ts';
import { ProxyScopes } from './proxy-scopes.ts';
import { type RegistryBridging, startRegistryBridging } from './registries/registry-bridging.ts';
import { RegistryPublishing } from './registries/registry-publishing.ts';
import { type StartFacts, type StartStep, type Unready, whyNotServing } from './start-progress.ts';
import { createStoreFor } from './xds-delivery.ts';
import { metricsCalls, serveXds } from './xds-serving.ts';

export interface ControlPlaneOptions extends DnsOptions {
  readonly files: readonly string[];
  /** Instead of files and the state folder. */
  readonly cluster?: ClusterWish;
  readonly stateFolder: string;
  readonly xds: string;
  readonly xdsTls?: string;
  readonly istio?: IstioXdsWish;
  readonly admin: string;
  readonly adminToken?: string;
  readonly insecureXds: boolean;
  readonly insecureIdentities?: boolean;
  /** Seconds for which the start waits for registries of which nothing is known. */
  readonly registryWait: number;
}

export interface ControlPlane {
  readonly adminAddress: string;
  /** Empty until it serves, and where DNS is not served. */
  readonly dnsAddress: string;
  /** Empty until it serves, and where xDS is not served over TLS. */
  readonly xdsTlsAddress: string;
  /** Of sidecars of istiod; never resolves where they are not served over TLS. */
  readonly istioXds: Promise<string>;
  /**
   * Resolves with the address of the xDS server once all files have been seen; until then nobody is served, since a proxy
   * that comes back would be told that whatever is missing is gone. Rejects with STATE, USAGE or UNAVAILABLE.
   */
  readonly serving: Promise<string>;
  readonly findings: () => readonly Finding[];
  /** Undefined once it serves. */
  readonly whyNotServing: () => Unready | undefined;
  stop(): Promise<void>;
}

/** Resolves when the admin address answers. Throws USAGE or UNAVAILABLE, having stopped what it started. */
export async function startControlPlane(options: ControlPlaneOptions, log: Logger): Promise<ControlPlane> {
  const cluster = options.cluster === undefined ? undefined : await ClusterPlane.open(options.cluster);
  const plane = new RunningControlPlane(options, cluster, log);
  try {
    await plane.start();
    return plane;
  } catch (error) {
    await plane.stop();
    throw error;
  }
}

class RunningControlPlane implements ControlPlane {
  readonly #options: ControlPlaneOptions;
  readonly #log: Logger;
  readonly #pipeline = buildPipeline(new Engine());
  readonly #findings = new FindingSources(this.#pipeline);
  /** Held from before anything is read from it until nothing writes any more, by whoever keeps something in it. */
  readonly #state: HeldState;
  readonly #metrics: Metrics;
  readonly #xds: XdsServer;
  readonly #dns: DnsDelivery | undefined;
  readonly #cluster: ClusterPlane | undefined;
  readonly #source: Source;
  readonly #certificates: CertificatePlane;
  readonly #accounts: ServiceAccountTokens | undefined;
  readonly #traffic = new TrafficWindow(systemClock);
  /** What to stop, in the order in which it was started. */
  readonly #stops: (() => Promise<void> | void)[] = [];
  #leases: LeaseKeeping | undefined;
  #registries: RegistryBridging | undefined;
  #migrations: MigrationKeeping | undefined;
  /** What the start waits for; undefined once it serves. */
  #step: StartStep | undefined = 'resources';
  readonly #stopping = Promise.withResolvers<void>();
  #isStopping = false;
  adminAddress = '';
  dnsAddress = '';
  xdsTlsAddress = '';
  istioXds: Promise<string> = new Promise(() => {});
  serving: Promise<string> = Promise.resolve('');

  constructor(options: ControlPlaneOptions, cluster: ClusterPlane | undefined, log: Logger) {
    this.#options = options;
    this.#cluster = cluster;
    this.#log = log;
    this.#metrics = metricsOf(this.#pipeline, this.findings);
    cluster?.start({ metrics: this.#metrics.registry, log });
    this.#stops.push(async () => cluster?.close());
    this.#state = cluster?.state() ?? new HeldStateFolder(options.stateFolder);
    createRegistryMetrics(this.#metrics.registry, () => this.#registries?.statuses() ?? []);
    const presence = new ProxyPresence(this.#pipeline);
    const scopes = new ProxyScopes(this.#pipeline);
    const store = createStoreFor(this.#pipeline, scopes);
    this.#accounts = cluster?.serviceAccounts(() => trustDomainOf(this.#pipeline));
    this.#certificates = new CertificatePlane(this.#pipeline, {
      stateFolder: this.#state,
      isSecured: options.xdsTls !== undefined,
      store,
      streams: () => this.#xds.streams(),
      registry: this.#metrics.registry,
      rotatesElsewhere: () => cluster?.writesElsewhere(),
      saidElsewhere: () => cluster?.replicas.heard(trustTopic) ?? new Map(),
      log,
    });
    const names = new NameTables(this.#pipeline, store, scopes);
    const present = [presence, this.#certificates.keeping, names];
    const isWordTaken = options.insecureIdentities === true;
    const calls = new Map([
      ...certificateCalls(this.#certificates.authority.open, this.#accounts),
      ...metricsCalls(this.#pipeline, isWordTaken, (report) => this.#traffic.take(report)),
    ]);
    const { acknowledged } = this.#certificates;
    const asked = names.asked.bind(names);
    const around = { store, present, calls, isWordTaken, asked, acknowledged, metrics: this.#metrics, log };
    this.#xds = serveXds(this.#pipeline, around);
    this.#dns = prepareDns(options, {
      pipeline: this.#pipeline,
      metrics: this.#metrics,
      log,
      proxyAt: (address) => presence.proxyAt(address),
      scopes,
    });
    this.#findings.register(() => this.#certificates.findings());
    this.#findings.register(() => this.#cluster?.findings() ?? []);
    this.#findings.register(() => this.#xds.findings());
    this.#source =
      cluster === undefined ? watchFiles(options.files, this.#pipeline) : followCluster(cluster, this.#pipeline, log);
  }

  async start(): Promise<void> {
    const xdsAt = parseAddress(this.#options.xds, '--xds');
    const admin = await this.#serveAdmin();
    this.#stops.push(() => admin.close());
    this.adminAddress = admin.address;
    this.#stops.push(() => this.#source.close());
    this.#cluster?.leasePlace(this.#options.registryWait * 1000).begin(this.#pipeline);
    await this.#source.start();
    this.serving = this.#serve(xdsAt);
  }

  readonly findings = (): readonly Finding[] => this.#findings.all();

  /** A start that is under way ends with it, and what it started meanwhile is stopped as well. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#stopping.resolve();
    this.#cluster?.stopWaiting();
    await this.#stopAll();
    await this.serving.catch(() => {});
    await this.#stopAll();
    await this.#state.release();
  }

  async #stopAll(): Promise<void> {
    for (let step = this.#stops.pop(); step !== undefined; step = this.#stops.pop()) await step();
  }

  /** Notes how to stop what has been started. Throws when all is being stopped. */
  #started(stop: () => Promise<void> | void): void {
    this.#stops.push(stop);
    if (this.#isStopping) throw stoppedEarly();
  }

  /** Waits, but not for what nobody needs any more: throws when all is being stopped. */
  async #awaited(work: Promise<void>): Promise<void> {
    await Promise.race([work, this.#stopping.promise]);
    if (this.#isStopping) throw stoppedEarly();
  }

  async #serve(xdsAt: { readonly host: string; readonly port: number }): Promise<string> {
    await this.#awaited(untilLive(this.#source, this.#pipeline, (stop) => this.#stops.push(stop)));
    const { registryWait } = this.#options;
    const isLive = (): boolean => this.#source.isComplete && this.#registries?.areSeen === true;
    this.#step = 'state';
    await this.#state.take();
    const settings = await startSettingsKeeping(this.#pipeline, this.#state);
    this.#findings.register(() => settings.findings());
    this.#started(() => settings.close());
    this.#leases = await startLeaseKeeping(
      this.#pipeline,
      this.#cluster?.leasePlace(registryWait * 1000) ?? leasesInFolder(this.#state),
      isLive,
      this.#log,
    );
    this.#findings.register(() => this.#leases?.findings() ?? []);
    this.#started(async () => this.#leases?.close());
    await this.#certificates.start();
    this.#started(() => this.#certificates.close());
    this.#migrations = await startMigrationKeeping(this.#pipeline, this.#state, this.#callersOf);
    this.#findings.register(() => this.#migrations?.findings() ?? []);
    this.#started(async () => this.#migrations?.close());
    const recheck = (): void => this.#leases?.recheck();
    this.#step = 'registries';
    const secrets = this.#cluster === undefined ? {} : { secrets: this.#cluster.secrets };
    this.#registries = await startRegistryBridging(this.#pipeline, {
      folder: this.#state,
      waitMs: registryWait * 1000,
      listening: [
        this.#options.xds,
        this.#options.admin,
        ...(this.#options.dns === undefined ? [] : [this.#options.dns]),
      ],
      onSeen: recheck,
      ...secrets,
      mayWrite: () => this.#cluster?.writesElsewhere() === undefined,
      log: this.#log,
    });
    this.#findings.register(() => this.#registries?.findings() ?? []);
    this.#started(async () => this.#registries?.close());
    await this.#awaited(this.#registries.servable);
    recheck();
    this.#step = 'virtual IPs';
    await this.#awaited(this.#leases.settled());
    // Each replica registers the same, and one takes away what is not wanted any more.
    const mayRemove = (): boolean => isLive() && this.#cluster?.writesElsewhere() === undefined;
    const publishing = new RegistryPublishing(this.#pipeline, { mayRemove, ...secrets, log: this.#log });
    this.#findings.register(() => publishing.findings());
    this.#started(async () => publishing.close());
    this.#step = 'listening';
    this.#started(() => this.#xds.close());
    this.#started(() => this.#dns?.close());
    this.dnsAddress = (await this.#dns?.start()) ?? '';
    // What was told to close before it listened is told again.
    if (this.#isStopping) this.#started(() => this.#dns?.close());
    const allowPlaintextBeyondLoopback = this.#options.insecureXds;
    const { host, port } = await this.#xds.listen({ ...xdsAt, allowPlaintextBeyondLoopback });
    if (this.#isStopping) this.#started(() => this.#xds.close());
    this.xdsTlsAddress = (await this.#listenSecured()) ?? '';
    this.#serveIstio();
    this.#cluster?.startParts({
      roots: () => this.#certificates.authority.opened?.issuer.roots(),
      trust: this.#certificates.control.told,
      pipeline: this.#pipeline,
      isKnown: () => this.#source.state === 'live',
      isComplete: isLive,
      ...(this.#options.istio === undefined ? {} : { istioXds: this.#options.istio }),
      partFindings: this.#findings.ofParts,
      registries: () => this.#registries?.statuses() ?? [],
      xds: this.#xds,
      metrics: this.#metrics.registry,
      log: this.#log,
    });
    collectGarbage();
    this.#step = undefined;
    return `${host}:${port}`;
  }

  async #listenSecured(): Promise<string | undefined> {
    if (this.#options.xdsTls === undefined) return undefined;
    const at = parseAddress(this.#options.xdsTls, '--xds-tls');
    const securing = this.#certificates.secureXds();
    await this.#awaited(securing.then(() => {}));
    const tls = await securing;
    const { host, port } = await this.#xds.listen({ ...at, tls });
    if (this.#isStopping) this.#started(() => this.#xds.close());
    return `${host}:${port}`;
  }

  /** Nobody waits for istiod: it may be down, and all others are served meanwhile. */
  #serveIstio(): void {
    const { istio } = this.#options;
    if (istio === undefined) return;
    const own = { trustDomain: trustDomainOf(this.#pipeline), namespace: rootNamespaceOf(this.#pipeline) };
    const serviceAccount = ownName(this.#options.cluster?.revision ?? 'default');
    const served = new IstioXds(istio, { ...own, serviceAccount }, this.#xds, this.#log);
    this.istioXds = served.listening;
    this.#findings.register(() => served.findings());
    this.#started(() => served.close());
  }

  async #serveAdmin(): Promise<AdminServer> {
    const views = viewsOf({
      pipeline: this.#pipeline,
      xds: this.#xds,
      unready: () => [this.whyNotServing()].filter((why) => why !== undefined),
      metrics: () => this.#metrics.registry.metrics(),
      certificates: this.#certificates.control,
      clusterWrites: {
        status: () => this.#cluster?.writes?.status(),
        release: async (kind, by) => this.#cluster?.writes?.release(kind, by),
        writesElsewhere: () => this.#cluster?.writesElsewhere(),
      },
      postCertificate: certificatePosts(this.#certificates.authority.open, this.#accounts),
      findings: this.findings,
      leases: () => this.#leases,
      registries: () => this.#registries,
      migrations: () => this.#migrations,
      traffic: () => this.#traffic.reports(),
      log: this.#log,
    });
    return startAdmin(this.#options.admin, views, this.#options.adminToken);
  }

  readonly #callersOf = (service: RegisteredService): readonly string[] => this.#registries?.callersOf(service) ?? [];

  readonly whyNotServing = (): Unready | undefined =>
    this.#step === undefined ? undefined : whyNotServing(this.#step, this.#startFacts());

  #startFacts(): StartFacts {
    const { stateFolder, registryWait } = this.#options;
    const source = this.#source.state;
    const unseenRegistries = (this.#registries?.statuses() ?? [])
      .filter(({ lastComplete, services }) => lastComplete === undefined && services === 0)
      .map(({ registry: name, reason }) => ({ name, reason }));
    const facts = { source, stateFolder, registryWait, unseenRegistries };
    if (this.#cluster === undefined) return facts;
    const { url, wish } = this.#cluster;
    return { ...facts, cluster: { url, systemNamespace: wish.systemNamespace } };
  }
}

function stoppedEarly(): IsthmusError {
  return new IsthmusError('UNAVAILABLE', 'It was stopped before it served.');
}

async function untilLive(
  source: Source,
  { engine, sourced }: Pipeline,
  onStop: (stop: () => void) => void,
): Promise<void> {
  if (source.state === 'live') return;
  const live = Promise.withResolvers<void>();
  const stop = engine.sink(sourced.state, () => {
    if (source.state === 'live') live.resolve();
  });
  onStop(stop);
  await live.promise;
  stop();
}

function watchFiles(roots: readonly string[], { engine, sourced }: Pipeline): Source {
  const read = createManifestReader().readAll;
  return new FileSource({ roots, tables: sourced, batch: (change) => engine.batch(change), read });
}
