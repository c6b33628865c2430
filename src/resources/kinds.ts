/**
 * The API kinds as the rest of the product sees them: parsed, defaulted and validated, so that nothing downstream
 * checks again. Field names are those of the published APIs. The types stand in `types/`, a file for each API group.
 */
import type { ApplicationProtocol, MetaRouter } from './types/aeraki.ts';
import type { MeshConfig, MigrationPlan, ProtocolCodec } from './types/isthmus.ts';
import type { DestinationRule, ServiceEntry, WorkloadEntry, WorkloadGroup } from './types/istio.ts';
import type { EndpointSlice, KubernetesService, Namespace } from './types/kubernetes.ts';
import type { Egress, IngressBackend, Retry, Telemetry, UpstreamTrafficSetting } from './types/osm.ts';
import type { ExtensionService, MeshRootCertificate, OsmMeshConfig } from './types/osm-config.ts';
import type { DubboAuthorizationPolicy, RequestAuthorizationPolicy } from './types/request-authorization.ts';
import type { ServiceRegistry } from './types/service-registry.ts';
import type { HTTPRouteGroup, IdentityBinding, TCPRoute, TrafficSplit, TrafficTarget, UDPRoute } from './types/smi.ts';

export type * from './types/aeraki.ts';
export type * from './types/isthmus.ts';
export type * from './types/istio.ts';
export type * from './types/kubernetes.ts';
export type * from './types/osm.ts';
export type * from './types/osm-config.ts';
export type * from './types/request-authorization.ts';
export type * from './types/resource.ts';
export type * from './types/service-registry.ts';
export type * from './types/smi.ts';

export type AnyResource =
  | ApplicationProtocol
  | MetaRouter
  | ServiceEntry
  | WorkloadEntry
  | WorkloadGroup
  | DestinationRule
  | KubernetesService
  | EndpointSlice
  | Namespace
  | ProtocolCodec
  | MeshConfig
  | ServiceRegistry
  | MigrationPlan
  | HTTPRouteGroup
  | TCPRoute
  | UDPRoute
  | TrafficTarget
  | IdentityBinding
  | TrafficSplit
  | RequestAuthorizationPolicy
  | DubboAuthorizationPolicy
  | Egress
  | IngressBackend
  | Retry
  | UpstreamTrafficSetting
  | Telemetry
  | ExtensionService
  | OsmMeshConfig
  | MeshRootCertificate;

export type Kind = AnyResource['kind'];

export type ResourceOf<K extends Kind> = Extract<AnyResource, { readonly kind: K }>;

export function resourceKey(kind: Kind, namespace: string, name: string): string {
  return `${kind}/${namespace}/${name}`;
}
