/** What the settings of the mesh ask of each proxy beyond its services. Durations are milliseconds. */

export interface TlsSettings {
  readonly minimum: 'TLSv1_2' | 'TLSv1_3';
  readonly maximum: 'TLSv1_2' | 'TLSv1_3';
  /** Of TLS 1.2, by BoringSSL's names; empty for the proxy's own choice. */
  readonly cipherSuites: readonly string[];
  /** Empty for the proxy's own choice. */
  readonly curves: readonly string[];
}

/** Where proxies reach something that is no service of the mesh; `address` is a name or an IP address. */
export interface ProxyPeer {
  readonly address: string;
  readonly port: number;
}

/** Who is asked before a request comes to a workload, by Envoy's external authorization over gRPC. */
export interface ExternalAuthorization extends ProxyPeer {
  readonly timeoutMs: number;
  /** Whether requests pass while it does not answer. */
  readonly passesOnFailure: boolean;
}

/** Where spans are sent: by the path, OTLP over HTTP (`/v1/traces`) or Zipkin's second form. */
export interface Tracing extends ProxyPeer {
  readonly path: string;
}

/** What proxies leave alone. Addresses are ranges; an empty inclusion stands for all. */
export interface TrafficExclusions {
  readonly outboundRanges: readonly string[];
  readonly outboundOnly: readonly string[];
  readonly outboundPorts: readonly number[];
  readonly inboundPorts: readonly number[];
}

/** What proxies log of each request and connection. */
export interface AccessLogSettings {
  /** Envoy's; absent for the usual one. */
  readonly format?: string;
  /** Where else logs are sent, by OpenTelemetry over gRPC, with these attributes. */
  readonly collector?: ProxyPeer & {
    readonly connectTimeoutMs?: number;
    readonly attributes: Readonly<Record<string, string>>;
  };
}
