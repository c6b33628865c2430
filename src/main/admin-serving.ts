/** What the admin API of a control plane shows, from its parts; a part that is not there yet shows nothing. */
import type { XdsServer } from '../delivery/xds/server.ts';
import type { Finding } from '../model/finding.ts';
import type { TrafficReport } from '../model/traffic.ts';
import type { AdminViews } from '../operations/admin.ts';
import type { Logger } from '../operations/log.ts';
import { withExactPlaces } from '../sources/files/exact-places.ts';
import type { LeaseKeeping } from './keeping/lease-keeping.ts';
import type { MigrationKeeping } from './keeping/migration-keeping.ts';
import type { Pipeline } from './pipeline.ts';
import type { RegistryBridging } from './registries/registry-bridging.ts';
import {
  bridgedServices,
  proxiesNamed,
  proxyConfig,
  proxyStatuses,
  registrySnapshot,
  sortedValues,
} from './views/admin-views.ts';
import { calledProxies } from './views/called-proxies.ts';
import { identityView } from './views/identity-views.ts';
import { nearHosts } from './views/near-hosts.ts';
import { accessView } from './views/policy-views.ts';
import { describeService } from './views/service-description.ts';
import { summarizeServices } from './views/service-summaries.ts';
import { trafficResources } from './views/traffic-views.ts';

export interface ShownParts
  extends Pick<AdminViews, 'unready' | 'metrics' | 'postCertificate' | 'certificates' | 'clusterWrites'> {
  readonly pipeline: Pipeline;
  readonly xds: XdsServer;
  readonly findings: () => readonly Finding[];
  readonly leases: () => LeaseKeeping | undefined;
  readonly registries: () => RegistryBridging | undefined;
  readonly migrations: () => MigrationKeeping | undefined;
  readonly traffic: () => readonly TrafficReport[];
  readonly log: Logger;
}

export function viewsOf({
  pipeline,
  xds,
  unready,
  metrics,
  postCertificate,
  certificates,
  clusterWrites,
  findings,
  log,
  ...parts
}: ShownParts): AdminViews {
  const { engine, mesh } = pipeline;
  const ifRegistry = <T>(name: string, show: (bridging: RegistryBridging) => T): T | undefined => {
    const bridging = parts.registries();
    return bridging?.statuses().some(({ registry }) => registry === name) === true ? show(bridging) : undefined;
  };
  return {
    unready,
    metrics,
    postCertificate,
    certificates,
    clusterWrites,
    findings: async () => withExactPlaces(findings()),
    services: () => sortedValues(mesh.meshServices),
    serviceSummaries: () => summarizeServices(pipeline),
    service: (host) => describeService(pipeline, host),
    nearHosts: (host) => nearHosts(host, mesh.hosts.keys()),
    access: (host, namespace) => accessView(pipeline, host, namespace),
    identity: (written) => identityView(pipeline, written),
    virtualIps: () => parts.leases()?.all() ?? [],
    proxies: () => proxyStatuses(xds),
    proxy: (id, identity) => proxiesNamed(xds, id, identity),
    calledProxies: (name) =>
      calledProxies(
        name,
        xds.streams().map(({ proxy }) => proxy.id),
      ),
    proxyConfig: (id, type, identity) => proxyConfig(xds, id, type, identity),
    registries: () => parts.registries()?.statuses() ?? [],
    registryServices: (name) => ifRegistry(name, (bridging) => bridgedServices(pipeline, name, bridging)),
    registrySnapshot: (name) => ifRegistry(name, () => registrySnapshot(pipeline, name)),
    releaseRegistry: async (name, service) => {
      const released = await parts.registries()?.release(name, service);
      if (released !== undefined) log.warn({ registry: name, released }, 'held deletions were released');
      return released === undefined ? undefined : { released };
    },
    migrations: () => parts.migrations()?.statuses() ?? [],
    migration: (namespace, name, position) => parts.migrations()?.status(namespace, name, position),
    trafficOf: (kind, namespace, name) => trafficResources(pipeline, parts.traffic(), kind, namespace, name),
    now: () => new Date(),
    collections: () => engine.describe(),
    collection: (name, key) => engine.dependencies(name, key),
  };
}
