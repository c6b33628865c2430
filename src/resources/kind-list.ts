/** All kinds that are read: the one place where a kind is entered. Its type, its tables and its watch follow from here. */
import { applicationProtocol } from './kinds/application-protocol.ts';
import { authorizationPolicy } from './kinds/authorization-policy.ts';
import { destinationRule } from './kinds/destination-rule.ts';
import { egress } from './kinds/egress.ts';
import { endpointSlice } from './kinds/endpoint-slice.ts';
import { extensionService } from './kinds/extension-service.ts';
import { gateway } from './kinds/gateway.ts';
import { httpRouteGroup } from './kinds/http-route-group.ts';
import { identityBinding } from './kinds/identity-binding.ts';
import { ingressBackend } from './kinds/ingress-backend.ts';
import { kubernetesService } from './kinds/kubernetes-service.ts';
import { meshConfig } from './kinds/mesh-config.ts';
import { meshRootCertificate } from './kinds/mesh-root-certificate.ts';
import { metaRouter } from './kinds/meta-router.ts';
import { migrationPlan } from './kinds/migration-plan.ts';
import { namespace } from './kinds/namespace.ts';
import { osmMeshConfig } from './kinds/osm-mesh-config.ts';
import { peerAuthentication } from './kinds/peer-authentication.ts';
import { pod } from './kinds/pod.ts';
import { tcpRoute, udpRoute } from './kinds/port-routes.ts';
import { type CodecCheck, protocolCodec } from './kinds/protocol-codec.ts';
import { redisDestination } from './kinds/redis-destination.ts';
import { redisService } from './kinds/redis-service.ts';
import { requestAuthentication } from './kinds/request-authentication.ts';
import { dubboAuthorizationPolicy, requestAuthorizationPolicy } from './kinds/request-authorization.ts';
import { retry } from './kinds/retry.ts';
import { serviceEntry } from './kinds/service-entry.ts';
import { serviceRegistry } from './kinds/service-registry.ts';
import { sidecar } from './kinds/sidecar.ts';
import { telemetry } from './kinds/telemetry.ts';
import { trafficSplit } from './kinds/traffic-split.ts';
import { trafficTarget } from './kinds/traffic-target.ts';
import { upstreamTrafficSetting } from './kinds/upstream-traffic-setting.ts';
import { virtualService } from './kinds/virtual-service.ts';
import { workloadEntry } from './kinds/workload-entry.ts';
import { workloadGroup } from './kinds/workload-group.ts';

export const kindReaders = (checkCodec: CodecCheck | undefined) =>
  [
    applicationProtocol,
    metaRouter,
    serviceEntry,
    workloadEntry,
    workloadGroup,
    destinationRule,
    virtualService,
    gateway,
    sidecar,
    peerAuthentication,
    authorizationPolicy,
    requestAuthentication,
    kubernetesService,
    endpointSlice,
    namespace,
    pod,
    protocolCodec(checkCodec),
    meshConfig,
    serviceRegistry,
    migrationPlan,
    httpRouteGroup,
    tcpRoute,
    udpRoute,
    trafficTarget,
    identityBinding,
    trafficSplit,
    requestAuthorizationPolicy,
    dubboAuthorizationPolicy,
    redisService,
    redisDestination,
    egress,
    ingressBackend,
    retry,
    upstreamTrafficSetting,
    telemetry,
    extensionService,
    osmMeshConfig,
    meshRootCertificate,
  ] as const;
