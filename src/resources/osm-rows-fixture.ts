/** Bad manifests of Open Service Mesh's kinds: what was spoilt, where, with what, and the finding that is due; its path where that is another. */
import type { FixtureKind } from './manifest-fixture.ts';

type Row = readonly [kind: FixtureKind, path: string, value: unknown, code: string, at?: string];

const account = { kind: 'ServiceAccount', name: 'curl', namespace: 'curl' };
const match = (name: string, kind = 'UpstreamTrafficSetting') => ({ kind, name });

const egresses: readonly Row[] = [
  ['Egress', 'apiVersion', 'policy.openservicemesh.io/v1', 'ISTH0101', 'apiVersion'],
  ['Egress', 'kind', 'Ingress', 'ISTH0101', 'kind'],
  ['Egress', 'spec.host', ['example.com'], 'ISTH0118', 'spec.host'],
  ['Egress', 'spec.sources', undefined, 'ISTH0104', 'spec.sources'],
  ['Egress', 'spec.sources', [], 'ISTH0224', 'spec.sources'],
  ['Egress', 'spec.sources', [account, account], 'ISTH0216', 'spec.sources[1]'],
  ['Egress', 'spec.sources.0.kind', 'Service', 'ISTH0105', 'spec.sources[0].kind'],
  ['Egress', 'spec.sources.0.name', 'Curl', 'ISTH0220', 'spec.sources[0].name'],
  ['Egress', 'spec.sources.0.namespace', 'a.b', 'ISTH0116', 'spec.sources[0].namespace'],
  ['Egress', 'spec.sources.0.namespace', undefined, 'ISTH0104', 'spec.sources[0].namespace'],
  ['Egress', 'spec.hosts', [], 'ISTH0224', 'spec.hosts'],
  ['Egress', 'spec.hosts', ['a b'], 'ISTH0201', 'spec.hosts[0]'],
  ['Egress', 'spec.hosts', ['http://example.com'], 'ISTH0201', 'spec.hosts[0]'],
  ['Egress', 'spec.hosts', ['a.example', 'A.example.'], 'ISTH0216', 'spec.hosts[1]'],
  ['Egress', 'spec.ipAddresses', ['10.0.0.1'], 'ISTH0223', 'spec.ipAddresses[0]'],
  ['Egress', 'spec.ipAddresses', ['10.0.0.0/33'], 'ISTH0223', 'spec.ipAddresses[0]'],
  ['Egress', 'spec.ports', [], 'ISTH0224', 'spec.ports'],
  ['Egress', 'spec.ports.0.number', 0, 'ISTH0105', 'spec.ports[0].number'],
  ['Egress', 'spec.ports.0.protocol', 'udp', 'ISTH0105', 'spec.ports[0].protocol'],
  ['Egress', 'spec.ports.1', { number: 80, protocol: 'http' }, 'ISTH0216', 'spec.ports[1]'],
  ['Egress', 'spec.matches', [match('a'), match('b')], 'ISTH0206', 'spec.matches'],
  ['Egress', 'spec.matches', [match('a'), match('a')], 'ISTH0216', 'spec.matches[1]'],
  ['Egress', 'spec.matches', [match('a', 'TCPRoute')], 'ISTH0105', 'spec.matches[0].kind'],
  ['Egress', 'spec.matches', [match('A_', 'HTTPRouteGroup')], 'ISTH0116', 'spec.matches[0].name'],
  ['Egress', 'spec.matches.0.apiGroup', 'policy.openservicemesh.io', 'ISTH0105', 'spec.matches[0].apiGroup'],
];

const backend = (protocol: string) => ({ name: 'a', port: { number: 80, protocol } });
const principal = { kind: 'AuthenticatedPrincipal', name: 'a.b.cluster.local' };
const range = (name: string) => ({ kind: 'IPRange', name });

const ingresses: readonly Row[] = [
  ['IngressBackend', 'spec.backends', [], 'ISTH0224', 'spec.backends'],
  ['IngressBackend', 'spec.sources', [], 'ISTH0224', 'spec.sources'],
  ['IngressBackend', 'spec.backends.0.name', '1a', 'ISTH0116', 'spec.backends[0].name'],
  ['IngressBackend', 'spec.backends.0.port.protocol', 'grpc', 'ISTH0105', 'spec.backends[0].port.protocol'],
  ['IngressBackend', 'spec.backends.0.tls.sniHosts', ['a b'], 'ISTH0201', 'spec.backends[0].tls.sniHosts[0]'],
  ['IngressBackend', 'spec.backends', [backend('https'), backend('https')], 'ISTH0218', 'spec.backends[1]'],
  ['IngressBackend', 'spec.backends.0.tls.skipClientCertValidation', true, 'ISTH0229', 'spec.sources[1]'],
  ['IngressBackend', 'spec.backends.0.port.protocol', 'http', 'ISTH0229', 'spec.sources[1]'],
  ['IngressBackend', 'spec.sources', [range('10.0.0.0/8')], 'ISTH0214', 'spec.backends[0]'],
  ['IngressBackend', 'spec.sources', [principal, range('10.0.0.1')], 'ISTH0223', 'spec.sources[1].name'],
  ['IngressBackend', 'spec.sources', [principal, principal], 'ISTH0216', 'spec.sources[1]'],
  ['IngressBackend', 'spec.sources.0.namespace', undefined, 'ISTH0214', 'spec.sources[0].namespace'],
  ['IngressBackend', 'spec.sources.0.namespace', 'A', 'ISTH0116', 'spec.sources[0].namespace'],
  ['IngressBackend', 'spec.sources.0.name', 'A', 'ISTH0116', 'spec.sources[0].name'],
  ['IngressBackend', 'spec.sources.0.kind', 'ServiceAccount', 'ISTH0105', 'spec.sources[0].kind'],
  ['IngressBackend', 'spec.match', [], 'ISTH0118', 'spec.match'],
];

const policy = 'spec.retryPolicy';

const retries: readonly Row[] = [
  ['Retry', 'spec.source.name', 'Curl', 'ISTH0220', 'spec.source.name'],
  ['Retry', 'spec.destinations', [], 'ISTH0224', 'spec.destinations'],
  ['Retry', 'spec.destinations.0.name', 'A_b', 'ISTH0116', 'spec.destinations[0].name'],
  ['Retry', 'spec.destinations.0.kind', 'ServiceAccount', 'ISTH0105', 'spec.destinations[0].kind'],
  ['Retry', policy, undefined, 'ISTH0104'],
  ['Retry', `${policy}.retryOn`, '5xx,conect-failure', 'ISTH0105', `${policy}.retryOn`],
  ['Retry', `${policy}.retryOn`, '5xx,', 'ISTH0105', `${policy}.retryOn`],
  ['Retry', `${policy}.retryOn`, 'reset,reset', 'ISTH0216', `${policy}.retryOn`],
  ['Retry', `${policy}.perTryTimeout`, '1', 'ISTH0208', `${policy}.perTryTimeout`],
  ['Retry', `${policy}.perTryTimeout`, '-1s', 'ISTH0208', `${policy}.perTryTimeout`],
  ['Retry', `${policy}.retryBackoffBaseInterval`, '0s', 'ISTH0208', `${policy}.retryBackoffBaseInterval`],
  ['Retry', `${policy}.retryBackoffInterval`, '1s', 'ISTH0206', `${policy}.retryBackoffInterval`],
  ['Retry', `${policy}.numRetries`, -1, 'ISTH0105', `${policy}.numRetries`],
  ['Retry', `${policy}.maxRetries`, 3, 'ISTH0118', `${policy}.maxRetries`],
];

const uts = 'UpstreamTrafficSetting';
const localHttp = 'spec.rateLimit.local.http';
const globalHttp = 'spec.rateLimit.global.http';
const entry = `${globalHttp}.descriptors.0.entries.0`;
const entryAt = `${globalHttp}.descriptors[0].entries[0]`;
const headerMatch = (header: object) => ({ headerValueMatch: { value: 'a', headers: [header] } });
const headerAt = `${entryAt}.headerValueMatch.headers[0]`;

const settings: readonly Row[] = [
  [uts, 'spec.host', 'a b', 'ISTH0201', 'spec.host'],
  [uts, 'spec.host', 'bookstore.elsewhere.svc', 'ISTH0225', 'spec.host'],
  [uts, 'spec.connectionSettings.tcp.connectTimeout', '0s', 'ISTH0208', 'spec.connectionSettings.tcp.connectTimeout'],
  [uts, 'spec.connectionSettings.http.maxRequests', -1, 'ISTH0105', 'spec.connectionSettings.http.maxRequests'],
  [uts, 'spec.connectionSettings.http.maxRequest', 1, 'ISTH0118', 'spec.connectionSettings.http.maxRequest'],
  [uts, 'spec.rateLimits', {}, 'ISTH0118', 'spec.rateLimits'],
  [uts, `${localHttp}.unit`, 'day', 'ISTH0105', `${localHttp}.unit`],
  [uts, `${localHttp}.requests`, 0, 'ISTH0224', localHttp],
  [uts, `${localHttp}.burst`, 4_294_967_295, 'ISTH0105', localHttp],
  [uts, `${localHttp}.responseStatusCode`, 200, 'ISTH0105', `${localHttp}.responseStatusCode`],
  [uts, `${localHttp}.responseStatusCode`, 499, 'ISTH0105', `${localHttp}.responseStatusCode`],
  [uts, `${localHttp}.responseHeadersToAdd.0.name`, 'Host', 'ISTH0228', `${localHttp}.responseHeadersToAdd[0].name`],
  [uts, `${localHttp}.responseHeadersToAdd.0.name`, 'a b', 'ISTH0228', `${localHttp}.responseHeadersToAdd[0].name`],
  [
    uts,
    `${localHttp}.responseHeadersToAdd.0.value`,
    'a\r\nb',
    'ISTH0228',
    `${localHttp}.responseHeadersToAdd[0].value`,
  ],
  [uts, `${globalHttp}.rateLimitService.host`, 'a b', 'ISTH0201', `${globalHttp}.rateLimitService.host`],
  [uts, `${globalHttp}.timeout`, '20', 'ISTH0208', `${globalHttp}.timeout`],
  [uts, `${globalHttp}.failOpen`, true, 'ISTH0206', `${globalHttp}.failureModeDeny`],
  [uts, `${globalHttp}.responseStatusCode`, 418, 'ISTH0105', `${globalHttp}.responseStatusCode`],
  [uts, `${globalHttp}.descriptors`, [], 'ISTH0105', `${globalHttp}.descriptors`],
  [uts, entry, {}, 'ISTH0214', entryAt],
  [uts, `${entry}.remoteAddress`, {}, 'ISTH0206', entryAt],
  [uts, entry, { requestHeader: { name: ':path', key: 'a' } }, 'ISTH0228', `${entryAt}.requestHeader.name`],
  [uts, entry, headerMatch({ name: 'a' }), 'ISTH0214', headerAt],
  [uts, entry, headerMatch({ name: 'a', exact: 'a', prefix: 'b' }), 'ISTH0206', headerAt],
  [uts, entry, headerMatch({ name: 'a', regex: '(' }), 'ISTH0209', `${headerAt}.regex`],
  [uts, 'spec.httpRoutes.0.path', '/a(?=b)', 'ISTH0209', 'spec.httpRoutes[0].path'],
  [uts, 'spec.httpRoutes', [{ path: '/a' }, { path: '/a' }], 'ISTH0218', 'spec.httpRoutes[1].path'],
];

const tracing = 'spec.observability.tracing';

const configurations: readonly Row[] = [
  ['Telemetry', 'spec.selector', { 'a b': 'c' }, 'ISTH0204', 'spec.selector[a b]'],
  ['Telemetry', 'spec.accessLogs', {}, 'ISTH0118', 'spec.accessLogs'],
  [
    'Telemetry',
    'spec.accessLog.openTelemetry.extensionService.name',
    'A',
    'ISTH0116',
    'spec.accessLog.openTelemetry.extensionService.name',
  ],
  ['ExtensionService', 'spec.host', 'a b', 'ISTH0201', 'spec.host'],
  ['ExtensionService', 'spec.connectTimeout', '2', 'ISTH0208', 'spec.connectTimeout'],
  ['ExtensionService v1alpha1', 'spec.port', 0, 'ISTH0105', 'spec.port'],
  ['OsmMeshConfig', 'spec.traffic.outboundIPRangeExclusionList', ['10.0.0.1'], 'ISTH0223'],
  ['OsmMeshConfig', 'spec.traffic.inboundExternalAuthorization.enable', true, 'ISTH0214'],
  ['OsmMeshConfig', 'spec.sidecar.tlsMaxProtocolVersion', 'TLSv1_1', 'ISTH0105', 'spec.sidecar.tlsMinProtocolVersion'],
  ['OsmMeshConfig', 'spec.sidecar.envoyImage', 'a', 'ISTH0114', 'spec'],
  ['OsmMeshConfig', 'spec.featureFlags.enableMulticlusterMode', true, 'ISTH0114', 'spec.featureFlags'],
  ['OsmMeshConfig', 'spec.traffic.useHTTPSIngress', true, 'ISTH0114', 'spec'],
  ['OsmMeshConfig', 'spec.observability.prometheusScraping', true, 'ISTH0114', 'spec'],
  ['OsmMeshConfig', 'spec.traffic.enableMagic', true, 'ISTH0118', 'spec.traffic.enableMagic'],
  ['OsmMeshConfig v1alpha1', 'spec.trafic', {}, 'ISTH0118', 'spec.trafic'],
  ['OsmMeshConfig', `${tracing}.port`, undefined, 'ISTH0214', `${tracing}.port`],
  ['OsmMeshConfig v1alpha1', 'spec.certificate.serviceCertValidityDuration', '0s', 'ISTH0208'],
  ['MeshRootCertificate', 'spec.role', 'active', 'ISTH0206', 'spec.intent'],
  ['MeshRootCertificate', 'spec.intent', 'Active', 'ISTH0105', 'spec.intent'],
  ['MeshRootCertificate', 'spec.trustDomain', 'A b', 'ISTH0201', 'spec.trustDomain'],
  ['MeshRootCertificate', 'spec.provider', {}, 'ISTH0107', 'spec.provider'],
  ['MeshRootCertificate v1alpha1', 'spec.provider', { vault: vault('a b') }, 'ISTH0201', 'spec.provider.vault.host'],
  ['MeshRootCertificate v1alpha1', 'spec.provider', { vault: vault('a.b') }, 'ISTH0114', 'spec.provider.vault.token'],
];

function vault(host: string) {
  return { host, role: 'osm', protocol: 'http', token: 'secret' };
}

export const osmRows: readonly Row[] = [...egresses, ...ingresses, ...retries, ...settings, ...configurations];
