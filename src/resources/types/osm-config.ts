/** config.openservicemesh.io, as Open Service Mesh published it: one hub form a kind. Durations are milliseconds. */
import type { OsmReference } from './osm.ts';
import type { Resource } from './resource.ts';

/** Where proxies reach a service that is no part of the mesh. */
export type ExtensionService = Resource<
  'ExtensionService',
  {
    readonly host: string;
    readonly port: number;
    /** In lower case; empty where none is written. */
    readonly protocol: string;
    readonly connectTimeout?: number;
  }
>;

export type OsmTlsVersion = 'TLS_AUTO' | 'TLSv1_0' | 'TLSv1_1' | 'TLSv1_2' | 'TLSv1_3';

/** MeshConfig of config.openservicemesh.io: what of it there is, or will be, something to map to. */
export type OsmMeshConfig = Resource<
  'OsmMeshConfig',
  {
    readonly traffic: {
      readonly enableEgress: boolean;
      readonly enablePermissiveTrafficPolicyMode: boolean;
      readonly outboundIPRangeExclusionList: readonly string[];
      /** Empty for all addresses. */
      readonly outboundIPRangeInclusionList: readonly string[];
      readonly outboundPortExclusionList: readonly number[];
      readonly inboundPortExclusionList: readonly number[];
      readonly networkInterfaceExclusionList: readonly string[];
      /** Absent unless it is on. */
      readonly inboundExternalAuthorization?: {
        readonly address: string;
        readonly port: number;
        readonly timeout: number;
        readonly failureModeAllow: boolean;
      };
    };
    readonly sidecar: {
      readonly tlsMinProtocolVersion: OsmTlsVersion;
      readonly tlsMaxProtocolVersion: OsmTlsVersion;
      /** Empty for Envoy's own choice. */
      readonly cipherSuites: readonly string[];
      readonly ecdhCurves: readonly string[];
      readonly localProxyMode: 'Localhost' | 'PodIP';
    };
    /** Absent unless it is on. */
    readonly tracing?: { readonly address: string; readonly port: number; readonly endpoint: string };
    readonly serviceCertValidityDuration: number;
    readonly features: {
      readonly egressPolicy: boolean;
      readonly ingressBackendPolicy: boolean;
      readonly retryPolicy: boolean;
      readonly activeHealthChecks: boolean;
    };
  }
>;

/** Who signs. Secrets are named, never held. */
export type OsmCertificateProvider =
  | { readonly kind: 'tresor'; readonly secret?: OsmReference }
  | {
      readonly kind: 'certManager';
      readonly issuerName: string;
      readonly issuerKind: string;
      readonly issuerGroup: string;
    }
  | {
      readonly kind: 'vault';
      readonly protocol: 'http' | 'https';
      readonly host: string;
      readonly port: number;
      readonly role: string;
      readonly token?: OsmReference & { readonly key: string };
    };

export type MeshRootCertificate = Resource<
  'MeshRootCertificate',
  {
    readonly trustDomain: string;
    /** active signs, passive is trusted, inactive is neither. */
    readonly role: 'active' | 'passive' | 'inactive';
    readonly spiffeEnabled: boolean;
    readonly provider: OsmCertificateProvider;
  }
>;
