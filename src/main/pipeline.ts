/**
 * The whole flow of the control plane, as named collections in the order in which they run.
 *
 *   source --> tables --> mesh model --> xds outbound, clusters, endpoints, inbound --> (delivery: a sink of the caller)
 *               ^            |
 *   leases -----+            +--> virtual IP claims --> (the lease keeper, an effect of the caller)
 *
 * Everything here is pure: `isthmus run` adds a watched folder, a state folder and an xDS server to it, `validate` and
 * `translate` read files once and look at the result. Translation for a kind of proxy happens only while one is there.
 */
import type { Collection, Context, Index, Table } from '../collections/collection.ts';
import type { Engine } from '../collections/engine.ts';
import { equal } from '../collections/equality.ts';
import { routersByNameOfHost } from '../delivery/kubernetes/objects/unwritten-filters.ts';
import { singleAddress } from '../mesh/endpoints/ip-address.ts';
import type { ResourceCollections } from '../mesh/inputs.ts';
import { buildMesh, type Mesh } from '../mesh/mesh.ts';
import { reachOf } from '../mesh/services/reached-hosts.ts';
import { meshKey, settingsOf } from '../mesh/settings.ts';
import type { VirtualIpRanges } from '../mesh/virtual-ips/virtual-ips.ts';
import { type CertificateSettings, defaultCertificateSettings } from '../model/certificate-settings.ts';
import type { AccessMode } from '../model/mesh-service.ts';
import { type Interception, knownInterceptions, knownProxyKinds, type ProxyKind } from '../model/proxy.ts';
import type { RegisteredService } from '../model/registry.ts';
import type { ServiceKey } from '../model/service.ts';
import type { VirtualIpLease } from '../model/virtual-ip.ts';
import type { MetaRouter } from '../resources/kinds.ts';
import { createSourceTables, type SourceTables } from '../sources/resource-tables.ts';
import { clustersHoldEndpoints, translateClusters } from '../translate/envoy/clusters.ts';
import { handedListeners, translateInterception } from '../translate/envoy/interception.ts';
import { translateEndpoints } from '../translate/envoy/load-assignments.ts';
import { translateProxyPeers } from '../translate/envoy/proxy-peers.ts';
import { translateInbound } from '../translate/inbound.ts';
import type { IstioObject, IstioWriting } from '../translate/istio/istio-objects.ts';
import type { HostName } from '../translate/names/host-names.ts';
import { settingsFindings, translateOutbound } from '../translate/outbound.ts';
import { reachedBy, type ScopedResource, scopedResourceKey } from '../translate/scope.ts';
import { translateSharedPort } from '../translate/shared-listeners.ts';
import type { Translation } from '../translate/translation.ts';
import { type CallerPlaces, callerPlaces, callerPlacesTable } from './caller-places.ts';
import { inspectCodec } from './codec-inspection.ts';
import { hostNamesOnDemand } from './host-names.ts';
import { istioObjects } from './istio-objects.ts';

export interface Pipeline {
  readonly engine: Engine;
  /** Filled by the source of resources. */
  readonly sourced: SourceTables;
  /** Of all sources: what the mesh is made of. */
  readonly resources: ResourceCollections;
  /** Filled by the bridges of registries. */
  readonly registered: Table<RegisteredService>;
  /** Keys of plans whose hosts may be retired; filled by who keeps the times of migrations. */
  readonly quietMigrations: Table<string>;
  /** Filled by who keeps the mode of access. */
  readonly keptAccess: Table<AccessMode>;
  readonly keptRanges: Table<VirtualIpRanges>;
  /** Filled by the lease keeper. */
  readonly leases: Table<VirtualIpLease>;
  /** Hosts that want an address and get none: none is free. Filled by the lease keeper, where it is the one that decides. */
  readonly addressless: Table<ServiceKey>;
  /** Kinds of proxies to translate for. */
  readonly proxyKinds: Table<ProxyKind>;
  /** Kinds of which some proxies are handed their connections. */
  readonly interceptedKinds: Table<InterceptedKind>;
  readonly callerPlaces: CallerPlaces;
  /** Addresses at which proxies stand, which are told what to listen for. */
  readonly proxyAddresses: Table<string>;
  /** The trust domain that certificates are issued for; filled when the authority is opened. */
  readonly fixedTrustDomain: Table<string>;
  readonly mesh: Mesh;
  /** Everything that proxies may be sent; each resource in the scope of those who may see it. */
  readonly xds: readonly Collection<ScopedResource>[];
  /** What each host is called by; kept from when it is first asked for. */
  readonly names: () => Collection<HostName>;
  /** For whom objects are written, under `mesh`; nobody while there is nothing. */
  readonly istioWriting: Table<IstioWriting>;
  /** Everything that Istio is told, by `Kind/namespace/name`. */
  readonly istioObjects: Collection<IstioObject>;
  /** By what names of filters have of a host. */
  readonly metaRoutersByNameOfHost: Index<MetaRouter>;
}

/** Keyed by both. */
export interface InterceptedKind {
  readonly kind: ProxyKind;
  readonly interception: Interception;
}

/** `everyAddress`: as if a proxy stood at each endpoint, for commands that show a mesh without proxies. */
export function buildPipeline(engine: Engine, { everyAddress = false } = {}): Pipeline {
  const sourced = createSourceTables(engine);
  const leases = engine.table<VirtualIpLease>('virtual ip leases', { key: (lease) => lease.key });
  const addressless = engine.table<ServiceKey>('hosts without an address', { key: (key) => key });
  const registered = engine.table<RegisteredService>('registered services', { key: (service) => service.key });
  const quietMigrations = engine.table<string>('quiet migrations', { key: (key) => key });
  const keptAccess = engine.table<AccessMode>('kept access', { key: () => meshKey });
  const keptRanges = engine.table<VirtualIpRanges>('kept ranges', { key: () => meshKey });
  const proxyKinds = engine.table<ProxyKind>('proxy kinds', { key: (kind) => kind });
  const interceptedKinds = engine.table<InterceptedKind>('intercepted kinds', { key: interceptedKey });
  const places = callerPlacesTable(engine);
  const proxyAddresses = engine.table<string>('proxy addresses', { key: (address) => address });
  const fixedTrustDomain = engine.table<string>('fixed trust domain', { key: () => meshKey });
  const istioWriting = engine.table<IstioWriting>('istio writing', { key: () => meshKey });
  engine.batch(() => {
    const tables = [leases, registered, quietMigrations, keptAccess, proxyKinds, interceptedKinds, proxyAddresses];
    for (const table of [...tables, addressless, keptRanges, places, fixedTrustDomain, istioWriting])
      table.setState('live');
  });
  const { resources } = sourced;
  const mesh = buildMesh(engine, {
    resources,
    registered,
    quietMigrations,
    keptAccess,
    keptRanges,
    leases,
    inspectCodec,
    fixedTrustDomain,
    istioTold: istioWriting,
    ...(everyAddress ? {} : { proxyAddresses }),
  });
  return {
    engine,
    sourced,
    resources,
    registered,
    quietMigrations,
    keptAccess,
    keptRanges,
    leases,
    addressless,
    proxyKinds,
    interceptedKinds,
    callerPlaces: places,
    proxyAddresses,
    fixedTrustDomain,
    mesh,
    xds: xdsResources(engine, mesh, { kinds: proxyKinds, intercepted: interceptedKinds, places }),
    names: hostNamesOnDemand(engine, { mesh, resources, leases }),
    istioWriting,
    istioObjects: istioObjects(engine, { mesh, resources, leases, addressless }, istioWriting),
    metaRoutersByNameOfHost: routersByNameOfHost(engine, resources.MetaRouter),
  };
}

/** Who is to issue certificates. */
export function certificateSettingsOf({ mesh }: Pipeline): CertificateSettings {
  return mesh.certificates.get(meshKey) ?? defaultCertificateSettings;
}

export function trustDomainOf({ mesh }: Pipeline): string {
  return mesh.settings.get(meshKey)?.trustDomain ?? '';
}

export function rootNamespaceOf({ mesh }: Pipeline): string {
  return mesh.settings.get(meshKey)?.rootNamespace ?? '';
}

export function interceptedKey({ kind, interception }: InterceptedKind): string {
  return `${kind}+${interception}`;
}

/** Equal bytes of one origin are equal resources. */
const scopedShape = {
  key: scopedResourceKey,
  equals: (a: ScopedResource, b: ScopedResource): boolean =>
    a.resource.version === b.resource.version && equal(a.origin, b.origin),
};

interface KindsInUse {
  readonly kinds: Collection<ProxyKind>;
  readonly intercepted: Collection<InterceptedKind>;
  readonly places: CallerPlaces;
}

function xdsResources(
  engine: Engine,
  mesh: Mesh,
  { kinds, intercepted, places }: KindsInUse,
): readonly Collection<ScopedResource>[] {
  const isHanded = (context: Context, kind: ProxyKind): boolean =>
    knownInterceptions.some(
      (interception) => context.get(intercepted, interceptedKey({ kind, interception })) !== undefined,
    );
  const forKindsInUse = (
    context: Context,
    translate: (kind: ProxyKind, isHanded: boolean) => Translation,
  ): readonly ScopedResource[] =>
    knownProxyKinds.flatMap((kind) => {
      if (context.get(kinds, kind) === undefined) return [];
      const handed = isHanded(context, kind);
      const resources = reported(context, translate(kind, handed));
      return handed ? [...resources, ...handedListeners(kind, resources)] : resources;
    });
  const groupsOf = (context: Context, key: string) => context.lookup(mesh.groupsByService, key);

  engine.map('settings findings', mesh.settings, (settings, context) => {
    for (const one of settingsFindings(settings)) context.report(one);
    return undefined;
  });
  const ofServices = engine.flatMap(
    'xds outbound of services',
    mesh.meshServices,
    (service, context) =>
      forKindsInUse(context, (kind, handed) => {
        const groups = handed && service.service.headless ? groupsOf(context, service.service.key) : undefined;
        return translateOutbound(kind, service, settingsOf(context, mesh.settings), groups);
      }),
    scopedShape,
  );
  const ofSharedPorts = engine.flatMap(
    'xds shared ports',
    mesh.reservedAddresses,
    ({ address: written, shared }, context) => {
      const address = singleAddress(written);
      if (address === undefined) return [];
      return shared.flatMap(({ number, services }) => {
        const sharers = services.flatMap((key) => context.get(mesh.meshServices, key) ?? []);
        return forKindsInUse(context, (kind) =>
          translateSharedPort(kind, { address, port: number }, sharers, settingsOf(context, mesh.settings)),
        );
      });
    },
    scopedShape,
  );
  // One collection: a listener that begins to be shared changes, and is not taken away and given anew.
  const outbound = engine.merge('xds outbound', [ofSharedPorts, ofServices]);
  const clusters = engine.flatMap(
    'xds clusters',
    mesh.meshServices,
    (service, context) => {
      const groups = clustersHoldEndpoints(service.service) ? groupsOf(context, service.service.key) : [];
      return reachedBy(
        reachOf(context, mesh.reachedHosts, service.service),
        reported(context, translateClusters(service, groups)),
      );
    },
    scopedShape,
  );
  const endpoints = engine.flatMap(
    'xds endpoints',
    mesh.meshServices,
    (service, context) => {
      const { key } = service.service;
      // The shares of a migration are those of all callers together, wherever they are.
      const isMoving = context.get(mesh.migrations, key) !== undefined;
      const assignments = translateEndpoints(
        service,
        groupsOf(context, key),
        isMoving ? [] : callerPlaces(context, places),
      );
      return reachedBy(reachOf(context, mesh.reachedHosts, service.service), assignments);
    },
    scopedShape,
  );
  const inbound = engine.flatMap(
    'xds inbound',
    mesh.inboundPorts,
    (port, context) =>
      forKindsInUse(context, (kind) => translateInbound(kind, port, settingsOf(context, mesh.settings))),
    scopedShape,
  );
  const interception = engine.flatMap(
    'xds interception',
    intercepted,
    ({ kind, interception }, context) => translateInterception(kind, interception, settingsOf(context, mesh.settings)),
    scopedShape,
  );
  const logs = engine.index('telemetry logs of the mesh', mesh.telemetryLogs, () => [meshKey]);
  const peers = engine.flatMap(
    'xds proxy peers',
    mesh.settings,
    (settings, context) =>
      translateProxyPeers(
        settings,
        context.lookup(logs, meshKey).map(({ log }) => log),
      ),
    scopedShape,
  );
  return [clusters, endpoints, outbound, inbound, interception, peers];
}

function reported(context: Context, { resources, findings }: Translation): readonly ScopedResource[] {
  for (const one of findings) context.report(one);
  return resources;
}
