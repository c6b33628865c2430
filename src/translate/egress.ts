/**
 * Hosts outside the mesh, as stock Envoys reach them: a listener at the virtual IP, and a cluster that resolves the host.
 * Everything stands in the scopes of the identities that some policy permits, and of nobody else.
 *
 *   grants of a port --> callers with equal grants --> listener, and for http routes, of what they may send
 *                    `-> ranges of addresses ---------> a cluster for each, that sends nowhere else
 */
import { type EgressGrant, type EgressPort, singleAddressOf } from '../model/egress.ts';
import { finding } from '../model/finding.ts';
import type { MeshService, MeshSettings } from '../model/mesh-service.ts';
import type { ProxyKind } from '../model/proxy.ts';
import type { envoy } from '../xds-api/messages.ts';
import { encodeResource } from './encoded-resource.ts';
import { dnsCluster, rangedHttp } from './envoy/egress-clusters.ts';
import { httpConnections } from './envoy/http-connections.ts';
import { hostRoutes } from './envoy/http-routes.ts';
import { chainedListener, tlsInspector } from './envoy/listeners.ts';
import { conditionMatch } from './envoy/split-routes.ts';
import { tcpProxy } from './envoy/tcp-proxies.ts';
import { httpBounds } from './envoy/upstream-bounds.ts';
import { adsSource } from './envoy/values.ts';
import { httpRouteName, outboundClusterName } from './names/resource-names.ts';
import { callerScope, comingOf, inScopes, type ScopedResource } from './scope.ts';
import type { Translation } from './translation.ts';

type FilterChain = envoy.config.listener.v3.FilterChain;
type Cluster = envoy.config.cluster.v3.Cluster;

/** Listeners and routes. Other kinds of proxies would hold the host against nothing. */
export function translateEgress(kind: ProxyKind, meshService: MeshService, settings: MeshSettings): Translation {
  const { service, egress = [] } = meshService;
  if (kind !== 'envoy' && kind !== 'envoy-meta') {
    const message = `Proxies of kind ${kind} are not told of ${service.host}: they could not hold what is sent there against the policy.`;
    return { resources: [], findings: [finding('ISTH1407', { object: service.provenance.object, message })] };
  }
  const resources = egress.flatMap((port) =>
    comingOf(
      { kind: 'port', service: service.key, port: port.number },
      callersByGrants(port).flatMap(({ callers, grants }) =>
        inCallerScopes(kind, callers, portResources(meshService, port, grants, settings)),
      ),
    ),
  );
  return { resources, findings: [] };
}

/** `template`: what a cluster of the port has besides its endpoints. */
export function translateEgressClusters(
  { service: { key, host }, egress = [], policy }: MeshService,
  template: (port: number) => Partial<Cluster>,
): readonly ScopedResource[] {
  return egress.flatMap((port) => {
    const byRanges = Map.groupBy(port.grants, rangesText);
    const bounds = httpBounds(policy.portPolicies[port.number] ?? policy.policy);
    const clusters = [...byRanges].sort(byFirst).flatMap(([text, grants]) => {
      const name = clusterName(host, port.number, text);
      const ranges = grants[0]?.ranges ?? [];
      const addresses = port.protocol === 'http' ? [] : ranges.flatMap((range) => singleAddressOf(range) ?? []);
      const cluster = {
        ...template(port.number),
        ...dnsCluster(name, addresses.length === 0 ? [host] : addresses, port.number),
        ...(port.protocol === 'http' ? rangedHttp(ranges, bounds) : {}),
      };
      const callers = [...new Set(grants.flatMap((grant) => grant.callers))].sort();
      const resource = encodeResource('envoy.config.cluster.v3.Cluster', name, cluster);
      return (['envoy', 'envoy-meta'] as const).flatMap((kind) => inCallerScopes(kind, callers, [resource]));
    });
    return comingOf({ kind: 'port', service: key, port: port.number }, clusters);
  });
}

/** Who may do the same is told the same. */
function callersByGrants({ grants }: EgressPort): readonly {
  readonly callers: readonly string[];
  readonly grants: readonly EgressGrant[];
}[] {
  const callers = [...new Set(grants.flatMap((grant) => grant.callers))].sort();
  const held = (caller: string) => grants.filter((grant) => grant.callers.includes(caller));
  const groups = Map.groupBy(callers, (caller) =>
    held(caller)
      .map((grant) => grants.indexOf(grant))
      .join(),
  );
  return [...groups.values()].map((members) => ({ callers: members, grants: held(members[0] ?? '') }));
}

function inCallerScopes(
  kind: ProxyKind,
  callers: readonly string[],
  resources: readonly ScopedResource['resource'][],
): readonly ScopedResource[] {
  const scopes = callers.map((caller) => callerScope(kind, caller));
  return resources.flatMap((resource) => inScopes(scopes, resource));
}

function portResources(
  { service: { host }, addresses }: MeshService,
  { number, protocol }: EgressPort,
  grants: readonly EgressGrant[],
  settings: MeshSettings,
): readonly ScopedResource['resource'][] {
  // What no range narrows comes first: it serves whatever the others would refuse.
  const ordered = grants.toSorted((a, b) => a.ranges.length - b.ranges.length);
  const statPrefix = outboundClusterName(host, number);
  if (protocol === 'http') {
    const routes = { rds: { configSource: adsSource, routeConfigName: httpRouteName(host, number) } };
    const filter = httpConnections({ statPrefix, routes, filters: [], settings, direction: 'outbound' });
    return [
      ...addresses.map((address) => chainedListener(address, number, 'outbound', [{ filters: [filter] }])),
      hostRoutes(
        host,
        number,
        ordered.flatMap((grant) => grantRoutes(host, number, grant)),
      ),
    ];
  }
  const cluster = clusterName(host, number, rangesText(ordered[0]));
  const filters = [tcpProxy(statPrefix, cluster, settings)];
  const chain: FilterChain =
    protocol === 'https' ? { filterChainMatch: { serverNames: [host] }, filters } : { filters };
  const inspectors = protocol === 'https' ? [tlsInspector] : [];
  return addresses.map((address) => chainedListener(address, number, 'outbound', [chain], inspectors));
}

function grantRoutes(host: string, port: number, grant: EgressGrant): readonly envoy.config.route.v3.Route[] {
  const route = { cluster: clusterName(host, port, rangesText(grant)), timeout: {} };
  const conditions = grant.requests === 'any' ? [EVERY] : grant.requests;
  return conditions.map((condition) => ({ match: conditionMatch(condition), route }));
}

const EVERY = { pathRegex: '', methods: [], headers: [] };

function rangesText(grant: EgressGrant | undefined): string {
  return grant?.ranges.join('+') ?? '';
}

/** Requests that are held against other ranges have a cluster of their own. */
function clusterName(host: string, port: number, ranges: string): string {
  return ranges === '' ? outboundClusterName(host, port) : outboundClusterName(host, port, ranges);
}

function byFirst([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}
