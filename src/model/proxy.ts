import type { Locality } from './endpoint.ts';

/**
 * What a proxy can be: everything that differs by kind goes by this list. The order is that of output. `istio-sidecar`: an
 * Envoy with the MetaProtocol filter that has all else from istiod, and from us the routes of that filter alone.
 */
export const knownProxyKinds = ['metaproxy', 'envoy-meta', 'istio-sidecar', 'envoy', 'grpc'] as const;
export type ProxyKind = (typeof knownProxyKinds)[number];

/** By redirection the kernel gives a connection a new destination, by a transparent proxy it keeps that which it had. */
export const knownInterceptions = ['redirect', 'tproxy'] as const;
/** How connections come to a proxy that binds no address for each service. */
export type Interception = (typeof knownInterceptions)[number];

/** A proxy that asks for configuration, as its node message describes it. */
export interface ProxyNode {
  /** The node id: `sidecar~<ip>~<name>.<namespace>~<domain>`, or any other text. */
  readonly id: string;
  readonly kind: ProxyKind;
  readonly namespace: string;
  /** The workload's name, from the node id or the node metadata. */
  readonly workload: string;
  /** Addresses the proxy stands at: its inbound listeners are those of endpoints with one of them. */
  readonly addresses: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  /** As the node states it; empty when it states none. */
  readonly serviceAccount: string;
  /** The SPIFFE id of its workload: of its certificate, or where plaintext is trusted of what the node states. */
  readonly identity?: string;
  /** Absent where each of its listeners is bound to its own address. */
  readonly interception?: Interception;
  /** Where it says that it is, as far as it names a region or a zone. */
  readonly locality?: Locality;
  /** Names of the extensions that the node advertises; empty when it advertises none. */
  readonly extensions: readonly string[];
}

/**
 * Which proxy it is. A node id is a word that anybody with a certificate can say; two that say the same under different
 * identities are two proxies.
 */
export function proxyKey({ id, identity = '' }: Pick<ProxyNode, 'id' | 'identity'>): string {
  return `${identity} ${id}`;
}
