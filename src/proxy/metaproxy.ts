/**
 * metaproxy: an xDS client, or a bootstrap file, in front of data planes.
 *
 *   bootstrap file ----resources----+
 *                                   +--> data plane (one a worker) <--bytes--> callers and upstreams
 *   control plane --ADS--> client --+        |
 *                                            +--> admin address: what it runs with, what it counts
 *
 * A control plane that dies or talks nonsense changes nothing: the last good configuration stays in force. What this
 * proxy would not enforce as it is written is refused, never half done.
 */
import { registerCodecModules } from '../../codecs/codec-modules.ts';
import { IsthmusError, messageOf } from '../model/errors.ts';
import { encode } from '../xds-api/messages.ts';
import type { JsonValue } from '../xds-api/proto-json.ts';
import { type AdminPlace, type AdminServer, type AdminViews, startAdmin } from './admin/admin-server.ts';
import { configDump } from './admin/config-dump.ts';
import { type AdsServer, type Bootstrap, readBootstrap } from './config/bootstrap.ts';
import { Rejection } from './config/rejection.ts';
import type { InertFilters } from './config/resources.ts';
import { defaultProxyLimits, type ProxyLimits } from './connections/runtime.ts';
import { BucketStore } from './filters/token-buckets.ts';
import { type MetaproxyObserver, silent } from './metaproxy-observer.ts';
import type { ProxySnapshot } from './observation/snapshot.ts';
import { type Planes, planeHere, planesOnWorkers } from './workers/planes.ts';
import type { WorkerNews } from './workers/worker-link.ts';
import { AdsClient, type AdsObserver } from './xds-client/ads-client.ts';
import { Configuration } from './xds-client/configuration.ts';
import { type NodeOptions, nodeMessage, USER_AGENT } from './xds-client/node-message.ts';
import { ResourceLedger } from './xds-client/resource-ledger.ts';

export interface MetaproxyOptions {
  /** A control plane; `address` is `host:port`. Delta xDS unless told otherwise. */
  readonly xds?: {
    readonly address: string;
    readonly delta?: boolean;
    readonly nativeRoutes?: boolean;
    readonly secure?: AdsServer['secure'];
  };
  /** The workload's certificate, where this proxy has a key of its own; else the control plane gives it one. */
  readonly certificate?: OwnCertificate;
  /** A parsed Envoy bootstrap file. */
  readonly bootstrap?: unknown;
  /** Who the proxy says it is; wins over the bootstrap's node. */
  readonly node?: NodeOptions;
  /** `host:port`; wins over the bootstrap's. */
  readonly admin?: string;
  /** Where neither says an admin address; absent: then there is none. */
  readonly defaultAdmin?: string;
  /** What callers of the admin address must send; beyond loopback there must be one. */
  readonly adminToken?: string;
  /** Worker threads; 1 works on this thread. */
  readonly concurrency?: number;
  /** Where the worker's module stands, when it is not beside this one: in a bundle. */
  readonly workerModule?: URL;
  /** URLs of modules with codecs that the user brings along. */
  readonly codecModules?: readonly string[];
  readonly limits?: Partial<ProxyLimits>;
  readonly observer?: Partial<MetaproxyObserver>;
}

/** PEM. */
export interface OwnCertificate {
  /** The leaf first. */
  readonly chain: string;
  readonly key: string;
}

export interface Metaproxy {
  /** The admin address with its real port, if there is one. */
  readonly admin: string | undefined;
  /** Resolves when the first whole configuration is in force. */
  readonly ready: Promise<void>;
  snapshot(): Promise<ProxySnapshot>;
  /** Why it is not ready; undefined when it is. */
  unready(): Promise<string | undefined>;
  /** For handshakes from then on. Throws CONFIG_REJECTED for what is no certificate of a workload, and keeps the last. */
  renewCertificate(certificate: OwnCertificate): Promise<void>;
  /** Stops accepting, lets requests in flight finish within the limits' drain time, then closes everything. */
  stop(): Promise<void>;
}

/** Resolves when what the bootstrap file says is in force. Rejects with IsthmusError; a control plane may come later. */
export async function startMetaproxy(options: MetaproxyOptions): Promise<Metaproxy> {
  const observer: MetaproxyObserver = { ...silent, ...options.observer };
  const bootstrap = readOptions(options);
  if (bootstrap.unknownFields.length > 0) observer.unknownFields(bootstrap.unknownFields);
  await loadCodecs(options.codecModules ?? []);
  const planes = startPlanes(options, observer);
  const configuration = new Configuration(planes, new ResourceLedger(Date.now), onceForEach(observer));
  try {
    if (options.certificate !== undefined) await supplyCertificate(configuration, options.certificate);
    const refusal = await configuration.apply(bootstrap.resources);
    if (refusal !== undefined) throw new IsthmusError('CONFIG_REJECTED', refusal);
  } catch (error) {
    await planes.stop();
    throw error;
  }
  const client = startClient(options, bootstrap, configuration, observer);
  return new RunningMetaproxy(planes, configuration, client).open(adminOf(options, bootstrap), options.adminToken);
}

/** Under the name by which the control plane would give it. */
const CERTIFICATE = 'default';

async function supplyCertificate(configuration: Configuration, { chain, key }: OwnCertificate): Promise<void> {
  const body = encode('envoy.extensions.transport_sockets.tls.v3.Secret', {
    name: CERTIFICATE,
    tlsCertificate: { certificateChain: { inlineString: chain }, privateKey: { inlineString: key } },
  });
  try {
    await configuration.supply(CERTIFICATE, body);
  } catch (error) {
    if (error instanceof Rejection) throw new IsthmusError('CONFIG_REJECTED', error.message, { cause: error });
    throw error;
  }
}

function onceForEach(observer: MetaproxyObserver): (inert: InertFilters) => void {
  const told = new Set<string>();
  return ({ listener, filters }) => {
    for (const filter of filters) if (!told.has(filter)) observer.inertFilter(filter, listener);
    for (const filter of filters) told.add(filter);
  };
}

function adminOf({ admin, defaultAdmin }: MetaproxyOptions, bootstrap: Bootstrap): AdminPlace | undefined {
  if (admin !== undefined) return { address: admin, from: '--admin' };
  if (bootstrap.admin !== undefined) return { address: bootstrap.admin, from: "the bootstrap file's admin" };
  return defaultAdmin === undefined ? undefined : { address: defaultAdmin, from: '--admin' };
}

const emptyBootstrap: Bootstrap = { node: {}, admin: undefined, resources: [], ads: undefined, unknownFields: [] };

function readOptions({ bootstrap }: MetaproxyOptions): Bootstrap {
  if (bootstrap === undefined) return emptyBootstrap;
  try {
    return readBootstrap(bootstrap);
  } catch (error) {
    if (error instanceof Rejection) throw new IsthmusError('CONFIG_REJECTED', error.message, { cause: error });
    throw error;
  }
}

async function loadCodecs(modules: readonly string[]): Promise<void> {
  try {
    await registerCodecModules(modules);
  } catch (error) {
    throw new IsthmusError('BAD_DATA', `--codec: ${messageOf(error)}`, { cause: error });
  }
}

function startPlanes(
  { limits: changed, concurrency = 1, workerModule, codecModules = [] }: MetaproxyOptions,
  news: WorkerNews,
): Planes {
  const limits = { ...defaultProxyLimits, ...changed };
  const bucketMemory = BucketStore.memory();
  if (concurrency <= 1) return planeHere(limits, bucketMemory, news);
  const module = workerModule ?? new URL('./workers/worker.ts', import.meta.url);
  return planesOnWorkers(concurrency, module, { isthmusProxyWorker: true, limits, bucketMemory, codecModules }, news);
}

function startClient(
  { xds, node }: MetaproxyOptions,
  bootstrap: Bootstrap,
  configuration: Configuration,
  observer: MetaproxyObserver,
): AdsClient | undefined {
  const server: AdsServer | undefined =
    xds === undefined
      ? bootstrap.ads
      : {
          address: xds.address,
          delta: xds.delta !== false,
          ...(xds.secure === undefined ? {} : { secure: xds.secure }),
        };
  if (server === undefined) return undefined;
  const message = node === undefined ? { ...bootstrap.node, userAgentName: USER_AGENT } : nodeMessage(node);
  const routeKind = xds?.nativeRoutes === true ? 'nativeRoutes' : 'routes';
  const { address } = server;
  const staticListeners = bootstrap.resources.filter(({ kind }) => kind === 'listener').length;
  const told: AdsObserver = {
    connected: () => observer.connected(address),
    unreached: (reason) => observer.unreached({ address, reason, staticListeners }),
    disconnected: (reason) => observer.disconnected({ address, reason, staticListeners }),
    refused: (kind, reason) => observer.refused(kind, reason),
  };
  const client = new AdsClient({ server, node: message, routeKind, configuration, observer: told });
  client.start();
  return client;
}

class RunningMetaproxy implements Metaproxy {
  admin: string | undefined;
  readonly ready: Promise<void>;
  readonly #planes: Planes;
  readonly #configuration: Configuration;
  readonly #client: AdsClient | undefined;
  #server: AdminServer | undefined;
  #isReady = false;
  #stopping: Promise<void> | undefined;

  constructor(planes: Planes, configuration: Configuration, client: AdsClient | undefined) {
    this.#planes = planes;
    this.#configuration = configuration;
    this.#client = client;
    this.ready = (client?.initialized ?? Promise.resolve()).then(() => {
      this.#isReady = true;
    });
  }

  async open(place: AdminPlace | undefined, token: string | undefined): Promise<this> {
    if (place === undefined) return this;
    try {
      const views: AdminViews = {
        snapshot: () => this.snapshot(),
        configDump: () => this.#configDump(),
        unready: () => this.unready(),
        drain: () => void this.#drain(),
      };
      this.#server = await startAdmin(place, views, token);
    } catch (error) {
      await this.stop();
      throw error;
    }
    this.admin = this.#server.address;
    return this;
  }

  snapshot(): Promise<ProxySnapshot> {
    return this.#planes.snapshot();
  }

  renewCertificate(certificate: OwnCertificate): Promise<void> {
    return supplyCertificate(this.#configuration, certificate);
  }

  async stop(): Promise<void> {
    await this.#drain();
    await this.#server?.close();
  }

  async #configDump(): Promise<JsonValue> {
    await this.#settleListeners();
    return configDump(this.#configuration.ledger);
  }

  async unready(): Promise<string | undefined> {
    if (this.#stopping !== undefined) return 'draining';
    if (!this.#isReady) {
      const unreached = this.#client?.unreachedBecause;
      if (unreached !== undefined) return `the control plane cannot be reached: ${unreached}`;
      return 'the control plane has not sent a whole configuration yet';
    }
    const dead = this.#planes.unready();
    if (dead !== undefined) return dead;
    await this.#settleListeners();
    const listeners = this.#configuration.ledger.entries('listener');
    if (listeners.length === 0 || listeners.some(({ body }) => body !== undefined)) return undefined;
    return ['every listener was refused', ...listeners.map(({ name, refused }) => `${name}: ${refused?.reason}`)].join(
      '\n',
    );
  }

  /** A listener whose address was taken may have come to stand by itself since. */
  async #settleListeners(): Promise<void> {
    const { ledger } = this.#configuration;
    if (!ledger.entries('listener').some(({ refused }) => refused !== undefined)) return;
    for (const { name } of (await this.snapshot()).listeners) ledger.noteStanding(name);
  }

  #drain(): Promise<void> {
    this.#stopping ??= this.#close();
    return this.#stopping;
  }

  async #close(): Promise<void> {
    await this.#client?.stop();
    await this.#planes.stop();
  }
}
