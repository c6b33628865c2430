/** Bad manifests of SMI's kinds: what was spoilt, where, with what, and the finding that is due; its path where that is another. */
import type { FixtureKind } from './manifest-fixture.ts';

type Row = readonly [kind: FixtureKind, path: string, value: unknown, code: string, at?: string];

const account = (name: string, namespace?: string) => ({
  kind: 'ServiceAccount',
  name,
  ...(namespace === undefined ? {} : { namespace }),
});
const binding = { kind: 'IdentityBinding', name: 'bookstore' };
const many = (count: number, value: unknown) => Array.from({ length: count }, () => value);
const manyHeaders = Object.fromEntries(many(65, '.*').map((value, index) => [`x-${index}`, value]));
const old = 'TrafficTarget v1alpha1';
const firstHeaders = 'spec.matches.0.headers';
const headersAt = 'spec.matches[0].headers';
const firstWeight = 'spec.backends.0.weight';
const weightAt = 'spec.backends[0].weight';
const pathRegex = 'spec.matches.1.pathRegex';
const pathRegexAt = 'spec.matches[1].pathRegex';

const httpRouteGroups: readonly Row[] = [
  ['HTTPRouteGroup', 'apiVersion', 'specs.smi-spec.io/v1alpha5', 'ISTH0101', 'apiVersion'],
  ['HTTPRouteGroup', 'kind', 'HTTPRoutesGroup', 'ISTH0101', 'kind'],
  ['HTTPRouteGroup', 'apiVersion', 'v1alpha1', 'ISTH0120', 'apiVersion'],
  ['TrafficTarget', 'apiVersion', 'specs.smi-spec.io/v1alpha3', 'ISTH0101', 'apiVersion'],
  ['HTTPRouteGroup', 'spec', undefined, 'ISTH0107', ''],
  ['HTTPRouteGroup', 'matches', [{ name: 'all' }], 'ISTH0107', ''],
  ['HTTPRouteGroup v1alpha3', 'matches', [{ name: 'all' }], 'ISTH0107', ''],
  ['HTTPRouteGroup v1alpha2', 'apiVersion', 'specs.smi-spec.io/v1alpha4', 'ISTH0119', 'matches'],
  ['HTTPRouteGroup', 'spec.matches', undefined, 'ISTH0104', 'spec.matches'],
  ['HTTPRouteGroup', 'spec.matches', [], 'ISTH0224', 'spec.matches'],
  ['HTTPRouteGroup', 'spec.matches.0.name', undefined, 'ISTH0104', 'spec.matches[0].name'],
  ['HTTPRouteGroup', 'spec.matches.1.name', 'books-bought', 'ISTH0218', 'spec.matches[1].name'],
  ['HTTPRouteGroup', 'spec.matches.0.pathRegexp', '/x', 'ISTH0118', 'spec.matches[0].pathRegexp'],
  ['HTTPRouteGroup', 'spec.matches.0.methods', ['get'], 'ISTH0105', 'spec.matches[0].methods[0]'],
  ['HTTPRouteGroup', 'spec.matches.0.methods', 'GET', 'ISTH0103', 'spec.matches[0].methods'],
  ['HTTPRouteGroup', pathRegex, '(', 'ISTH0209', pathRegexAt],
  ['HTTPRouteGroup', pathRegex, '/a(?=b)', 'ISTH0209', pathRegexAt],
  ['HTTPRouteGroup', pathRegex, '(?<=a)b', 'ISTH0209', pathRegexAt],
  ['HTTPRouteGroup', pathRegex, '/a)|(?:.*', 'ISTH0209', pathRegexAt],
  ['HTTPRouteGroup', pathRegex, '/a\\Qb', 'ISTH0209', pathRegexAt],
  ['HTTPRouteGroup', pathRegex, 'x{2,1000}'.repeat(100), 'ISTH0209', pathRegexAt],
  ['HTTPRouteGroup', pathRegex, '\ud800', 'ISTH0209', pathRegexAt],
  ['HTTPRouteGroup', pathRegex, 'a'.repeat(4097), 'ISTH0105', pathRegexAt],
  ['HTTPRouteGroup', firstHeaders, 'user-agent', 'ISTH0103', headersAt],
  ['HTTPRouteGroup', firstHeaders, { 'client app': 'x' }, 'ISTH0228', `${headersAt}[client app]`],
  ['HTTPRouteGroup', firstHeaders, { ':path': '/x' }, 'ISTH0228', `${headersAt}[:path]`],
  ['HTTPRouteGroup', firstHeaders, { '': 'x' }, 'ISTH0228', `${headersAt}[]`],
  ['HTTPRouteGroup', firstHeaders, { version: 2 }, 'ISTH0103', `${headersAt}.version`],
  ['HTTPRouteGroup', firstHeaders, { version: '' }, 'ISTH0209', `${headersAt}.version`],
  ['HTTPRouteGroup', firstHeaders, { version: '[' }, 'ISTH0209', `${headersAt}.version`],
  ['HTTPRouteGroup', firstHeaders, { version: 'a'.repeat(4097) }, 'ISTH0105', `${headersAt}.version`],
  ['HTTPRouteGroup', firstHeaders, { A: 'x', a: 'y' }, 'ISTH0228', `${headersAt}.a`],
  ['HTTPRouteGroup', firstHeaders, { A: 'x', a: 'x' }, 'ISTH0216', `${headersAt}.a`],
  ['HTTPRouteGroup', firstHeaders, manyHeaders, 'ISTH0105', headersAt],
  ['HTTPRouteGroup v1alpha3', firstHeaders, [{ a: 'x', b: 'y' }], 'ISTH0228', `${headersAt}[0]`],
  ['HTTPRouteGroup v1alpha3', firstHeaders, [{}], 'ISTH0228', `${headersAt}[0]`],
  ['HTTPRouteGroup v1alpha3', firstHeaders, ['a'], 'ISTH0228', `${headersAt}[0]`],
  ['HTTPRouteGroup v1alpha2', 'spec', { matches: [] }, 'ISTH0118', 'spec'],
  ['HTTPRouteGroup v1alpha2', 'matches', undefined, 'ISTH0104', 'matches'],
  ['HTTPRouteGroup v1alpha1', 'matches.3.name', 'buy-a-book', 'ISTH0218', 'matches[3].name'],
];

const portRoutes: readonly Row[] = [
  ['TCPRoute', 'spec.matches.ports', [0], 'ISTH0105', 'spec.matches.ports[0]'],
  ['TCPRoute', 'spec.matches.ports', ['3306'], 'ISTH0103', 'spec.matches.ports[0]'],
  ['TCPRoute', 'spec.matches.ports', [80, 80], 'ISTH0216', 'spec.matches.ports[1]'],
  ['TCPRoute', 'spec.matches', { port: [80] }, 'ISTH0118', 'spec.matches.port'],
  ['TCPRoute', 'spec', { match: { ports: [80] } }, 'ISTH0118', 'spec.match'],
  ['TCPRoute v1alpha3', 'spec', { matches: { ports: [80] } }, 'ISTH0107', 'spec'],
  ['TCPRoute v1alpha2', 'spec', { matches: { ports: [80] } }, 'ISTH0107', 'spec'],
  ['TCPRoute v1alpha1', 'spec', { matches: {} }, 'ISTH0107', 'spec'],
  ['TCPRoute v1alpha1', 'matches', {}, 'ISTH0118', 'matches'],
  ['UDPRoute', 'spec.matches.ports', [65_536], 'ISTH0105', 'spec.matches.ports[0]'],
  ['UDPRoute', 'apiVersion', 'specs.smi-spec.io/v1alpha3', 'ISTH0101', 'apiVersion'],
];

const trafficTargets: readonly Row[] = [
  ['TrafficTarget', 'spec.destination.namespace', 'bookbuyer', 'ISTH0225', 'spec.destination.namespace'],
  ['TrafficTarget', 'metadata.namespace', 'bookbuyer', 'ISTH0225', 'spec.destination.namespace'],
  ['TrafficTarget', 'spec.destination.namespace', 'a.b', 'ISTH0116', 'spec.destination.namespace'],
  ['TrafficTarget', 'spec.destination.name', 'Book Store', 'ISTH0220', 'spec.destination.name'],
  ['TrafficTarget', 'spec.destination.kind', 'Service', 'ISTH0105', 'spec.destination.kind'],
  ['TrafficTarget', 'spec.destination.port', 0, 'ISTH0105', 'spec.destination.port'],
  ['TrafficTarget', 'spec.destination.ports', [80], 'ISTH0118', 'spec.destination.ports'],
  ['TrafficTarget', 'spec.rules', undefined, 'ISTH0104', 'spec.rules'],
  ['TrafficTarget', 'spec.rules', [], 'ISTH0224', 'spec.rules'],
  ['TrafficTarget', 'spec.rules.0.kind', 'GRPCRoute', 'ISTH0105', 'spec.rules[0].kind'],
  ['TrafficTarget', 'spec.rules.0.name', 'a/b', 'ISTH0116', 'spec.rules[0].name'],
  ['TrafficTarget', 'spec.rules.0.match', ['x'], 'ISTH0118', 'spec.rules[0].match'],
  ['TrafficTarget', 'spec.rules.0.matches', [], 'ISTH0224', 'spec.rules[0].matches'],
  ['TrafficTarget', 'spec.rules.0.matches', ['a', 'a'], 'ISTH0216', 'spec.rules[0].matches[1]'],
  ['TrafficTarget', 'spec.rules.1.matches', ['a'], 'ISTH0102', 'spec.rules[1].matches'],
  ['TrafficTarget', 'spec.sources', undefined, 'ISTH0104', 'spec.sources'],
  ['TrafficTarget', 'spec.sources', [], 'ISTH0224', 'spec.sources'],
  ['TrafficTarget', 'spec.sources.0.kind', 'User', 'ISTH0105', 'spec.sources[0].kind'],
  ['TrafficTarget', 'spec.sources.0.namespace', '*', 'ISTH0116', 'spec.sources[0].namespace'],
  ['TrafficTarget', 'spec.sources', [account('a'), account('a', 'bookstore')], 'ISTH0216', 'spec.sources[1]'],
  ['TrafficTarget v1alpha4', 'spec.destination', { ...binding, name: '-' }, 'ISTH0116', 'spec.destination.name'],
  ['TrafficTarget v1alpha4', 'spec.destination.group', 'specs.smi-spec.io', 'ISTH0107', 'spec.destination'],
  ['TrafficTarget v1alpha4', 'spec.sources.0.group', '', 'ISTH0107', 'spec.sources[0]'],
  ['TrafficTarget v1alpha4', 'spec.sources.0.kind', 'ServiceAccount', 'ISTH0107', 'spec.sources[0]'],
  ['TrafficTarget v1alpha2', 'spec.destination.port', '14001', 'ISTH0103', 'spec.destination.port'],
  [old, 'spec', { sources: [] }, 'ISTH0118', 'spec'],
  [old, 'rules', [], 'ISTH0118', 'rules'],
  [old, 'specs', [], 'ISTH0224', 'specs'],
  [old, 'specs.0.kind', 'HTTPRoute', 'ISTH0105', 'specs[0].kind'],
  [old, 'destination', binding, 'ISTH0105', 'destination.kind'],
  [old, 'destination.namespace', 'bookbuyer', 'ISTH0225', 'destination.namespace'],
  [old, 'destination.port', 70_000, 'ISTH0105', 'destination.port'],
  [old, 'sources', [], 'ISTH0224', 'sources'],
];

const schemes = 'spec.schemes';
const identityBindings: readonly Row[] = [
  ['IdentityBinding', 'apiVersion', 'access.smi-spec.io/v1alpha3', 'ISTH0101', 'apiVersion'],
  ['IdentityBinding', schemes, {}, 'ISTH0224'],
  ['IdentityBinding', schemes, undefined, 'ISTH0104'],
  ['IdentityBinding', schemes, { serviceAccount: 'Book Buyer' }, 'ISTH0220', 'spec.schemes.serviceAccount'],
  ['IdentityBinding', schemes, { podLabelSelector: {} }, 'ISTH0104', 'spec.schemes.podLabelSelector.matchLabels'],
  ['IdentityBinding', 'spec.schemes.podLabelSelector.matchLabels', {}, 'ISTH0105'],
  ['IdentityBinding', 'spec.schemes.podLabelSelector.matchLabels', { 'a b': 'c' }, 'ISTH0204'],
  ['IdentityBinding', 'spec.schemes.podLabelSelectors', [{ matchLabels: { a: 'b' } }], 'ISTH0107', schemes],
  ['IdentityBinding', schemes, { podLabelSelectors: many(65, { matchLabels: { a: 'b' } }) }, 'ISTH0105'],
  ['IdentityBinding', schemes, { podLabelSelectors: [{ matchLabels: { a: '-' } }] }, 'ISTH0204'],
  ['IdentityBinding', 'spec.schemes.spiffeIdentities.0', 'cluster.local', 'ISTH0227'],
  ['IdentityBinding', 'spec.schemes.spiffeIdentities.0', 'spiffe://Cluster.local/ns/a/sa/b', 'ISTH0227'],
  ['IdentityBinding', 'spec.schemes.spiffeIdentities.0', 'spiffe://cluster.local/ns/../sa/b', 'ISTH0227'],
  ['IdentityBinding', 'spec.schemes.spiffeIdentities.0', 'https://cluster.local/ns/a', 'ISTH0227'],
  ['IdentityBinding', 'spec.schemes.serviceAccounts', ['a'], 'ISTH0118', 'spec.schemes.serviceAccounts'],
];

const trafficSplits: readonly Row[] = [
  ['TrafficSplit', 'spec.service', '', 'ISTH0105', 'spec.service'],
  ['TrafficSplit', 'spec.service', 'book store', 'ISTH0201', 'spec.service'],
  ['TrafficSplit', 'spec.service', 'bookstore.shop.svc', 'ISTH0225', 'spec.service'],
  ['TrafficSplit', 'spec.backends', undefined, 'ISTH0104', 'spec.backends'],
  ['TrafficSplit', 'spec.backends', [], 'ISTH0224', 'spec.backends'],
  ['TrafficSplit', 'spec.backends', [{ service: 'a', weight: 0 }], 'ISTH0224', 'spec.backends'],
  ['TrafficSplit', 'spec.backends', many(2, { service: 'a', weight: 1 }), 'ISTH0216', 'spec.backends[1]'],
  ['TrafficSplit', 'spec.backends', many(2, { service: 'a', weight: 4e9 }), 'ISTH0226', 'spec.backends'],
  ['TrafficSplit', 'spec.backends.0.service', 'a_b', 'ISTH0201', 'spec.backends[0].service'],
  ['TrafficSplit', 'spec.backends.1.service', 'a.shop.svc.cluster.local', 'ISTH0225', 'spec.backends[1].service'],
  ['TrafficSplit', firstWeight, undefined, 'ISTH0104', weightAt],
  ['TrafficSplit', firstWeight, 0.5, 'ISTH0107', weightAt],
  ['TrafficSplit', firstWeight, '90', 'ISTH0103', weightAt],
  ['TrafficSplit', firstWeight, -1, 'ISTH0105', weightAt],
  ['TrafficSplit', firstWeight, 1e300, 'ISTH0105', weightAt],
  ['TrafficSplit', 'spec.matches.0.kind', 'TCPRoute', 'ISTH0105', 'spec.matches[0].kind'],
  ['TrafficSplit', 'spec.matches.0.apiGroup', 'access.smi-spec.io', 'ISTH0105', 'spec.matches[0].apiGroup'],
  ['TrafficSplit', 'spec.matches.0.name', 'A B', 'ISTH0116', 'spec.matches[0].name'],
  ['TrafficSplit', 'spec.matches', many(2, { kind: 'HTTPRouteGroup', name: 'a' }), 'ISTH0216', 'spec.matches[1]'],
  ['TrafficSplit v1alpha3', firstWeight, 0.5, 'ISTH0103', weightAt],
  ['TrafficSplit v1alpha2', 'spec.matches', [], 'ISTH0118', 'spec.matches'],
  ['TrafficSplit v1alpha2', firstWeight, '500m', 'ISTH0103', weightAt],
  ['TrafficSplit v1alpha1', firstWeight, 'half', 'ISTH0107', weightAt],
  ['TrafficSplit v1alpha1', firstWeight, '1 m', 'ISTH0107', weightAt],
  ['TrafficSplit v1alpha1', firstWeight, '-1', 'ISTH0226', weightAt],
  ['TrafficSplit v1alpha1', firstWeight, -1, 'ISTH0226', weightAt],
  ['TrafficSplit v1alpha1', firstWeight, 0.5, 'ISTH0103', weightAt],
  ['TrafficSplit v1alpha1', firstWeight, '0.1n', 'ISTH0226', weightAt],
  ['TrafficSplit v1alpha1', firstWeight, '1e999999999', 'ISTH0226', weightAt],
  ['TrafficSplit v1alpha1', firstWeight, '1e-999999999', 'ISTH0226', weightAt],
  ['TrafficSplit v1alpha1', firstWeight, 1e300, 'ISTH0226', weightAt],
  ['TrafficSplit v1alpha1', firstWeight, '5E', 'ISTH0226', 'spec.backends'],
  ['TrafficSplit v1alpha1', 'spec.matches', [], 'ISTH0118', 'spec.matches'],
];

export const smiRows: readonly Row[] = [
  ...httpRouteGroups,
  ...portRoutes,
  ...trafficTargets,
  ...identityBindings,
  ...trafficSplits,
];
