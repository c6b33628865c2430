/**
 * The settings that Open Service Mesh's MeshConfig gives the mesh. What of it has no counterpart here is named in findings,
 * field by field: nobody is to believe that it holds.
 */
import type { FindingCode } from '../../model/finding-catalogue.ts';
import type { MeshSettings } from '../../model/mesh-service.ts';
import type { TlsSettings, TrafficExclusions } from '../../model/proxy-settings.ts';
import type { OsmMeshConfig } from '../../resources/kinds.ts';

type Spec = OsmMeshConfig['spec'];

export interface OsmProblem {
  readonly code: FindingCode;
  /** Below `spec.`. */
  readonly path: string;
  readonly message: string;
}

/** All but the mode of access: isthmus.dev's MeshConfig has one, too. */
export function osmSettings({ metadata, spec }: OsmMeshConfig): Partial<MeshSettings> {
  const { traffic, tracing, features } = spec;
  const tls = tlsOf(spec.sidecar);
  const exclusions = exclusionsOf(traffic);
  const authorization = traffic.inboundExternalAuthorization;
  const disabled = [
    ...(features.egressPolicy ? [] : ['Egress' as const]),
    ...(features.ingressBackendPolicy ? [] : ['IngressBackend' as const]),
  ];
  return {
    policyNamespace: metadata.namespace,
    // Its published Services name their ports as they like: all but what they say otherwise is HTTP.
    unsaidProtocol: 'http',
    leafLifetimeMs: Math.min(Math.max(spec.serviceCertValidityDuration, shortestLeafMs), longestLeafMs),
    ...(tls === undefined ? {} : { tls }),
    ...(traffic.enableEgress ? { passesElsewhere: true as const } : {}),
    ...(exclusions === undefined ? {} : { exclusions }),
    ...(authorization === undefined
      ? {}
      : {
          externalAuthorization: {
            address: authorization.address,
            port: authorization.port,
            timeoutMs: authorization.timeout,
            passesOnFailure: authorization.failureModeAllow,
          },
        }),
    ...(tracing === undefined
      ? {}
      : { tracing: { address: tracing.address, port: tracing.port, path: pathOf(tracing.endpoint) } }),
    ...(disabled.length === 0 ? {} : { disabledPolicies: disabled }),
  };
}

/** That of Zipkin where none is written. */
function pathOf(endpoint: string): string {
  if (endpoint === '') return '/api/v2/spans';
  return endpoint.startsWith('/') ? endpoint : `/${endpoint}`;
}

export function osmAccess({ spec }: OsmMeshConfig): 'Permissive' | 'Enforced' {
  return spec.traffic.enablePermissiveTrafficPolicyMode ? 'Permissive' : 'Enforced';
}

/** The built-in authority signs none for longer; renewals of shorter ones would never end. */
const longestLeafMs = 24 * 3_600_000;
const shortestLeafMs = 60_000;

export function osmProblems({ spec }: OsmMeshConfig): readonly OsmProblem[] {
  return [...trafficProblems(spec), ...sidecarProblems(spec.sidecar), ...certificateProblems(spec)];
}

const unapplied = (path: string, message: string): OsmProblem => ({ code: 'ISTH1401', path, message });

function trafficProblems({ traffic }: Spec): readonly OsmProblem[] {
  const { inboundExternalAuthorization: authorization } = traffic;
  return [
    ...(traffic.networkInterfaceExclusionList.length > 0
      ? [unapplied('traffic.networkInterfaceExclusionList', 'Nothing is intercepted by its network interface.')]
      : []),
    ...(authorization?.failureModeAllow === true
      ? [
          {
            code: 'ISTH1403' as const,
            path: 'traffic.inboundExternalAuthorization.failureModeAllow',
            message: `Requests pass while ${authorization.address} does not answer.`,
          },
        ]
      : []),
  ];
}

/** Suites and curves that an Envoy knows and that serve certificates of the mesh: it would refuse everything for one name it does not know. */
const knownSuites: ReadonlySet<string> = new Set([
  ...['ECDHE-ECDSA-AES128-GCM-SHA256', 'ECDHE-ECDSA-AES256-GCM-SHA384', 'ECDHE-ECDSA-CHACHA20-POLY1305'],
  ...['ECDHE-RSA-AES128-GCM-SHA256', 'ECDHE-RSA-AES256-GCM-SHA384', 'ECDHE-RSA-CHACHA20-POLY1305'],
]);
const knownCurves: ReadonlySet<string> = new Set(['X25519', 'P-256', 'P-384', 'P-521', 'X25519MLKEM768']);

function usableSuites(written: readonly string[]): readonly string[] {
  const known = written.filter((suite) => knownSuites.has(suite));
  return known.some((suite) => suite.includes('ECDSA')) ? known : [];
}

function tlsOf({ tlsMinProtocolVersion, tlsMaxProtocolVersion, ...sidecar }: Spec['sidecar']): TlsSettings | undefined {
  const minimum = tlsMinProtocolVersion === 'TLSv1_3' ? 'TLSv1_3' : 'TLSv1_2';
  const maximum = tlsMaxProtocolVersion === 'TLSv1_2' ? 'TLSv1_2' : 'TLSv1_3';
  const cipherSuites = usableSuites(sidecar.cipherSuites);
  const curves = sidecar.ecdhCurves.filter((curve) => knownCurves.has(curve));
  const isUsual = minimum === 'TLSv1_2' && maximum === 'TLSv1_3' && cipherSuites.length + curves.length === 0;
  return isUsual ? undefined : { minimum, maximum, cipherSuites, curves };
}

function sidecarProblems(sidecar: Spec['sidecar']): readonly OsmProblem[] {
  const { tlsMinProtocolVersion, tlsMaxProtocolVersion, cipherSuites, ecdhCurves, localProxyMode } = sidecar;
  const tooOld = (version: string) => version === 'TLSv1_0' || version === 'TLSv1_1';
  const suites = usableSuites(cipherSuites);
  const left = (field: string, written: readonly string[], used: readonly string[], why: string) => {
    const rest = written.filter((name) => !used.includes(name));
    return rest.length === 0 ? [] : [unapplied(`sidecar.${field}`, `Left out: ${rest.join(', ')}; ${why}.`)];
  };
  return [
    ...(tooOld(tlsMinProtocolVersion)
      ? [unapplied('sidecar.tlsMinProtocolVersion', 'Nothing before TLS 1.2 is spoken in the mesh.')]
      : []),
    ...(tooOld(tlsMaxProtocolVersion)
      ? [unapplied('sidecar.tlsMaxProtocolVersion', 'Nothing before TLS 1.2 is spoken in the mesh: up to 1.3 is.')]
      : []),
    ...left('cipherSuites', cipherSuites, suites, 'suites of certificates with ECDSA keys that proxies have are used'),
    ...left('ecdhCurves', ecdhCurves, [...knownCurves], 'proxies have no such curve'),
    ...(localProxyMode === 'PodIP'
      ? [
          unapplied(
            'sidecar.localProxyMode',
            'Proxies listen at the address of the workload themselves: it has to listen on loopback.',
          ),
        ]
      : []),
  ];
}

function certificateProblems({ serviceCertValidityDuration: validity, features }: Spec): readonly OsmProblem[] {
  return [
    ...(validity > longestLeafMs
      ? [unapplied('certificate.serviceCertValidityDuration', 'Certificates of workloads live for 24 hours at most.')]
      : []),
    ...(validity < shortestLeafMs
      ? [unapplied('certificate.serviceCertValidityDuration', 'Certificates of workloads live for a minute at least.')]
      : []),
    ...(features.activeHealthChecks
      ? [unapplied('featureFlags.enableEnvoyActiveHealthChecks', 'Proxies do not ask workloads for their health.')]
      : []),
  ];
}

function exclusionsOf(traffic: Spec['traffic']): TrafficExclusions | undefined {
  const exclusions = {
    outboundRanges: traffic.outboundIPRangeExclusionList,
    outboundOnly: traffic.outboundIPRangeInclusionList,
    outboundPorts: traffic.outboundPortExclusionList,
    inboundPorts: traffic.inboundPortExclusionList,
  };
  return Object.values(exclusions).every((list) => list.length === 0) ? undefined : exclusions;
}
