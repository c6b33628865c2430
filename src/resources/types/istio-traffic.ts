/**
 * networking.istio.io/v1, v1beta1, v1alpha3: VirtualService, Gateway and Sidecar, as far as anything here could act on
 * them. What else is written in a part is named in its `unread`, so that who acts on the part can say what is lost.
 */
import type { HttpRouteSpec, WeightedDestination } from './istio-http-routes.ts';
import type { Resource } from './resource.ts';

export interface L4RequestMatch {
  /** Of TLS routes alone. */
  readonly sniHosts: readonly string[];
  readonly destinationSubnets: readonly string[];
  readonly port?: number;
  readonly sourceLabels: Readonly<Record<string, string>>;
  readonly gateways: readonly string[];
  readonly unread: readonly string[];
}

export interface L4RouteSpec {
  /** None: every connection. */
  readonly match: readonly L4RequestMatch[];
  readonly route: readonly WeightedDestination[];
}

export type VirtualService = Resource<
  'VirtualService',
  {
    readonly hosts: readonly string[];
    /** `mesh`, or `<namespace>/<name>`. */
    readonly gateways: readonly string[];
    readonly http: readonly HttpRouteSpec[];
    readonly tls: readonly L4RouteSpec[];
    readonly tcp: readonly L4RouteSpec[];
    readonly exportTo?: readonly string[];
  }
>;

export interface GatewayServer {
  readonly port: { readonly number: number; readonly protocol: string; readonly name: string };
  readonly bind?: string;
  /** `<namespace>/<host>` or `<host>`, with a `*` for a first label or for all. */
  readonly hosts: readonly string[];
  /** As it is written; undefined where the server has no TLS. */
  readonly tls?: Readonly<Record<string, unknown>>;
  readonly unread: readonly string[];
}

export type Gateway = Resource<
  'Gateway',
  {
    /** Labels of the Pods that it is for. */
    readonly selector: Readonly<Record<string, string>>;
    readonly servers: readonly GatewayServer[];
  }
>;

export type Sidecar = Resource<
  'Sidecar',
  {
    /** Absent: every workload of the namespace, or of the mesh in the root namespace. */
    readonly workloadSelector?: { readonly labels: Readonly<Record<string, string>> };
    /** What workloads may call. None: whatever there is. */
    readonly egress: readonly {
      readonly port?: number;
      /** `<namespace>/<host>`, where the namespace may be `.`, `*` and `~`. */
      readonly hosts: readonly string[];
      readonly unread: readonly string[];
    }[];
    /** Such as ingress and outboundTrafficPolicy. */
    readonly unread: readonly string[];
  }
>;
