/**
 * config.openservicemesh.io MeshConfig, which is called OsmMeshConfig here: isthmus.dev has a MeshConfig too. What OSM
 * had and we do not is no mistake: it is named in a finding, and left out. What OSM never had is one, and refuses the object:
 * it could be what closes the mesh.
 */
import { cidrFamily } from '../addresses.ts';
import { readCrdSchema } from '../crd-files.ts';
import { checkDuration, millisecondsOf } from '../duration-rules.ts';
import type { CheckedObject } from '../kind-reader.ts';
import { type Conversion, defineVersion, defineVersionedKind } from '../kind-versions.ts';
import { type Path, type Problems, quote } from '../problem.ts';
import type { OsmMeshConfig, OsmTlsVersion } from '../types/osm-config.ts';
import { reportUnused } from '../unused-fields.ts';
import { configGroup } from './osm-rules.ts';

type Spec = OsmMeshConfig['spec'];

interface EndpointContent {
  readonly enable?: boolean;
  readonly address?: string;
  readonly port?: number;
}

interface AuthorizationContent extends EndpointContent {
  readonly timeout?: string;
  readonly failureModeAllow?: boolean;
}

interface Content extends CheckedObject {
  readonly spec: {
    readonly sidecar?: Partial<Spec['sidecar']>;
    readonly traffic?: Partial<Omit<Spec['traffic'], 'inboundExternalAuthorization'>> & {
      readonly inboundExternalAuthorization?: AuthorizationContent;
    };
    readonly observability?: { readonly tracing?: EndpointContent & { readonly endpoint?: string } };
    readonly certificate?: { readonly serviceCertValidityDuration?: string };
    readonly featureFlags?: Readonly<Record<string, boolean>>;
  };
}

const unused = [
  ...['enablePrivilegedInitContainer', 'logLevel', 'envoyImage', 'envoyWindowsImage', 'initContainerImage'],
  ...['maxDataPlaneConnections', 'configResyncInterval', 'resources'],
]
  .map((field) => `sidecar.${field}`)
  .concat(['observability.osmLogLevel', 'observability.enableDebugServer', 'observability.prometheusScraping'])
  .concat(['traffic.useHTTPSIngress'])
  .concat(['certificate.certKeyBitSize', 'certificate.ingressGateway']);

const readFlags: ReadonlySet<string> = new Set([
  'enableEgressPolicy',
  'enableIngressBackendPolicy',
  'enableRetryPolicy',
  'enableEnvoyActiveHealthChecks',
]);

const tlsOrder: readonly OsmTlsVersion[] = ['TLSv1_0', 'TLSv1_1', 'TLSv1_2', 'TLSv1_3'];
const defaults = { validity: 86_400_000, authorizationTimeout: 1000 };

export const osmMeshConfig = defineVersionedKind<OsmMeshConfig>({
  info: {
    kind: 'OsmMeshConfig',
    apiKind: 'MeshConfig',
    group: configGroup,
    plural: 'meshconfigs',
    scope: 'Namespaced',
    keepsOut: true,
  },
  versions: ['v1alpha2', 'v1alpha1'].map((version) =>
    defineVersion({
      version,
      schema: () => readCrdSchema('osm-mesh-config', version),
      options: { everyFieldRestricts: true },
      convert: readConfig,
    }),
  ),
  build: (spec, head) => ({ kind: 'OsmMeshConfig', ...head, spec }),
});

function readConfig({ spec }: Content, { problems }: Conversion): Spec {
  const { traffic = {}, sidecar = {}, observability, certificate, featureFlags = {} } = spec;
  reportUnused(spec, unused, problems);
  const validity = certificate?.serviceCertValidityDuration;
  const validityPath = ['spec', 'certificate', 'serviceCertValidityDuration'];
  checkDuration(validity, validityPath, problems, { ms: 1000, text: '1s' });
  const tracing = observability?.tracing;
  const tracingPath = ['spec', 'observability', 'tracing'];
  return {
    traffic: readTraffic(traffic, problems),
    sidecar: readSidecar(sidecar, problems),
    ...(tracing?.enable === true
      ? { tracing: { ...readEndpoint(tracing, tracingPath, problems), endpoint: tracing.endpoint ?? '' } }
      : {}),
    serviceCertValidityDuration: validity === undefined ? defaults.validity : millisecondsOf(validity),
    features: readFeatures(featureFlags, problems),
  };
}

function readTraffic(traffic: NonNullable<Content['spec']['traffic']>, problems: Problems): Spec['traffic'] {
  const path = ['spec', 'traffic'];
  const { outboundIPRangeExclusionList = [], outboundIPRangeInclusionList = [] } = traffic;
  checkRanges(outboundIPRangeExclusionList, [...path, 'outboundIPRangeExclusionList'], problems);
  checkRanges(outboundIPRangeInclusionList, [...path, 'outboundIPRangeInclusionList'], problems);
  const authorization = traffic.inboundExternalAuthorization;
  const at = [...path, 'inboundExternalAuthorization'];
  return {
    enableEgress: traffic.enableEgress === true,
    enablePermissiveTrafficPolicyMode: traffic.enablePermissiveTrafficPolicyMode === true,
    outboundIPRangeExclusionList,
    outboundIPRangeInclusionList,
    outboundPortExclusionList: traffic.outboundPortExclusionList ?? [],
    inboundPortExclusionList: traffic.inboundPortExclusionList ?? [],
    networkInterfaceExclusionList: traffic.networkInterfaceExclusionList ?? [],
    ...(authorization?.enable === true
      ? { inboundExternalAuthorization: readAuthorization(authorization, at, problems) }
      : {}),
  };
}

function checkRanges(ranges: readonly string[], path: Path, problems: Problems): void {
  ranges.forEach((range, index) => {
    if (cidrFamily(range) !== 0) return;
    problems.add('ISTH0223', [...path, index], `${quote(range)} is no range of addresses.`);
  });
}

function readAuthorization(content: AuthorizationContent, path: Path, problems: Problems) {
  const { timeout, failureModeAllow } = content;
  checkDuration(timeout, [...path, 'timeout'], problems, { ms: 1, text: '1ms' });
  return {
    ...readEndpoint(content, path, problems),
    timeout: timeout === undefined ? defaults.authorizationTimeout : millisecondsOf(timeout),
    failureModeAllow: failureModeAllow === true,
  };
}

/** Of what is on. */
function readEndpoint({ address = '', port = 0 }: EndpointContent, path: Path, problems: Problems) {
  if (address === '') problems.add('ISTH0214', [...path, 'address'], 'It is on, and has no address.');
  if (port === 0) problems.add('ISTH0214', [...path, 'port'], 'It is on, and has no port.');
  return { address, port };
}

function readSidecar(sidecar: Partial<Spec['sidecar']>, problems: Problems): Spec['sidecar'] {
  const { tlsMinProtocolVersion = 'TLS_AUTO', tlsMaxProtocolVersion = 'TLS_AUTO' } = sidecar;
  const { cipherSuites = [], ecdhCurves = [], localProxyMode = 'Localhost' } = sidecar;
  const [least, most] = [tlsOrder.indexOf(tlsMinProtocolVersion), tlsOrder.indexOf(tlsMaxProtocolVersion)];
  if (most >= 0 && least > most) {
    const message = `${tlsMinProtocolVersion} is later than ${tlsMaxProtocolVersion}, the last that is allowed.`;
    problems.add('ISTH0105', ['spec', 'sidecar', 'tlsMinProtocolVersion'], message);
  }
  return { tlsMinProtocolVersion, tlsMaxProtocolVersion, cipherSuites, ecdhCurves, localProxyMode };
}

function readFeatures(flags: Readonly<Record<string, boolean>>, problems: Problems): Spec['features'] {
  const missing = Object.keys(flags).filter((flag) => flags[flag] === true && !readFlags.has(flag));
  if (missing.length > 0) {
    const message = `There is no such feature here: ${missing.map(quote).join(', ')}.`;
    problems.add('ISTH0114', ['spec', 'featureFlags'], message);
  }
  const isOn = (flag: string) => flags[flag] === true;
  return {
    // What permits something is off where that is said, and not where nobody thought of it.
    egressPolicy: flags.enableEgressPolicy !== false,
    ingressBackendPolicy: flags.enableIngressBackendPolicy !== false,
    retryPolicy: isOn('enableRetryPolicy'),
    activeHealthChecks: isOn('enableEnvoyActiveHealthChecks'),
  };
}
