/**
 * The mesh model, from resources: which services there are, where they stand, what they speak and where their requests go.
 *
 *   resources --> services, endpoint groups, protocols, host policies, route tables --> mesh services, inbound ports
 *                     |                                                                      ^
 *                     +--> virtual IP claims --> (the allocator, outside) --> leases --------+
 *
 * Each collection is a file of its own. Users' mistakes become findings and take nothing else with them. Nothing here
 * has an effect or knows a source, a proxy or a dialect. An endpoint that changes touches its service's endpoint groups
 * and inbound ports, and no route.
 */

import type { Collection, Index } from '../collections/collection.ts';
import type { Engine } from '../collections/engine.ts';
import type { AccessPolicy } from '../model/access.ts';
import type { CertificateSettings } from '../model/certificate-settings.ts';
import type { EndpointGroup } from '../model/endpoint.ts';
import { finding } from '../model/finding.ts';
import type { GatewayPort } from '../model/gateway-port.ts';
import type { AccessMode, InboundPort, MeshService, MeshSettings, PortCodec } from '../model/mesh-service.ts';
import type { Protocol } from '../model/protocol.ts';
import type { Publication } from '../model/publication.ts';
import type { RedisPort } from '../model/redis.ts';
import type { RequestPolicy } from '../model/request-policy.ts';
import type { RouteTable } from '../model/route.ts';
import type { Service } from '../model/service.ts';
import type { TrafficSetting } from '../model/traffic-limits.ts';
import type { HostPolicy } from '../model/traffic-policy.ts';
import type { WorkloadGroup } from '../resources/kinds.ts';
import { accessPolicies } from './access/access-policies.ts';
import { certificateSettings } from './access/certificate-settings.ts';
import { type BackendIngress, backendIngresses } from './access/ingress-backends.ts';
import { istioAuthorizations } from './access/istio-authorization.ts';
import { reportPeerAuthentication } from './access/peer-authentication.ts';
import { requestAuthentications } from './access/request-authentications.ts';
import { requestPolicies } from './access/request-policies.ts';
import { serviceSecurities } from './access/service-security.ts';
import { endpointGroups } from './endpoints/endpoint-groups.ts';
import { endpointSources } from './endpoints/endpoint-sources.ts';
import { allAddresses, inboundPorts } from './endpoints/inbound-ports.ts';
import { type PodTables, podWorkloads } from './endpoints/pods.ts';
import { gatewayPorts } from './gateways/gateway-ports.ts';
import type { MeshInputs } from './inputs.ts';
import { type Alias, aliases, type Migration, migrations, migrationsInForce } from './migrations/migrations.ts';
import { retiredHosts } from './migrations/retired-hosts.ts';
import { egressHosts } from './openservicemesh/egress-policies.ts';
import { type TelemetryLog, telemetries } from './openservicemesh/telemetries.ts';
import { reportTelemetryReach } from './openservicemesh/telemetry-reach.ts';
import { redisPorts } from './redis/redis-ports.ts';
import { filledEntries, indexByName } from './registries/filled-entries.ts';
import { publications } from './registries/publications.ts';
import { type RegistryHost, registryHosts } from './registries/registry-hosts.ts';
import { about } from './resource-order.ts';
import { codecAbilities } from './routing/codec-abilities.ts';
import { routeTables } from './routing/route-tables.ts';
import { serviceSplits, splitCallers } from './routing/traffic-splits.ts';
import { virtualServiceRoutes } from './routing/virtual-service-routes.ts';
import { virtualServiceSplits } from './routing/virtual-service-splits.ts';
import { virtualServicesInForce } from './routing/virtual-services.ts';
import { meshServices } from './services/mesh-services.ts';
import { portCodecs, protocols } from './services/protocols.ts';
import { reachedHosts } from './services/reached-hosts.ts';
import { type HostServices, hosts, serviceDeclarations, services } from './services/services.ts';
import { type Sidecars, sidecarRules } from './services/sidecars.ts';
import { meshSettings } from './settings.ts';
import { hostPolicies } from './traffic/host-policies.ts';
import { rulesByHost } from './traffic/host-rules.ts';
import { serviceRetries } from './traffic/retries.ts';
import { trafficSettings } from './traffic/traffic-settings.ts';
import { reportUnguardedLimits } from './traffic/unguarded-limits.ts';
import { reportUnhonoured } from './unhonoured-kinds.ts';
import {
  type ReservedAddress,
  reservedAddresses,
  type VirtualIpClaim,
  virtualIpClaims,
} from './virtual-ips/virtual-ip-claims.ts';
import type { VirtualIpRanges } from './virtual-ips/virtual-ips.ts';

export interface Mesh {
  /** One value, under `mesh`. */
  readonly settings: Collection<MeshSettings>;
  /** The mode of access that some object says, under `mesh`. */
  readonly writtenAccess: Collection<AccessMode>;
  readonly writtenRanges: Collection<VirtualIpRanges>;
  /** One value, under `mesh`. */
  readonly virtualIpRanges: Collection<VirtualIpRanges>;
  /** One value, under `mesh`. */
  readonly certificates: Collection<CertificateSettings>;
  /** By service key. */
  readonly services: Collection<Service>;
  /** By host name. */
  readonly hosts: Collection<HostServices>;
  readonly endpointGroups: Collection<EndpointGroup>;
  readonly groupsByService: Index<EndpointGroup>;
  /** In force, by the key of the service that moves. */
  readonly migrations: Collection<Migration>;
  /** All, by the key of their plan. */
  readonly migrationsByPlan: Collection<Migration>;
  /** By the alias. */
  readonly aliases: Collection<Alias>;
  /** By the protocol's name. */
  readonly protocols: Collection<Protocol>;
  readonly portCodecs: Collection<PortCodec>;
  /** By service key. */
  readonly hostPolicies: Collection<HostPolicy>;
  /** By service key and port. */
  readonly routeTables: Collection<RouteTable>;
  /** By service key and port: where calls of native Dubbo and Thrift go by a VirtualService. Istio alone is told of them. */
  readonly virtualServiceRoutes: Collection<RouteTable>;
  /** By service key and port. Istio alone is told of them. */
  readonly redisPorts: Collection<RedisPort>;
  /** By gateway and port: where gateways of Istio take requests of private protocols. */
  readonly gatewayPorts: Collection<GatewayPort>;
  /** By registry, namespace and name: what is to be registered elsewhere. */
  readonly publications: Collection<Publication>;
  /** By the registered service's key. */
  readonly registryHosts: Collection<RegistryHost>;
  /** By service key. */
  readonly virtualIpClaims: Collection<VirtualIpClaim>;
  /** By address or CIDR, as written. */
  readonly reservedAddresses: Collection<ReservedAddress>;
  /** By the SPIFFE id of the destination; none where nothing is permitted. */
  readonly accessPolicies: Collection<AccessPolicy>;
  /** By namespace: what narrows the access to workloads there. */
  readonly requestPolicies: Index<RequestPolicy>;
  /** What workloads take from outside the mesh, by service key and target port. */
  readonly ingresses: Collection<BackendIngress>;
  /** By service key: what UpstreamTrafficSettings bound. */
  readonly trafficSettings: Collection<TrafficSetting>;
  /** By service key. */
  readonly meshServices: Collection<MeshService>;
  /** By address and target port. */
  readonly inboundPorts: Collection<InboundPort>;
  /** By host: through which else a proxy is told of it. */
  readonly reachedHosts: ReturnType<typeof reachedHosts>;
  /** Pods of workloads, by each address that no other Pod of their node has. */
  readonly podsByAddress: PodTables['byAddress'];
  /** Namespaces with a host that another one declares as well, by themselves. */
  readonly contestingNamespaces: Collection<string>;
  /** Of Istio: which hosts workloads are told of. */
  readonly sidecars: Sidecars;
  /** Where workloads send their logs, beside those of the settings: by the key of the Telemetry. */
  readonly telemetryLogs: Collection<TelemetryLog>;
}

export function buildMesh(engine: Engine, inputs: MeshInputs): Mesh {
  const { registered } = inputs;
  const logs = telemetries(engine, inputs.resources);
  const { settings, writtenAccess, writtenRanges, virtualIpRanges } = meshSettings(engine, inputs.resources, {
    ...inputs,
    telemetries: logs,
  });
  const certificates = certificateSettings(engine, {
    settings,
    meshConfigs: inputs.resources.MeshConfig,
    roots: inputs.resources.MeshRootCertificate,
  });
  const hostsOfRegistries = registryHosts(engine, {
    settings,
    registered,
    registries: inputs.resources.ServiceRegistry,
  });
  const registries = { registered, registries: inputs.resources.ServiceRegistry, hosts: hostsOfRegistries };
  const registeredByName = indexByName(engine, registered);
  const ServiceEntry = filledEntries(engine, inputs.resources.ServiceEntry, { registries, registeredByName });
  const resources = { ...inputs.resources, ServiceEntry };
  const plans = resources.MigrationPlan;
  const quiet = inputs.quietMigrations;
  const retired = retiredHosts(engine, settings, plans, quiet);
  const outside = egressHosts(engine, {
    settings,
    egresses: resources.Egress,
    routeGroups: resources.HTTPRouteGroup,
    trafficSettings: resources.UpstreamTrafficSetting,
  });
  const declarations = serviceDeclarations(engine, { settings, registries, retired, egressHosts: outside, resources });
  const allServices = services(engine, declarations);
  const allHosts = hosts(engine, allServices);

  const pods = podWorkloads(engine, resources.Pod);
  const sources = endpointSources(engine, { settings, registries, registeredByName, resources, pods });
  const planned = { settings, services: allServices, hosts: allHosts, sources, plans, quiet };
  const allMigrations = migrations(engine, planned);
  const moving = migrationsInForce(engine, allMigrations);
  const groups = endpointGroups(engine, allServices, { sources, migrations: moving });

  const inspect = inputs.inspectCodec ?? (() => undefined);
  const codecs = portCodecs(engine, resources.ApplicationProtocol, resources.ProtocolCodec, inspect);

  const named = { settings, hosts: allHosts };
  const rules = rulesByHost(engine, 'destination rules', named, resources.DestinationRule, (rule) => [rule.spec.host]);
  const policies = hostPolicies(engine, allServices, rules);
  const routers = rulesByHost(engine, 'meta routers', named, resources.MetaRouter, (router) => router.spec.hosts);
  const targets = { ...named, services: allServices, hostPolicies: policies };
  const abilities = codecAbilities(engine, codecs, inspect);
  const trafficSplits = serviceSplits(engine, {
    settings,
    services: allServices,
    trafficSplits: resources.TrafficSplit,
    routeGroups: resources.HTTPRouteGroup,
  });
  const virtualServices = virtualServicesInForce(engine, targets, resources.VirtualService);
  const routed = virtualServiceSplits(engine, { ...targets, inForce: virtualServices, trafficSplits });
  const splits = engine.merge('splits', [routed, trafficSplits]);
  const routes = routeTables(engine, { ...targets, codecAbilities: abilities, splits }, routers);

  const reserved = reservedAddresses(engine, declarations);
  const { leases } = inputs;
  const groupsByService = engine.index('endpoint groups by service', groups, (group) => [group.service]);
  const policiesOfAccess = accessPolicies(engine, {
    settings,
    trafficTargets: resources.TrafficTarget,
    routeGroups: resources.HTTPRouteGroup,
    tcpRoutes: resources.TCPRoute,
    udpRoutes: resources.UDPRoute,
    identityBindings: resources.IdentityBinding,
  });
  const policiesOfRequests = requestPolicies(engine, {
    settings,
    own: resources.RequestAuthorizationPolicy,
    dubbo: resources.DubboAuthorizationPolicy,
  });
  const authorizations = istioAuthorizations(engine, settings, resources.AuthorizationPolicy);
  const securities = serviceSecurities(engine, {
    settings,
    services: allServices,
    groupsByService,
    accessPolicies: policiesOfAccess,
    authorizations,
  });
  const bounds = trafficSettings(engine, {
    ...named,
    services: allServices,
    securities,
    accessPolicies: policiesOfAccess,
    trafficSettings: resources.UpstreamTrafficSetting,
    egresses: resources.Egress,
  });
  const perService = {
    ...targets,
    migrations: moving,
    leases,
    reservedAddresses: reserved,
    portCodecs: codecs,
    routeTables: routes,
    securities,
    splits,
    splitCallers: splitCallers(engine, splits, securities),
    trafficSettings: bounds,
    retries: serviceRetries(engine, { settings, services: allServices, retries: resources.Retry }),
    egressHosts: outside,
  };
  const assembled = meshServices(engine, perService);
  const ingresses = backendIngresses(engine, {
    settings,
    services: allServices,
    groupsByService,
    ingressBackends: resources.IngressBackend,
    routeGroups: resources.HTTPRouteGroup,
  });
  reportWorkloadGroups(engine, resources.WorkloadGroup);
  reportUnhonoured(engine, inputs);
  reportPeerAuthentication(engine, settings, resources.PeerAuthentication);
  reportTelemetryReach(engine, logs, settings);
  const { proxyAddresses } = inputs;
  const inbound = inboundPorts(engine, proxyAddresses ?? allAddresses(engine, groups), {
    settings,
    endpointGroups: groups,
    meshServices: assembled,
    accessPolicies: policiesOfAccess,
    telemetries: logs,
    ingresses,
    trafficSettings: bounds,
    requestPolicies: policiesOfRequests,
    authorizations,
    authentications: requestAuthentications(engine, named, resources.RequestAuthentication),
    podsByAddress: pods.byAddress,
  });
  if (proxyAddresses !== undefined)
    reportUnguardedLimits(engine, {
      meshServices: assembled,
      groupsByService,
      trafficSettings: bounds,
      proxyAddresses,
    });

  return {
    settings,
    writtenAccess,
    writtenRanges,
    virtualIpRanges,
    certificates,
    services: allServices,
    hosts: allHosts,
    endpointGroups: groups,
    groupsByService,
    migrations: moving,
    migrationsByPlan: allMigrations,
    aliases: aliases(engine, moving, allHosts),
    protocols: protocols(engine, codecs),
    portCodecs: codecs,
    hostPolicies: policies,
    routeTables: routes,
    virtualServiceRoutes: virtualServiceRoutes(engine, targets, virtualServices),
    redisPorts: redisPorts(engine, targets, resources),
    gatewayPorts: gatewayPorts(engine, { ...targets, groupsByService }, resources),
    publications: publications(engine, allServices, { sources, registries: resources.ServiceRegistry }),
    registryHosts: hostsOfRegistries,
    virtualIpClaims: virtualIpClaims(engine, allServices),
    reservedAddresses: reserved,
    meshServices: assembled,
    accessPolicies: policiesOfAccess,
    requestPolicies: policiesOfRequests,
    ingresses,
    trafficSettings: bounds,
    telemetryLogs: logs.logs,
    inboundPorts: inbound,
    reachedHosts: reachedHosts(engine, assembled, inbound),
    podsByAddress: pods.byAddress,
    contestingNamespaces: engine.groupBy(
      'contesting namespaces',
      assembled,
      ({ service, contested }) => (contested === true ? [service.namespace] : []),
      (namespace) => namespace,
    ),
    sidecars: sidecarRules(engine, { ...named, services: allServices, sidecars: resources.Sidecar }),
  };
}

/** A WorkloadGroup is a template for workloads that register themselves, which none can do here. */
function reportWorkloadGroups(engine: Engine, groups: Collection<WorkloadGroup>): void {
  engine.map('workload groups', groups, (group, context) => {
    context.report(finding('ISTH0312', { ...about(group), message: 'No workload registers itself by it.' }));
    return undefined;
  });
}
