/** A service and its traffic policies -> clusters: one a port, and one a port and subset. */
import type { EndpointGroup } from '../../model/endpoint.ts';
import { type Finding, finding } from '../../model/finding.ts';
import type { MeshService } from '../../model/mesh-service.ts';
import type { RuleOrigin } from '../../model/route.ts';
import type { Service, ServicePort } from '../../model/service.ts';
import { defaultConnectTimeoutMs, type Subset, type TrafficPolicy } from '../../model/traffic-policy.ts';
import { enumValue, type envoy } from '../../xds-api/messages.ts';
import { translateEgressClusters } from '../egress.ts';
import { type EncodedResource, encodeResource } from '../encoded-resource.ts';
import { dialledClusterName, inboundClusterName, outboundClusterName } from '../names/resource-names.ts';
import { type Audience, comingOf, inScopes, outboundScopes, type ScopedResource } from '../scope.ts';
import type { Translation } from '../translation.ts';
import { discoveryOf, followsDialled } from './discovery.ts';
import { framesAtOnce, isDubbo } from './dubbo-proxies.ts';
import { grpcCluster, isGrpcPort } from './grpc-clusters.ts';
import { loadAssignment } from './load-assignments.ts';
import { clusterProvided, loadBalancing, unusableSize } from './load-balancing.ts';
import { prefersNear, sharesOut } from './locality-preference.ts';
import { plainUpstream, sameHttp, securedUpstream, speaksHttp2 } from './secured-upstreams.ts';
import { circuitBreakers, httpBounds, outlierDetection } from './upstream-bounds.ts';
import { adsSource, duration, socketAddress } from './values.ts';

type Cluster = envoy.config.cluster.v3.Cluster;
type Endpoints = Pick<Cluster, 'type' | 'edsClusterConfig' | 'loadAssignment'>;

const discovery = (name: string): number => enumValue('envoy.config.cluster.v3.Cluster.DiscoveryType', name);
const TYPE = {
  static: discovery('STATIC'),
  strictDns: discovery('STRICT_DNS'),
  logicalDns: discovery('LOGICAL_DNS'),
  eds: discovery('EDS'),
  originalDestination: discovery('ORIGINAL_DST'),
};
const EDS: Endpoints = { type: TYPE.eds, edsClusterConfig: { edsConfig: adsSource } };

const everybody: readonly Audience[] = ['all'];
const envoys: readonly Audience[] = ['envoy', 'envoy-meta'];

/** Whether translateClusters reads the service's endpoint groups; for all others an endpoint's change leaves clusters be. */
export function clustersHoldEndpoints({ resolution }: Service): boolean {
  return discoveryOf(resolution) === 'dns';
}

/** The clusters of a service, for all kinds of proxies. `groups`: see clustersHoldEndpoints. */
export function translateClusters(meshService: MeshService, groups: readonly EndpointGroup[] = []): Translation {
  const { service, policy, security } = meshService;
  if (meshService.egress !== undefined) return egressClusters(meshService);
  const object = service.provenance.object;
  if (discoveryOf(service.resolution) === 'none') {
    const message = `${service.host} has resolution ${service.resolution}: no proxy is told of it.`;
    return { resources: [], findings: [finding('ISTH0705', { object, message })] };
  }
  const resources = meshService.ports.flatMap(({ port }) => {
    const own = groups.filter((group) => group.port === port.number);
    const whole = policy.portPolicies[port.number] ?? policy.policy;
    const encoded = [{ policy: whole }, ...policy.subsets.map((subset) => ({ policy: subset.policy, subset }))].flatMap(
      (one) => {
        const resource = encodeCluster(
          cluster(meshService, port, one.policy, own, 'subset' in one ? one.subset : undefined),
        );
        const audiences = followsDialled(service, one.policy) ? envoys : everybody;
        return audiences.flatMap((audience) => inScopes(outboundScopes(audience, meshService), resource));
      },
    );
    const forGrpc =
      security === undefined && isGrpcPort(port) ? grpcCluster(cluster(meshService, port, whole, own)) : undefined;
    return comingOf({ kind: 'port', service: service.key, port: port.number }, [
      ...encoded,
      ...(service.headless ? dialledClusters(meshService, port, whole) : []),
      ...(forGrpc === undefined ? [] : inScopes(outboundScopes('grpc', meshService), encodeCluster(forGrpc))),
    ]);
  });
  return { resources, findings: policyFindings(meshService) };
}

/** With what a rule for the host says of its connections. */
function egressClusters(meshService: MeshService): Translation {
  const { ports, policy } = meshService;
  const resources = translateEgressClusters(meshService, (number) => {
    const { port } = ports.find((one) => one.port.number === number) ?? {};
    if (port === undefined) return {};
    const {
      type: _,
      loadAssignment: __,
      ...rest
    } = cluster(meshService, port, policy.portPolicies[number] ?? policy.policy, []);
    return rest;
  });
  return { resources, findings: policyFindings(meshService) };
}

function cluster(
  { service, security, retries, ports }: MeshService,
  port: ServicePort,
  policy: TrafficPolicy,
  groups: readonly EndpointGroup[],
  subset?: Subset,
): Cluster {
  const name = outboundClusterName(service.host, port.number, subset?.name);
  const dialled = followsDialled(service, policy);
  const bounds = httpBounds(policy);
  const { connectTimeoutMs = defaultConnectTimeoutMs } = policy;
  const outliers = outlierDetection(policy);
  const endpoints = dialled ? { type: TYPE.originalDestination } : endpointsOf(service, name, groups, subset);
  return {
    name,
    ...endpoints,
    ...framesAtOnce(ports.some((one) => one.port.number === port.number && isDubbo(one.codec))),
    ...(connectTimeoutMs > 0 ? { connectTimeout: duration(connectTimeoutMs) } : {}),
    ...(dialled ? clusterProvided : loadBalancing(policy.loadBalancing)),
    ...circuitBreakers(policy, retries !== undefined),
    ...outliers,
    ...(sharesOut(policy) ? { commonLbConfig: { ...outliers.commonLbConfig, localityWeightedLbConfig: {} } } : {}),
    ...(policy.tcpKeepaliveSeconds === undefined
      ? {}
      : { upstreamConnectionOptions: { tcpKeepalive: { keepaliveTime: { value: policy.tcpKeepaliveSeconds } } } }),
    ...(security === undefined ? plainUpstream(port, bounds) : securedUpstream(security, service.host, port, bounds)),
  };
}

/** What of its callers dialled an endpoint itself: to that endpoint, whatever balances the others. */
function dialledClusters(
  meshService: MeshService,
  port: ServicePort,
  policy: TrafficPolicy,
): readonly ScopedResource[] {
  const name = dialledClusterName(meshService.service.host, port.number);
  const passed: TrafficPolicy = { ...policy, loadBalancing: { kind: 'passthrough' } };
  const resource = encodeCluster({ ...cluster(meshService, port, passed, []), name });
  return envoys.flatMap((audience) => inScopes(outboundScopes(audience, meshService), resource));
}

function endpointsOf(
  service: Service,
  name: string,
  groups: readonly EndpointGroup[],
  subset: Subset | undefined,
): Endpoints {
  if (discoveryOf(service.resolution) === 'eds') return EDS;
  const assignment = loadAssignment(name, groups, subset?.labels);
  const count = (assignment.endpoints ?? []).flatMap(({ lbEndpoints }) => lbEndpoints ?? []).length;
  // A logical DNS cluster must have one endpoint; more are resolved each, which is what their author can have meant.
  const isLogical = service.resolution === 'dns-round-robin' && count === 1;
  return { type: isLogical ? TYPE.logicalDns : TYPE.strictDns, loadAssignment: assignment };
}

/** One a port: every workload that listens on it, at whatever address, shares the bytes. */
const inboundClusters = new Map<string, EncodedResource>();

/**
 * The cluster behind an inbound listener: the workload itself, which listens on the loopback address. What a caller
 * speaks is spoken with it, where the proxy reads HTTP.
 */
export function inboundCluster(targetPort: number, content: 'bytes' | 'http'): EncodedResource {
  const key = `${targetPort} ${content}`;
  let encoded = inboundClusters.get(key);
  if (encoded === undefined) {
    encoded = encodeCluster({ ...localCluster(targetPort), ...(content === 'http' ? sameHttp : {}) });
    inboundClusters.set(key, encoded);
  }
  return encoded;
}

/** A workload of IPv6 alone may listen on ::1 only: that is tried where nobody answers at 127.0.0.1. */
function ownMachine(port: number): envoy.config.endpoint.v3.Endpoint {
  return {
    address: socketAddress('127.0.0.1', port),
    additionalAddresses: [{ address: socketAddress('::1', port) }],
  };
}

function localCluster(targetPort: number): Cluster {
  const name = inboundClusterName(targetPort);
  return {
    name,
    type: TYPE.static,
    loadAssignment: {
      clusterName: name,
      endpoints: [{ lbEndpoints: [{ endpoint: ownMachine(targetPort) }] }],
    },
  };
}

/** Of a service that is asked for each request or connection: gRPC in plaintext, outside of the mesh. */
export function rateLimitCluster(name: string, host: string, port: number): EncodedResource {
  const endpoint = { address: socketAddress(host, port) };
  return encodeCluster({
    name,
    type: isAddress(host) ? TYPE.static : TYPE.strictDns,
    loadAssignment: { clusterName: name, endpoints: [{ lbEndpoints: [{ endpoint }] }] },
    ...speaksHttp2,
  });
}

/** Names of hosts hold no colon, and their last label is no number. */
function isAddress(host: string): boolean {
  return host.includes(':') || /^\d+(?:\.\d+){3}$/.test(host);
}

function encodeCluster(message: Cluster): EncodedResource {
  return encodeResource('envoy.config.cluster.v3.Cluster', message.name ?? '', message);
}

function policyFindings({ service, policy }: MeshService): readonly Finding[] {
  const policies: readonly (readonly [path: string, policy: TrafficPolicy])[] = [
    ['spec.trafficPolicy', policy.policy],
    ...Object.entries(policy.portPolicies).map(
      ([port, own]) => [`spec.trafficPolicy.portLevelSettings[${port}]`, own] as const,
    ),
    ...policy.subsets.map((subset) => [`spec.subsets[${subset.name}].trafficPolicy`, subset.policy] as const),
  ];
  const about = policy.origin ?? { object: service.provenance.object };
  return policies.flatMap(([path, own]) => {
    const message = unusableSize(own.loadBalancing);
    return [
      ...(message === undefined ? [] : [finding('ISTH0704', { ...about, path, message })]),
      ...(own.places?.isEnabled === true && !prefersNear(own) ? [placelessChoice(about, path)] : []),
    ];
  });
}

function placelessChoice(about: RuleOrigin, path: string): Finding {
  const message = 'localityLbSetting has no effect where a hash, or whoever calls, chooses the endpoint.';
  const remedy = 'Use another load balancer, or remove localityLbSetting.';
  return finding('ISTH0704', { ...about, path, message, remedy });
}
