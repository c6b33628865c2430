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
import { Engine } from '../collections/engine.ts';
import { HeldStateFolder } from '../delivery/files/held-state-folder.ts';
import type { XdsServer } from '../delivery/xds/server.ts';
import { systemClock } from '../model/clock.ts';
import { IsthmusError } from '../model/errors.ts';
import type { Finding } from '../model/finding.ts';
import type { RegisteredService } from '../model/registry.ts';
import { parseAddress } from '../model/tcp-address.ts';
import { type AdminServer, startAdmin } from '../operations/admin.ts';
import type { Logger } from '../operations/log.ts';
import type { Metrics } from '../operations/metrics.ts';
import { createRegistryMetrics } from '../operations/registry-metrics.ts';
import { TrafficWindow } from '../operations/traffic-window.ts';
import { FileSource } from '../sources/files/file-source.ts';
import type { Source } from '../sources/source.ts';
import { viewsOf } from './admin-serving.ts';
import { CertificatePlane } from './certificates/certificate-plane.ts';
import { certificateCalls, certificatePosts } from './certificates/certificate-requests.ts';
import { collectGarbage } from './collection-of-garbage.ts';
import { type DnsDelivery, type DnsOptions, prepareDns } from './dns-delivery.ts';
import { type LeaseKeeping, startLeaseKeeping } from './keeping/lease-keeping.ts';
import { type MigrationKeeping, startMigrationKeeping } from './keeping/migration-keeping.ts';
import { type SettingsKeeping, startSettingsKeeping } from './keeping/settings-keeping.ts';
import { createManifestReader } from './manifests.ts';
import { buildPipeline, type Pipeline } from './pipeline.ts';
import { metricsOf } from './plane-metrics.ts';
import { ProxyPresence } from './proxy-presence.ts';
import { type RegistryBridging, startRegistryBridging } from './registries/registry-bridging.ts';
import { RegistryPublishing } from './registries/registry-publishing.ts';
import { type StartStep, type Unready, whyNotServing } from './start-progress.ts';
import { allFindings } from './views/admin-views.ts';
import { createStoreFor } from './xds-delivery.ts';
import { metricsCalls, serveXds } from './xds-serving.ts';

export interface ControlPlaneOptions extends DnsOptions {
  readonly files: readonly string[];
  readonly stateFolder: string;
  readonly xds: string;
  readonly xdsTls?: string;
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
  const plane = new RunningControlPlane(options, log);
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
  /** Held from before anything is read from it until nothing writes any more, by whoever keeps something in it. */
  readonly #state: HeldStateFolder;
  readonly #metrics: Metrics;
  readonly #xds: XdsServer;
  readonly #dns: DnsDelivery | undefined;
  readonly #source: Source;
  readonly #certificates: CertificatePlane;
  readonly #traffic = new TrafficWindow(systemClock);
  /** What to stop, in the order in which it was started. */
  readonly #stops: (() => Promise<void> | void)[] = [];
  #leases: LeaseKeeping | undefined;
  #settings: SettingsKeeping | undefined;
  #registries: RegistryBridging | undefined;
  #publishing: RegistryPublishing | undefined;
  #migrations: MigrationKeeping | undefined;
  /** What the start waits for; undefined once it serves. */
  #step: StartStep | undefined = 'files';
  readonly #stopping = Promise.withResolvers<void>();
  #isStopping = false;
  adminAddress = '';
  dnsAddress = '';
  xdsTlsAddress = '';
  serving: Promise<string> = Promise.resolve('');

  constructor(options: ControlPlaneOptions, log: Logger) {
    this.#options = options;
    this.#log = log;
    this.#state = new HeldStateFolder(options.stateFolder);
    this.#metrics = metricsOf(this.#pipeline, () => this.findings());
    createRegistryMetrics(this.#metrics.registry, () => this.#registries?.statuses() ?? []);
    const presence = new ProxyPresence(this.#pipeline);
    const store = createStoreFor(this.#pipeline);
    this.#certificates = new CertificatePlane(this.#pipeline, {
      stateFolder: this.#state,
      isSecured: options.xdsTls !== undefined,
      store,
      streams: () => this.#xds.streams(),
      registry: this.#metrics.registry,
      log,
    });
    const present = [presence, this.#certificates.keeping];
    const isWordTaken = options.insecureIdentities === true;
    const calls = new Map([
      ...certificateCalls(this.#certificates.authority.open),
      ...metricsCalls(this.#pipeline, isWordTaken, (report) => this.#traffic.take(report)),
    ]);
    const { acknowledged } = this.#certificates;
    const around = { store, present, calls, isWordTaken, acknowledged, metrics: this.#metrics, log };
    this.#xds = serveXds(this.#pipeline, around);
    this.#dns = prepareDns(options, {
      pipeline: this.#pipeline,
      metrics: this.#metrics,
      log,
      namespaceAt: (address) => presence.namespaceAt(address),
    });
    this.#source = watchFiles(options.files, this.#pipeline);
  }

  async start(): Promise<void> {
    const xdsAt = parseAddress(this.#options.xds, '--xds');
    const admin = await this.#serveAdmin();
    this.#stops.push(() => admin.close());
    this.adminAddress = admin.address;
    this.#stops.push(() => this.#source.close());
    await this.#source.start();
    this.serving = this.#serve(xdsAt);
  }

  readonly findings = (): readonly Finding[] =>
    allFindings(this.#pipeline, [
      ...(this.#leases?.findings() ?? []),
      ...(this.#settings?.findings() ?? []),
      ...(this.#registries?.findings() ?? []),
      ...(this.#publishing?.findings() ?? []),
      ...(this.#migrations?.findings() ?? []),
      ...this.#certificates.findings(),
      ...this.#xds.findings(),
    ]);

  /** A start that is under way ends with it, and what it started meanwhile is stopped as well. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#stopping.resolve();
    await this.#stopAll();
    await this.serving.catch(() => {});
    await this.#stopAll();
    this.#state.release();
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
    const isLive = (): boolean => this.#source.state === 'live' && this.#registries?.areSeen === true;
    this.#step = 'state folder';
    await this.#state.take();
    this.#settings = await startSettingsKeeping(this.#pipeline, this.#state);
    this.#started(async () => this.#settings?.close());
    this.#leases = await startLeaseKeeping(this.#pipeline, this.#state, isLive, this.#log);
    this.#started(async () => this.#leases?.close());
    await this.#certificates.start();
    this.#started(() => this.#certificates.close());
    this.#migrations = await startMigrationKeeping(this.#pipeline, this.#state, this.#callersOf);
    this.#started(async () => this.#migrations?.close());
    const recheck = (): void => this.#leases?.recheck();
    this.#step = 'registries';
    this.#registries = await startRegistryBridging(this.#pipeline, {
      folder: this.#state,
      waitMs: registryWait * 1000,
      listening: [
        this.#options.xds,
        this.#options.admin,
        ...(this.#options.dns === undefined ? [] : [this.#options.dns]),
      ],
      onSeen: recheck,
      log: this.#log,
    });
    this.#started(async () => this.#registries?.close());
    await this.#awaited(this.#registries.servable);
    recheck();
    this.#step = 'virtual IPs';
    await this.#awaited(this.#leases.settled());
    const publishing = new RegistryPublishing(this.#pipeline, isLive, this.#log);
    this.#publishing = publishing;
    this.#started(async () => publishing.close());
    collectGarbage();
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

  async #serveAdmin(): Promise<AdminServer> {
    const views = viewsOf({
      pipeline: this.#pipeline,
      xds: this.#xds,
      unready: () => [this.whyNotServing()].filter((why) => why !== undefined),
      metrics: () => this.#metrics.registry.metrics(),
      certificates: this.#certificates.control,
      postCertificate: certificatePosts(this.#certificates.authority.open),
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
    this.#step === undefined ? undefined : whyNotServing(this.#step, { ...this.#options, files: this.#source.state });
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
