/** What the settings of the mesh say of Istio, beside which the control plane may work. */

/** Which of Istio's proxies are given a filter. A proxy without the filter refuses the whole listener that names it. */
export type ProxyScope =
  /** Those whose node reports all of it, as texts: what `ISTIO_META_` variables and the bootstrap say. */
  | { readonly kind: 'metadata'; readonly metadata: Readonly<Record<string, string>> }
  /** Those beside workloads with these labels. */
  | { readonly kind: 'labels'; readonly labels: Readonly<Record<string, string>> }
  | { readonly kind: 'all' };

export interface IstioSettings {
  /** Whose EnvoyFilters hold for all namespaces. */
  readonly rootNamespace: string;
  /** Those that read MetaProtocol, and have the cluster by which they ask for its routes. */
  readonly metaProtocolProxies: ProxyScope;
  /** Those that have Envoy's filter for Kafka, which Istio's own images lack. */
  readonly kafkaProxies: ProxyScope;
  /** Percent of MetaProtocol requests that are traced; absent: none has a trace begun. */
  readonly tracedPercent?: number;
}

/** What our bootstrap for sidecars of istiod makes their nodes say: that they read MetaProtocol, and where to ask for its routes. */
export const sidecarMetadata = { ISTHMUS_PROXY_KIND: 'istio-sidecar' };

export const defaultIstioSettings: IstioSettings = {
  rootNamespace: 'istio-system',
  metaProtocolProxies: { kind: 'metadata', metadata: sidecarMetadata },
  kafkaProxies: { kind: 'metadata', metadata: { ISTHMUS_KAFKA: 'true' } },
};
