/** Endpoint groups -> ClusterLoadAssignments: locality, weight, health and labels of each endpoint. */
import type { Endpoint, EndpointGroup, Health, Locality } from '../../model/endpoint.ts';
import type { MeshService } from '../../model/mesh-service.ts';
import { enumValue, type envoy, type google } from '../../xds-api/messages.ts';
import { type EncodedResource, encodeResource } from '../encoded-resource.ts';
import { outboundClusterName } from '../names/resource-names.ts';
import { comingOf, familyOf, inScopes, nearAudience, outboundScopes, type ScopedResource } from '../scope.ts';
import { discoveryOf } from './discovery.ts';
import { prefersNear, type Standing, standingsFor } from './locality-preference.ts';
import { socketAddress } from './values.ts';

type LoadAssignment = envoy.config.endpoint.v3.ClusterLoadAssignment;
type LocalityEndpoints = envoy.config.endpoint.v3.LocalityLbEndpoints;
type LbEndpoint = envoy.config.endpoint.v3.LbEndpoint;
type Labels = Readonly<Record<string, string>>;

const health = (name: string): number => enumValue('envoy.config.core.v3.HealthStatus', name);
const HEALTH: Readonly<Record<Health, number>> = {
  healthy: health('HEALTHY'),
  unhealthy: health('UNHEALTHY'),
  draining: health('DRAINING'),
};
const MAX_WEIGHT = 2 ** 32 - 1;

/**
 * For each port of the service and each of its subsets the endpoints, by the name of the cluster; an empty set where
 * there are none, so that a proxy need not wait. Nothing for services whose clusters find their endpoints otherwise.
 * `groups` are those of the service, in any order. `callers`: places of proxies, each of which is given what is near to it
 * first, where that makes a difference.
 */
export function translateEndpoints(
  meshService: MeshService,
  groups: readonly EndpointGroup[],
  callers: readonly Locality[] = [],
): readonly ScopedResource[] {
  const { service, ports, policy } = meshService;
  if (discoveryOf(service.resolution) !== 'eds') return [];
  return ports.flatMap(({ port }) => {
    const all = groups.filter((group) => group.port === port.number).map((group) => trusted(group, meshService));
    const assignments = [undefined, ...policy.subsets].flatMap((subset) => {
      const name = outboundClusterName(service.host, port.number, subset?.name);
      const chosen = all.flatMap((group) => withLabels(group, subset?.labels) ?? []);
      const own = subset?.policy ?? policy.portPolicies[port.number] ?? policy.policy;
      const places = prefersNear(own) ? callers : [];
      return [
        ...inScopes(outboundScopes('all', meshService), encodeAssignment(loadAssignment(name, chosen))),
        ...places.flatMap((place) => {
          const standings = standingsFor(place, chosen, own);
          if (standings === undefined) return [];
          const resource = encodeAssignment(loadAssignment(name, chosen, {}, standings));
          return inScopes(outboundScopes(nearAudience(place), meshService), resource);
        }),
      ];
    });
    return comingOf({ kind: 'port', service: service.key, port: port.number }, assignments);
  });
}

/** Where certificates are demanded, an endpoint that nobody stands behind by name could only be refused. */
function trusted(group: EndpointGroup, { security }: MeshService): EndpointGroup {
  if (security === undefined) return group;
  return { ...group, endpoints: group.endpoints.filter(({ identity }) => identity !== undefined) };
}

/**
 * Groups of one service and port; only endpoints that have the labels. Localities are in order of their names.
 * `standings`: by the group's key; absent: all are as good.
 */
export function loadAssignment(
  name: string,
  groups: readonly EndpointGroup[],
  labels: Labels = {},
  standings?: ReadonlyMap<string, Standing>,
): LoadAssignment {
  const endpoints = groups
    .filter(({ key }) => standings?.has(key) !== false)
    .toSorted((a, b) => (a.key < b.key ? -1 : 1))
    .flatMap((group) => withLabels(group, labels) ?? [])
    .map((group) => localityEndpoints(group, standings?.get(group.key)));
  return { clusterName: name, ...(endpoints.length === 0 ? {} : { endpoints }) };
}

function encodeAssignment(assignment: LoadAssignment): EncodedResource {
  const type = 'envoy.config.endpoint.v3.ClusterLoadAssignment';
  return encodeResource(type, assignment.clusterName ?? '', assignment);
}

/** The group with those of its endpoints that have the labels; undefined where there are none. */
function withLabels(group: EndpointGroup, labels: Labels = {}): EndpointGroup | undefined {
  const wanted = Object.entries(labels);
  if (wanted.length === 0) return group.endpoints.length === 0 ? undefined : group;
  const endpoints = group.endpoints.filter((one) => wanted.every(([key, value]) => one.labels[key] === value));
  return endpoints.length === 0 ? undefined : { ...group, endpoints };
}

function localityEndpoints(
  { locality, endpoints }: EndpointGroup,
  { priority, weight: share }: Standing = { priority: 0 },
): LocalityEndpoints {
  const workloads = byWorkload(endpoints);
  const total = workloads.reduce((sum, [{ weight }]) => sum + weight, 0);
  return {
    locality: localityOf(locality),
    lbEndpoints: workloads.map(lbEndpoint),
    // A gRPC client leaves out a locality without a weight.
    loadBalancingWeight: { value: Math.min(share ?? total, MAX_WEIGHT) },
    ...(priority === 0 ? {} : { priority }),
  };
}

/** Present even when nothing is known of it: a gRPC client refuses the whole assignment otherwise. */
function localityOf({ region, zone, subzone }: Locality): envoy.config.core.v3.Locality {
  return {
    ...(region === '' ? {} : { region }),
    ...(zone === '' ? {} : { zone }),
    ...(subzone === '' ? {} : { subZone: subzone }),
  };
}

/** An endpoint, and the same workload at an address of the other family. */
type Workload = readonly [Endpoint, ...Endpoint[]];

/** A workload with addresses of both families is one, not two; callers take the address that they can reach. */
function byWorkload(endpoints: readonly Endpoint[]): readonly Workload[] {
  const families = new Set(endpoints.map(({ address }) => familyOf(address)));
  if (families.size < 2) return endpoints.map((endpoint) => [endpoint]);
  const found = new Map<string, Workload>();
  for (const endpoint of endpoints) {
    const { workload, address, port, weight, health } = endpoint;
    const key = workload === undefined ? `${address}|${port}` : `${workload}|${port}|${weight}|${health}`;
    const known = found.get(key);
    const isOther = known === undefined || known.some((one) => familyOf(one.address) === familyOf(address));
    found.set(known !== undefined && isOther ? `${key}|${address}` : key, isOther ? [endpoint] : [...known, endpoint]);
  }
  return [...found.values()];
}

function lbEndpoint([{ address, port, weight, health, labels }, ...others]: Workload): LbEndpoint {
  const metadata = labelMetadata(labels);
  const first = address.startsWith('unix://')
    ? { pipe: { path: address.slice('unix://'.length) } }
    : socketAddress(address, port);
  const additionalAddresses = others.map((other) => ({ address: socketAddress(other.address, other.port) }));
  return {
    endpoint: additionalAddresses.length === 0 ? { address: first } : { address: first, additionalAddresses },
    healthStatus: HEALTH[health],
    ...(metadata === undefined ? {} : { metadata }),
    // 1 is what an endpoint weighs when nothing is said.
    ...(weight === 1 ? {} : { loadBalancingWeight: { value: weight } }),
  };
}

function labelMetadata(labels: Labels): envoy.config.core.v3.Metadata | undefined {
  const keys = Object.keys(labels).sort();
  if (keys.length === 0) return undefined;
  const fields: [string, google.protobuf.Value][] = keys.map((key) => [key, { stringValue: labels[key] ?? '' }]);
  return { filterMetadata: { 'envoy.lb': { fields: Object.fromEntries(fields) } } };
}
