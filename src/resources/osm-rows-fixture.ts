/** Bad manifests of Open Service Mesh's kinds: what was spoilt, where, with what, and the finding that is due; its path where that is another. */
import type { FixtureKind } from './manifest-fixture.ts';

type Row = readonly [kind: FixtureKind, path: string, value: unknown, code: string, at?: string];

const account = { kind: 'ServiceAccount', name: 'curl', namespace: 'curl' };
const match = (name: string, kind = 'UpstreamTrafficSetting') => ({ kind, name });

const egresses: readonly Row[] = [
  ['Egress', 'metadata.labels', { app: 'curl' }, 'ISTH0119', 'kind'],
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
  ['Retry', 'spec.destinations.0.name', 'a.b', 'ISTH0116', 'spec.destinations[0].name'],
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

export const osmRows: readonly Row[] = [...egresses, ...ingresses, ...retries];
