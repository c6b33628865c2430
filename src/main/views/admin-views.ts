/** What the admin API and offline commands show of a pipeline: plain values, in a stable order. */
import type { BridgedService } from '../../cli/actions.ts';
import type { Collection } from '../../collections/collection.ts';
import type { ResourceStatus, StreamStatus } from '../../delivery/xds/reports/status.ts';
import type { XdsServer } from '../../delivery/xds/server.ts';
import { namespaceOf } from '../../mesh/registries/registry-metadata.ts';
import { type Finding, formatObject } from '../../model/finding.ts';
import { proxyKey } from '../../model/proxy.ts';
import { serviceKey } from '../../model/service.ts';
import { resourceKey } from '../../resources/kinds.ts';
import type { RegistryBridges } from '../../sources/registries/registry-bridges.ts';
import { decode, messageName } from '../../xds-api/messages.ts';
import { toJson } from '../../xds-api/proto-json.ts';
import { rootsFollower } from '../certificates/followed-roots.ts';
import type { Pipeline } from '../pipeline.ts';
import { located } from './located-findings.ts';

const shortTypes: readonly (readonly [short: string, name: string, typeUrl: string])[] = [
  ['CDS', 'cluster', 'type.googleapis.com/envoy.config.cluster.v3.Cluster'],
  ['EDS', 'endpoint', 'type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment'],
  ['LDS', 'listener', 'type.googleapis.com/envoy.config.listener.v3.Listener'],
  ['RDS', 'route', 'type.googleapis.com/envoy.config.route.v3.RouteConfiguration'],
  ['MRDS', 'route', 'type.googleapis.com/aeraki.meta_protocol_proxy.config.route.v1alpha.RouteConfiguration'],
  ['TRDS', 'route', 'type.googleapis.com/envoy.extensions.filters.network.thrift_proxy.v3.RouteConfiguration'],
  ['NDS', 'names', 'type.googleapis.com/istio.networking.nds.v1.NameTable'],
  ['GRDS', 'route', 'type.googleapis.com/envoy.extensions.filters.network.generic_proxy.v3.RouteConfiguration'],
];

/** Values in order of their keys. */
export function sortedValues<T>(collection: Collection<T>): readonly T[] {
  return [...collection.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => value);
}

/** All findings in force: of sources, of derivations, of xDS streams, and of what else is given. */
export function allFindings(pipeline: Pipeline, more: readonly Finding[] = []): readonly Finding[] {
  const found = [...sortedValues(pipeline.sourced.findings), ...sortedValues(pipeline.engine.findings), ...more];
  return found.map((one) => located(one, pipeline.resources));
}

/** What a registry holds and what it became, in order of its names. */
export function bridgedServices(
  { registered, resources, mesh }: Pipeline,
  registry: string,
  bridges: Pick<RegistryBridges, 'callersOf' | 'refusedOf'>,
): readonly BridgedService[] {
  return sortedValues(registered)
    .filter((service) => service.registry === registry)
    .map((service) => {
      const { key, namespace, group, name, instances, since } = service;
      const host = mesh.registryHosts.get(key)?.host;
      const declared = resources.ServiceRegistry.get(resourceKey('ServiceRegistry', '', registry));
      const served =
        host === undefined || declared === undefined
          ? undefined
          : mesh.meshServices.get(serviceKey(namespaceOf(service, declared), host));
      const provenance = served?.service.provenance;
      return {
        service: [namespace, group, name].filter((part) => part !== '').join('/'),
        ...(host === undefined || served === undefined ? {} : { host }),
        ...(provenance === undefined || provenance.registry === registry
          ? {}
          : { definedBy: formatObject(provenance.object) }),
        addresses: served?.addresses ?? [],
        instances: instances.length,
        up: instances.filter(({ health, isolated }) => health !== 'down' && !isolated).length,
        refused: bridges.refusedOf(service),
        callers: bridges.callersOf(service),
        since,
      };
    });
}

/** What a ServiceRegistry of type Snapshot reads. */
export function registrySnapshot({ registered }: Pipeline, registry: string): unknown {
  const services = sortedValues(registered)
    .filter((service) => service.registry === registry)
    .map(({ namespace, group, name, metadata, instances, isProtected }) => ({
      namespace,
      group,
      name,
      metadata,
      instances,
      isProtected,
    }));
  return { services };
}

/**
 * Streams of one node and one identity shown as one proxy: a deployed MetaProtocol proxy opens a stream for each route configuration. Who keeps
 * the certificate files of a sidecar follows the roots over a stream, and is no proxy.
 */
export function proxyStatuses(
  xds: Pick<XdsServer, 'streams'>,
): readonly { readonly id: string; readonly identity?: string }[] {
  const ofProxies = xds.streams().filter((stream) => !keepsCertificates(stream));
  return [...Map.groupBy(ofProxies, ({ proxy }) => proxyKey(proxy)).values()].flatMap(proxyStatus).sort(byName);
}

function byName(a: { id: string; identity?: string }, b: { id: string; identity?: string }): number {
  return a.id === b.id ? compare(a.identity ?? '', b.identity ?? '') : compare(a.id, b.id);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : 1;
}

/** Several where callers of several identities state the same id, unless one of these is asked for. */
export function proxiesNamed(xds: Pick<XdsServer, 'streams'>, id: string, identity?: string): unknown {
  const named = proxyStatuses(xds).filter((one) => one.id === id && [undefined, one.identity].includes(identity));
  return named.length > 1 ? named : named[0];
}

function keepsCertificates({ proxy, types }: StreamStatus): boolean {
  return proxy.id.startsWith(rootsFollower) && types.every(({ typeUrl }) => typeUrl.endsWith('.tls.v3.Secret'));
}

function proxyStatus(streams: readonly StreamStatus[]) {
  const [first] = streams;
  if (first === undefined) return [];
  const { id, identity, kind, namespace, addresses } = first.proxy;
  const connectedAt = Math.min(...streams.map((stream) => stream.connectedAt));
  const shown = {
    id,
    ...(identity === undefined ? {} : { identity }),
    kind,
    namespace,
    addresses,
    connectedSince: new Date(connectedAt).toISOString(),
    streams: streams.length,
    types: streams.flatMap((stream) =>
      stream.types.map(({ typeUrl, ...rest }) => ({ type: shortType(typeUrl), typeUrl, ...rest })),
    ),
    unserved: [...new Set(streams.flatMap((stream) => stream.unserved))].sort(),
  };
  return [shown];
}

function shortType(typeUrl: string): string {
  return shortTypes.find(([, , url]) => url === typeUrl)?.[0] ?? typeUrl.slice(typeUrl.lastIndexOf('.') + 1);
}

/**
 * What a proxy should have, resource by resource, decoded; undefined when no such proxy is connected. Where callers of several
 * identities state the same id and none of these is asked for, each resource names whose it is.
 */
export function proxyConfig(xds: XdsServer, id: string, type: string, identity?: string): unknown {
  const streams = xds
    .streams()
    .filter(({ proxy }) => proxy.id === id && [undefined, proxy.identity].includes(identity));
  const keys = [...Map.groupBy(streams, ({ proxy }) => proxyKey(proxy))].sort(([a], [b]) => compare(a, b));
  if (keys.length === 0) return undefined;
  const types = shortTypes.filter(([, name]) => type === 'all' || type === name);
  return keys.flatMap(([key, [first]]) => {
    const whose = keys.length === 1 ? {} : { identity: first?.proxy.identity ?? '' };
    return types.flatMap(([, name, typeUrl]) =>
      xds.resources(key, typeUrl).map((status) => ({ ...whose, ...configured(name, status) })),
    );
  });
}

function configured(type: string, { name, expected, sentVersion, refused, typeUrl }: ResourceStatus) {
  return {
    type,
    name,
    version: expected?.version ?? '',
    sentVersion: sentVersion ?? '',
    refused,
    resource: expected === undefined ? undefined : resourceAsJson(typeUrl, expected.body),
  };
}

export function resourceAsJson(typeUrl: string, body: Uint8Array): unknown {
  const name = messageName(typeUrl);
  return name === undefined ? undefined : toJson(name, decode(name, body));
}
