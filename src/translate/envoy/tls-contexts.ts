/**
 * Mutual TLS between workloads. Certificates and roots are named, not held: each proxy is given its own under the same
 * names, so that all share the bytes of a listener or cluster.
 */
import type { ServiceSecurity } from '../../model/mesh-service.ts';
import type { ProxyKind } from '../../model/proxy.ts';
import type { TlsSettings } from '../../model/proxy-settings.ts';
import { enumValue, type envoy, pack } from '../../xds-api/messages.ts';
import { adsSource } from './values.ts';

type TransportSocket = envoy.config.core.v3.TransportSocket;
type CommonTlsContext = envoy.extensions.transport_sockets.tls.v3.CommonTlsContext;
type SdsSecretConfig = envoy.extensions.transport_sockets.tls.v3.SdsSecretConfig;
type SubjectAltNameMatcher = envoy.extensions.transport_sockets.tls.v3.SubjectAltNameMatcher;

/** The secrets by which a proxy knows its own certificate and the roots of its own trust domain; the names are Istio's. */
export const certificateSecret = 'default';
const rootsSecret = 'ROOTCA';

/** Trust domains beside our own; any: all that the mesh trusts at the time. */
export type OtherDomains = readonly string[] | 'any';

/** What has the roots of these beside our own. `domains`: sorted. */
export function rootsSecretOf(domains: OtherDomains): string {
  return [rootsSecret, ...(domains === 'any' ? ['*'] : domains)].join('|');
}

/** Kinds of proxies that show certificates and ask for them; no other kind is sent to where they are demanded. */
export function speaksMutualTls(kind: ProxyKind): boolean {
  return kind !== 'grpc';
}

const SOCKET = 'envoy.transport_sockets.tls';
const URI = enumValue('envoy.extensions.transport_sockets.tls.v3.SubjectAltNameMatcher.SanType', 'URI');
const TLS_1_2 = enumValue('envoy.extensions.transport_sockets.tls.v3.TlsParameters.TlsProtocol', 'TLSv1_2');
const TLS_1_3 = enumValue('envoy.extensions.transport_sockets.tls.v3.TlsParameters.TlsProtocol', 'TLSv1_3');

const VERSION = { TLSv1_2: TLS_1_2, TLSv1_3: TLS_1_3 };
const usualTls: TlsSettings = { minimum: 'TLSv1_2', maximum: 'TLSv1_3', cipherSuites: [], curves: [] };

function ownCertificate({ minimum, maximum, cipherSuites, curves }: TlsSettings = usualTls): CommonTlsContext {
  return {
    tlsParams: {
      tlsMinimumProtocolVersion: VERSION[minimum],
      tlsMaximumProtocolVersion: VERSION[maximum],
      ...(cipherSuites.length === 0 ? {} : { cipherSuites: [...cipherSuites] }),
      ...(curves.length === 0 ? {} : { ecdhCurves: [...curves] }),
    },
    tlsCertificateSdsSecretConfigs: [{ name: certificateSecret, sdsConfig: adsSource }],
  };
}

/** To workloads of one of the identities, all of our own trust domain, and to nobody where there is none. `alpn`: what is spoken inside. */
export function upstreamTls(
  { identities, tls }: ServiceSecurity,
  serverName: string,
  alpn: readonly string[],
): TransportSocket {
  return {
    name: SOCKET,
    typedConfig: pack('envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext', {
      commonTlsContext: {
        ...ownCertificate(tls),
        combinedValidationContext: {
          defaultValidationContext: { matchTypedSubjectAltNames: identityMatchers(identities) },
          validationContextSdsSecretConfig: { name: rootsSecret, sdsConfig: adsSource },
        },
        ...(alpn.length === 0 ? {} : { alpnProtocols: [...alpn] }),
      },
      sni: serverName,
    }),
  };
}

/** Who gets through a handshake. `domains`: whose roots are believed beside our own. */
export interface Admittance {
  readonly callers?: readonly string[] | 'any';
  readonly domains?: OtherDomains;
  readonly tls?: TlsSettings | undefined;
}

/**
 * For callers of these identities, or for whoever has a certificate of the mesh: then what its holder may do is decided
 * by the filters, which is too late where the server speaks first. Each connection proves anew who calls: to Envoy, the
 * certificate of a session that is resumed was never verified (its issue 42668), so that RBAC would deny all but the first.
 */
export function downstreamTls(
  alpn: readonly string[],
  { callers = 'any', domains = [], tls }: Admittance = {},
): TransportSocket {
  const roots: SdsSecretConfig = { name: rootsSecretOf(domains), sdsConfig: adsSource };
  return {
    name: SOCKET,
    typedConfig: pack('envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext', {
      commonTlsContext: {
        ...ownCertificate(tls),
        ...(callers === 'any'
          ? { validationContextSdsSecretConfig: roots }
          : {
              combinedValidationContext: {
                defaultValidationContext: { matchTypedSubjectAltNames: identityMatchers(callers) },
                validationContextSdsSecretConfig: roots,
              },
            }),
        ...(alpn.length === 0 ? {} : { alpnProtocols: [...alpn] }),
      },
      requireClientCertificate: { value: true },
      disableStatelessSessionResumption: true,
      disableStatefulSessionResumption: true,
    }),
  };
}

/** For clients from outside the mesh: with a certificate that the mesh trusts, or with whatever they have. */
export function ingressTls(asksForCertificates: boolean, { domains = [], tls }: Admittance): TransportSocket {
  if (asksForCertificates) return downstreamTls(['h2', 'http/1.1'], { domains, tls });
  return {
    name: SOCKET,
    typedConfig: pack('envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext', {
      commonTlsContext: { ...ownCertificate(tls), alpnProtocols: ['h2', 'http/1.1'] },
    }),
  };
}

/** No matcher at all would let every certificate pass: in place of none stands one that matches no SPIFFE id. */
export function identityMatchers(identities: readonly string[]): SubjectAltNameMatcher[] {
  const trusted = identities.length === 0 ? ['spiffe:nobody'] : identities;
  return trusted.map((identity) => ({ sanType: URI, matcher: { exact: identity } }));
}
