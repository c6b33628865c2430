/** What injection is told by whoever runs the control plane; and the names that it puts into Pods. */

export const knownInjectedProxies = ['metaproxy', 'envoy'] as const;
export type InjectedProxy = (typeof knownInjectedProxies)[number];

/** Quantities as Kubernetes writes them. */
export interface Resources {
  readonly requests: Readonly<Record<string, string>>;
  readonly limits: Readonly<Record<string, string>>;
}

export interface InjectionSettings {
  /** With isthmus in it, and iproute2 and nftables for interception, as deploy/docker makes it. */
  readonly image: string;
  readonly envoyImage: string;
  readonly imagePullPolicy: 'Always' | 'IfNotPresent' | 'Never';
  /** Where neither the Pod nor its namespace says. */
  readonly proxy: InjectedProxy;
  /** Of the control plane that takes care of the Pod. */
  readonly revision: string;
  /** xDS over TLS, `host:port`. */
  readonly controlPlane: string;
  readonly trustDomain: string;
  readonly rootNamespace: string;
  /** ConfigMap in the namespace of the Pod, with `roots.pem`. */
  readonly rootsConfigMap: string;
  /** False: nothing of the network of a Pod is changed, and no container of it has any capability. */
  readonly interception: boolean;
  /** CIDRs. */
  readonly virtualIpRanges: readonly string[];
  /** Lets metaproxy stand on virtual IPs of IPv6: the nodes must allow the sysctl net.ipv6.ip_nonlocal_bind. */
  readonly ipv6Sysctl: boolean;
  /** IP address of the name server of the mesh. Absent: names are resolved as before. */
  readonly nameserver?: string;
  readonly clusterDomain: string;
  readonly resources: Resources;
}

export const defaultInjectionSettings: InjectionSettings = {
  image: 'isthmus:0.1.0',
  envoyImage: 'envoyproxy/envoy:distroless-v1.40.0',
  imagePullPolicy: 'IfNotPresent',
  proxy: 'metaproxy',
  revision: 'default',
  controlPlane: 'isthmus.isthmus-system.svc:15012',
  trustDomain: 'cluster.local',
  rootNamespace: 'isthmus-system',
  rootsConfigMap: 'isthmus-roots',
  interception: true,
  virtualIpRanges: ['240.241.0.0/16', '2001:2:1::/48'],
  ipv6Sysctl: false,
  clusterDomain: 'cluster.local',
  resources: { requests: { cpu: '50m', memory: '96Mi' }, limits: { memory: '512Mi' } },
};

/** Of containers and volumes. */
export const injectedNames = {
  interception: 'isthmus-interception',
  bootstrap: 'isthmus-bootstrap',
  certificateKeeping: 'isthmus-certificates',
  proxy: 'isthmus-proxy',
  tokenVolume: 'isthmus-token',
  rootsVolume: 'isthmus-roots',
  stateVolume: 'isthmus-state',
} as const;

/** On Pods; `inject` is a label too, and on Namespaces a label. */
export const injectionKeys = {
  inject: 'isthmus.dev/inject',
  proxy: 'isthmus.dev/proxy',
  interception: 'isthmus.dev/interception',
  inbound: 'isthmus.dev/inbound',
  excludeInboundPorts: 'isthmus.dev/exclude-inbound-ports',
  excludeOutboundPorts: 'isthmus.dev/exclude-outbound-ports',
  excludeOutboundCidrs: 'isthmus.dev/exclude-outbound-cidrs',
  /** What was done, and what is to be undone. */
  injected: 'isthmus.dev/injected',
} as const;

/** Everything of ours runs as this user, but for the step that changes routes. */
export const proxyUser = 1337;
export const healthPort = 15_021;
/** Ports that a sidecar of ours takes for itself. */
export const proxyPorts: readonly number[] = [15_000, 15_001, 15_006, healthPort];
/** Whom tokens of service accounts are for. */
export const tokenAudience = 'isthmus';
