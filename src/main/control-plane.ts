/**
 * The control plane, assembled: the pipeline with its effects around it.
 *
 *   watched files --> pipeline --> store --> xDS server --> proxies
 *                        |  ^                    |
 *        claims <--------+  +-- leases           +--> which kinds of proxies are there
 *           |                     ^
 *           +--> lease keeper ----+  (writes the state folder before an address is used)
 */
import { Engine } from '../collections/engine.ts';
import { createXdsServer, type XdsServer } from '../delivery/xds/server.ts';
import type { Finding } from '../model/finding.ts';
import { type AdminServer, parseAddress, startAdmin } from '../operations/admin.ts';
import type { Logger } from '../operations/log.ts';
import { createMetrics, type Metrics } from '../operations/metrics.ts';
import { FileSource } from '../sources/files/file-source.ts';
import { allFindings, describeService, proxyConfig, proxyStatuses, sortedValues } from './admin-views.ts';
import { type LeaseKeeping, startLeaseKeeping } from './lease-keeping.ts';
import { createManifestReader } from './manifests.ts';
import { buildPipeline, type Pipeline } from './pipeline.ts';
import { ProxyPresence } from './proxy-presence.ts';
import { createStoreFor } from './xds-delivery.ts';

export interface ControlPlaneOptions {
  readonly files: readonly string[];
  readonly stateFolder: string;
  readonly xds: string;
  readonly admin: string;
  readonly adminToken?: string;
  readonly insecureXds: boolean;
}

export interface ControlPlane {
  readonly xdsAddress: string;
  readonly adminAddress: string;
  readonly findings: () => readonly Finding[];
  stop(): Promise<void>;
}

/** Resolves when everything that is there is served. Throws USAGE, STATE or UNAVAILABLE, having stopped what it started. */
export async function startControlPlane(options: ControlPlaneOptions, log: Logger): Promise<ControlPlane> {
  const stops: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    for (let step = stops.pop(); step !== undefined; step = stops.pop()) await step();
  };
  try {
    return await assemble(options, log, stops, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

async function assemble(
  options: ControlPlaneOptions,
  log: Logger,
  stops: (() => Promise<void>)[],
  stop: () => Promise<void>,
): Promise<ControlPlane> {
  const xdsAt = parseAddress(options.xds, '--xds');
  const pipeline = buildPipeline(new Engine());

  const source = await watchFiles(options.files, pipeline);
  stops.push(() => source.close());
  const leases = await startLeaseKeeping(pipeline, options.stateFolder, () => source.state === 'live', log);
  stops.push(() => leases.close());
  await leases.settled();

  const metrics = metricsOf(pipeline);
  const xds = serveXds(pipeline, metrics, log);
  stops.push(() => xds.close());
  const listening = await xds.listen({ ...xdsAt, allowPlaintextBeyondLoopback: options.insecureXds });

  const findings = (): readonly Finding[] => allFindings(pipeline, [...leases.findings(), ...xds.findings()]);
  const admin = await serveAdmin(options, { pipeline, source, leases, xds, metrics, findings });
  stops.push(() => admin.close());
  return { xdsAddress: `${listening.host}:${listening.port}`, adminAddress: admin.address, findings, stop };
}

async function watchFiles(roots: readonly string[], { engine, files }: Pipeline): Promise<FileSource> {
  const read = createManifestReader().readAll;
  const source = new FileSource({ roots, tables: files, batch: (change) => engine.batch(change), read });
  await source.start();
  return source;
}

function serveXds(pipeline: Pipeline, metrics: Metrics, log: Logger): XdsServer {
  const presence = new ProxyPresence(pipeline);
  return createXdsServer({
    source: createStoreFor(pipeline),
    observer: {
      streamOpened: (proxy) => {
        metrics.xdsStreams.inc();
        presence.enter(proxy);
        log.info({ proxy: proxy.id, kind: proxy.kind }, 'proxy connected');
      },
      streamClosed: (proxy) => {
        metrics.xdsStreams.dec();
        presence.leave(proxy);
        log.info({ proxy: proxy.id, kind: proxy.kind }, 'proxy disconnected');
      },
      pushed: ({ typeUrl }) => metrics.xdsPushes.inc({ type: typeUrl }),
      acknowledged: (_typeUrl, seconds) => metrics.xdsPushSeconds.observe(seconds),
      refused: (typeUrl) => {
        metrics.xdsNacks.inc({ type: typeUrl });
        log.warn({ type: typeUrl }, 'a proxy refused a response; see "isthmus proxy-status"');
      },
      failed: (error) => log.error({ err: error }, 'a stream ended by a fault of isthmus'),
    },
  });
}

interface AdminParts {
  readonly pipeline: Pipeline;
  readonly source: FileSource;
  readonly leases: LeaseKeeping;
  readonly xds: XdsServer;
  readonly metrics: Metrics;
  readonly findings: () => readonly Finding[];
}

async function serveAdmin(options: ControlPlaneOptions, parts: AdminParts): Promise<AdminServer> {
  const { pipeline, source, leases, xds, metrics, findings } = parts;
  const { engine, mesh } = pipeline;
  return startAdmin(
    options.admin,
    {
      unready: () => (source.state === 'syncing' ? [{ part: 'files', reason: 'not all of them are read yet' }] : []),
      metrics: () => metrics.registry.metrics(),
      findings,
      services: () => sortedValues(mesh.meshServices),
      service: (host) => describeService(pipeline, host),
      virtualIps: () => leases.all(),
      proxies: () => proxyStatuses(xds),
      proxy: (id) => proxyStatuses(xds).find((proxy) => proxy.id === id),
      proxyConfig: (id, type) => proxyConfig(xds, id, type),
      collections: () => engine.describe(),
      collection: (name, key) => engine.dependencies(name, key),
    },
    options.adminToken,
  );
}

function metricsOf({ engine, files, leases }: Pipeline): Metrics {
  return createMetrics({
    resources: () => new Map(Object.entries(files.resources).map(([kind, table]) => [kind, table.size])),
    findings: () => {
      const counts = { error: 0, warning: 0, info: 0 };
      for (const collection of [engine.findings, files.findings])
        for (const { severity } of collection.values()) counts[severity]++;
      return counts;
    },
    boundVirtualIps: () => {
      let bound = 0;
      for (const { state } of leases.values()) if (state === 'bound') bound++;
      return bound;
    },
  });
}
