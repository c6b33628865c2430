/**
 * Connections that the kernel hands to an Envoy, whatever address they were for: it binds two listeners for all of them, and
 * each of the mesh's listeners is as it is for everybody, but not bound.
 *
 *   connection, whatever it was for --> virtualOutbound, virtualInbound --address and port that it was for--> that listener
 *                                                                       `-nobody's address--> refused, or passed on as it is
 *
 * So a change of one service changes its own listeners, and no filter of a listener that waits for bytes delays a server
 * that speaks first. What was for nobody is passed on only where the mesh speaks plaintext: else the addresses of workloads
 * would be a way around policies.
 */
import type { MeshSettings } from '../../model/mesh-service.ts';
import type { Interception, ProxyKind } from '../../model/proxy.ts';
import { enumValue, type envoy, typeUrl } from '../../xds-api/messages.ts';
import { type EncodedResource, encodeResource, overriddenResource } from '../encoded-resource.ts';
import {
  type AddressFamily,
  type Audience,
  handedScope,
  inScopes,
  isHandedScope,
  type ScopedResource,
} from '../scope.ts';
import { clusterProvided } from './load-balancing.ts';
import { tcpProxy } from './tcp-proxies.ts';
import { cidrRange, socketAddress } from './values.ts';

type FilterChain = envoy.config.listener.v3.FilterChain;

const LISTENER = 'envoy.config.listener.v3.Listener';
const CLUSTER = 'envoy.config.cluster.v3.Cluster';
const LISTENER_URL = typeUrl(LISTENER);
const TYPE = {
  static: enumValue('envoy.config.cluster.v3.Cluster.DiscoveryType', 'STATIC'),
  originalDestination: enumValue('envoy.config.cluster.v3.Cluster.DiscoveryType', 'ORIGINAL_DST'),
};

/** Ports and names are Istio's, whose rules of redirection serve as they are. */
const ENTRANCES = {
  outbound: {
    name: 'virtualOutbound',
    port: 15_001,
    passthrough: { ipv4: 'PassthroughCluster', ipv6: 'PassthroughCluster' },
    direction: enumValue('envoy.config.core.v3.TrafficDirection', 'OUTBOUND'),
  },
  inbound: {
    name: 'virtualInbound',
    port: 15_006,
    passthrough: { ipv4: 'InboundPassthroughCluster', ipv6: 'InboundPassthroughCluster_ipv6' },
    direction: enumValue('envoy.config.core.v3.TrafficDirection', 'INBOUND'),
  },
} as const;
type Direction = keyof typeof ENTRANCES;

const BLACK_HOLE = 'BlackHoleCluster';
const ANY_ADDRESS = { ipv4: '0.0.0.0', ipv6: '::' } as const;
/** Rules of redirection tell by it that an inbound connection was taken in once already. */
const PASSED_FROM = { ipv4: '127.0.0.6', ipv6: '::6' } as const;
const families: readonly AddressFamily[] = ['ipv4', 'ipv6'];

/** Those of a translation for a kind that are listeners and bound, as proxies read them that are handed their connections. */
export function handedListeners(kind: ProxyKind, resources: readonly ScopedResource[]): readonly ScopedResource[] {
  return resources
    .filter(({ scope, resource }) => resource.typeUrl === LISTENER_URL && !isHandedScope(kind, scope))
    .map(({ scope, resource, ...rest }) => ({
      ...rest,
      scope: handedScope(kind, scope),
      resource: overriddenResource(resource, LISTENER, { bindToPort: {} }),
    }));
}

/** What all proxies of the kind have whose connections come so. */
export function translateInterception(
  kind: ProxyKind,
  interception: Interception,
  settings: MeshSettings,
): readonly ScopedResource[] {
  const audience: Audience = `${kind}+${interception}`;
  const directions: readonly Direction[] = ['outbound', 'inbound'];
  return [
    ...[blackHole(), ...families.flatMap(passthroughs)].flatMap((cluster) => inScopes([`${audience}/*`], cluster)),
    ...families.flatMap((family) =>
      directions.flatMap((direction) =>
        inScopes([`${audience}-${family}/*`], entrance(direction, family, interception, settings)),
      ),
    ),
  ];
}

function entrance(
  direction: Direction,
  family: AddressFamily,
  interception: Interception,
  settings: MeshSettings,
): EncodedResource {
  const { port, passthrough, direction: trafficDirection, ...rest } = ENTRANCES[direction];
  const name = family === 'ipv4' ? rest.name : `${rest.name}_ipv6`;
  const isOpen = settings.access === 'Disabled' || (direction === 'outbound' && settings.passesElsewhere === true);
  const elsewhere = isOpen ? passthrough[family] : BLACK_HOLE;
  const alone = isOpen ? [] : excludedChains(direction, family, settings);
  return encodeResource(LISTENER, name, {
    name,
    address: socketAddress(ANY_ADDRESS[family], port),
    // What is for the entrance itself was handed over by nobody, and would be passed on to it again and again.
    filterChains: [
      { filterChainMatch: { destinationPort: { value: port } }, ...chain(BLACK_HOLE, settings) },
      ...alone,
    ],
    defaultFilterChain: chain(elsewhere, settings),
    useOriginalDst: { value: true },
    ...(interception === 'tproxy' ? { transparent: { value: true } } : {}),
    trafficDirection,
  });
}

/** What proxies are to leave alone, where rules of redirection hand it to them all the same. */
function excludedChains(direction: Direction, family: AddressFamily, settings: MeshSettings): readonly FilterChain[] {
  const { outboundRanges = [], outboundPorts = [], inboundPorts = [] } = settings.exclusions ?? {};
  const { port: own, passthrough } = ENTRANCES[direction];
  const ports = [...new Set(direction === 'outbound' ? outboundPorts : inboundPorts)].filter((port) => port !== own);
  const ranges = direction === 'outbound' ? outboundRanges.filter((range) => familyOf(range) === family) : [];
  const open = (name: string, filterChainMatch: FilterChain['filterChainMatch']): FilterChain => ({
    ...chain(passthrough[family], settings),
    name,
    ...(filterChainMatch === undefined ? {} : { filterChainMatch }),
  });
  return [
    ...ports.sort((a, b) => a - b).map((port) => open(`excluded ${port}`, { destinationPort: { value: port } })),
    ...(ranges.length === 0
      ? []
      : [open('excluded ranges', { prefixRanges: [...new Set(ranges)].sort().map(cidrRange) })]),
  ];
}

function familyOf(range: string): AddressFamily {
  return range.includes(':') ? 'ipv6' : 'ipv4';
}

function chain(cluster: string, settings: MeshSettings): FilterChain {
  return { name: cluster, filters: [tcpProxy(cluster, cluster, settings)] };
}

function blackHole(): EncodedResource {
  return encodeResource(CLUSTER, BLACK_HOLE, { name: BLACK_HOLE, type: TYPE.static });
}

function passthroughs(family: AddressFamily): readonly EncodedResource[] {
  const inbound = ENTRANCES.inbound.passthrough[family];
  const from = { upstreamBindConfig: { sourceAddress: { address: PASSED_FROM[family], portValue: 0 } } };
  return [
    ...(family === 'ipv4' ? [passthroughCluster(ENTRANCES.outbound.passthrough.ipv4)] : []),
    passthroughCluster(inbound, from),
  ];
}

function passthroughCluster(name: string, rest: envoy.config.cluster.v3.Cluster = {}): EncodedResource {
  return encodeResource(CLUSTER, name, { name, type: TYPE.originalDestination, ...clusterProvided, ...rest });
}
