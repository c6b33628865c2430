/** v1 and discovery.k8s.io/v1. */
import type { Resource } from './resource.ts';

export interface KubernetesServicePort {
  readonly name: string;
  readonly port: number;
  readonly protocol: 'TCP' | 'UDP' | 'SCTP';
  readonly targetPort?: number | string;
  readonly appProtocol?: string;
}

export type KubernetesService = Resource<
  'Service',
  {
    readonly type: 'ClusterIP' | 'NodePort' | 'LoadBalancer' | 'ExternalName';
    readonly clusterIPs: readonly string[];
    readonly ports: readonly KubernetesServicePort[];
    readonly selector?: Readonly<Record<string, string>>;
    readonly externalName?: string;
    readonly publishNotReadyAddresses: boolean;
  }
>;

/** The whole object is its content: an EndpointSlice has no spec. */
export type EndpointSlice = Resource<
  'EndpointSlice',
  {
    readonly addressType: 'IPv4' | 'IPv6' | 'FQDN';
    /** From the label kubernetes.io/service-name; empty when it has none. */
    readonly serviceName: string;
    readonly endpoints: readonly {
      readonly addresses: readonly string[];
      readonly conditions: { readonly ready: boolean; readonly serving: boolean; readonly terminating: boolean };
      /** The label of this one endpoint below the name of its Service. */
      readonly hostname?: string;
      readonly zone?: string;
      readonly targetRef?: { readonly kind: string; readonly namespace?: string; readonly name: string };
    }[];
    readonly ports: readonly {
      readonly name: string;
      readonly port: number;
      readonly protocol: 'TCP' | 'UDP' | 'SCTP';
      readonly appProtocol?: string;
    }[];
  }
>;

export type Namespace = Resource<'Namespace', Readonly<Record<string, never>>>;

export type Pod = Resource<
  'Pod',
  {
    readonly serviceAccount: string;
    /** Whether its addresses are its node's, which other Pods have too. */
    readonly hostNetwork: boolean;
    readonly ips: readonly string[];
    readonly phase: 'Pending' | 'Running' | 'Succeeded' | 'Failed' | 'Unknown';
    readonly ready: boolean;
  }
>;
