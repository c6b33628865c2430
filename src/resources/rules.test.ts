import { describe, expect, test } from 'vitest';
import { catalogue } from '../model/finding-catalogue.ts';
import { istioRows } from './istio-rows-fixture.ts';
import { kinds } from './kind-table.ts';
import { type FixtureKind, fixtureKinds, kindOf, spoiltManifest } from './manifest-fixture.ts';
import { osmRows } from './osm-rows-fixture.ts';
import { createResourceReader } from './reader.ts';
import { redisRows } from './redis-rows-fixture.ts';
import { smiRows } from './smi-rows-fixture.ts';

/** What was spoilt, where, with what, and the finding that is due: its code, and its path where that is another. */
type Row = readonly [kind: FixtureKind, path: string, value: unknown, code: string, at?: string];

const route = { route: [{ destination: { host: 'a.b' } }] };
const manyFields = Object.fromEntries(Array.from({ length: 150 }, (_, index) => [`field${index}`, index]));
const longNote = 'x'.repeat(200_000);

const rows: readonly Row[] = [
  // metadata and form
  ['ServiceEntry', 'kind', 'ServiceEntri', 'ISTH0101', 'kind'],
  ['ServiceEntry', 'kind', 'List', 'ISTH0101', 'kind'],
  ['ServiceEntry', 'apiVersion', 'networking.istio.io/v2', 'ISTH0101', 'apiVersion'],
  ['MetaRouter', 'apiVersion', 'metaprotocol.aerak.io/v1alpha1', 'ISTH0101', 'apiVersion'],
  ['MeshConfig', 'kind', 'Something', 'ISTH0101', 'kind'],
  ['ServiceEntry', 'apiVersion', 'dubbo.aeraki.io/v1alpha1', 'ISTH0101', 'apiVersion'],
  ['ServiceRegistry', 'spec.type', 'Etcdd', 'ISTH0105'],
  ['ServiceRegistry', 'spec.mapping', { host: '{service}..mesh' }, 'ISTH1002', 'spec.mapping.host'],
  ['ServiceRegistry', 'spec.trust', { hostSuffixes: ['mesh', 'a b'] }, 'ISTH1002', 'spec.trust.hostSuffixes[1]'],
  ['MigrationPlan', 'spec.stage', 'Begin', 'ISTH0105'],
  ['MigrationPlan', 'spec.host', 'orders mesh', 'ISTH1108'],
  ['MigrationPlan', 'spec.to.host', 'orders mesh', 'ISTH1108', 'spec.to.host'],
  ['MigrationPlan', 'spec.alias', 'Orders.legacy.mesh', 'ISTH1108'],
  ['MigrationPlan', 'spec.steps', [5, 20, 20], 'ISTH1108', 'spec.steps[2]'],
  ['Namespace', 'kind', 'ConfigMap', 'ISTH0110', 'kind'],
  ['ServiceEntry', 'kind', 'EnvoyFilter', 'ISTH0111', 'kind'],
  ['ServiceEntry', 'kind', undefined, 'ISTH0109'],
  ['ServiceEntry', 'apiVersion', 5, 'ISTH0109'],
  ['ServiceEntry', 'metadata', undefined, 'ISTH0104'],
  ['MeshConfig', 'metadata', undefined, 'ISTH0104'],
  ['ServiceEntry', 'metadata.name', undefined, 'ISTH0104'],
  ['ServiceEntry', 'metadata.name', 'Orders', 'ISTH0116'],
  ['ServiceEntry', 'metadata.name', '../x', 'ISTH0116'],
  ['ServiceEntry', 'metadata.namespace', 'a.b', 'ISTH0116'],
  ['Service', 'metadata.name', '1st', 'ISTH0116'],
  ['Namespace', 'metadata.name', 'a.b', 'ISTH0116'],
  ['MeshConfig', 'metadata.namespace', 'shop', 'ISTH0117'],
  ['ServiceEntry', 'metadata.labels', { 'a b': 'x' }, 'ISTH0204', 'metadata.labels[a b]'],
  ['ServiceEntry', 'metadata.labels', { a: '-' }, 'ISTH0204', 'metadata.labels.a'],
  ['ServiceEntry', 'metadata.annotations', { 'a b': 'x' }, 'ISTH0204', 'metadata.annotations[a b]'],
  ['ServiceEntry', 'metadata.annotations', { a: longNote, b: longNote }, 'ISTH0113'],
  ['ServiceEntry', 'spec.location', new Date(0), 'ISTH0112'],
  ['ServiceEntry', 'spec.hosts', ['x'.repeat(5_000_000)], 'ISTH0113', ''],
  ['ServiceEntry', 'spec', undefined, 'ISTH0104'],
  ['ServiceEntry', 'spec.workload_selector', {}, 'ISTH0102'],
  ['MetaRouter', 'spec.routes.0.match', { attributes: { cmd: { regx: '2' } } }, 'ISTH0118'],
  ['MetaRouter', 'spec.localRateLimits', { tokenBucket: {} }, 'ISTH0118'],
  ['MetaRouter', 'spec.rateLimit', {}, 'ISTH0118'],
  ['MetaRouter', 'spec.routes.0.mach', {}, 'ISTH0118'],
  ['MetaRouter', 'spec.localRateLimit', { conditons: [] }, 'ISTH0118'],
  ['ServiceEntry', 'spec', { hosts: ['a.b'], ports: [{ name: 'a', number: 1 }], ...manyFields }, 'ISTH0115', ''],
  ['ServiceEntry', 'spec.hosts', 'orders.shop.mesh', 'ISTH0103'],
  ['ServiceEntry', 'spec.hosts', [], 'ISTH0105'],
  ['ServiceEntry', 'spec.ports.0.number', '8080', 'ISTH0103', 'spec.ports[0].number'],
  ['ServiceEntry', 'spec.ports.0.number', 0, 'ISTH0105', 'spec.ports[0].number'],
  ['ServiceEntry', 'spec.ports.0.number', 65_536, 'ISTH0105', 'spec.ports[0].number'],
  ['ServiceEntry', 'spec.ports.0.number', 8080.5, 'ISTH0103', 'spec.ports[0].number'],
  ['ServiceEntry', 'spec.location', 'INTERNAL', 'ISTH0105'],
  ['ServiceEntry', 'spec.endpoints.0.labels', { a: null }, 'ISTH0103', 'spec.endpoints[0].labels.a'],
  ['ServiceEntry', 'spec.endpoints', [null], 'ISTH0103', 'spec.endpoints[0]'],

  // RequestAuthorizationPolicy and Dubbo's
  ['RequestAuthorizationPolicy', 'spec.action', 'LOG', 'ISTH0105'],
  ['RequestAuthorizationPolicy', 'spec.action', 'LOG', 'ISTH0241', 'spec'],
  ['RequestAuthorizationPolicy', 'spec.hosts', ['a.b'], 'ISTH0118'],
  ['RequestAuthorizationPolicy', 'spec.serviceAccounts', ['Orders'], 'ISTH0220', 'spec.serviceAccounts[0]'],
  ['RequestAuthorizationPolicy', 'spec.rules.0.from', [{}], 'ISTH0105', 'spec.rules[0].from[0]'],
  ['RequestAuthorizationPolicy', 'spec.rules.0.from.0.principals', ['a*b'], 'ISTH0240'],
  ['RequestAuthorizationPolicy', 'spec.rules.0.to.0.properties', { method: ['**'] }, 'ISTH0240'],
  ['DubboAuthorizationPolicy', 'spec.rules.0.to', [{ operation: {} }], 'ISTH0240', 'spec.rules[0].to[0]'],
  ['DubboAuthorizationPolicy', 'spec.rules.0.from', [{ source: { ipBlocks: ['10.0.0.1'] } }], 'ISTH0118'],

  // ServiceEntry
  ['ServiceEntry', 'spec.hosts', ['*'], 'ISTH0201', 'spec.hosts[0]'],
  ['ServiceEntry', 'spec.hosts', ['a.*.b'], 'ISTH0201', 'spec.hosts[0]'],
  ['ServiceEntry', 'spec.hosts', ['10.0.0.1'], 'ISTH0201', 'spec.hosts[0]'],
  ['ServiceEntry', 'spec.hosts', [`${'a'.repeat(64)}.b`], 'ISTH0201', 'spec.hosts[0]'],
  ['ServiceEntry', 'spec.hosts', ['a.b', 'A.b.'], 'ISTH0216', 'spec.hosts[1]'],
  ['ServiceEntry', 'spec', { hosts: ['a.b', 'c.d'], resolution: 'DNS' }, 'ISTH0221', 'spec.hosts'],
  ['ServiceEntry', 'spec', { hosts: ['*.b'], resolution: 'DNS' }, 'ISTH0214', 'spec.hosts[0]'],
  ['ServiceEntry', 'spec.addresses', ['10.0.0'], 'ISTH0202', 'spec.addresses[0]'],
  ['ServiceEntry', 'spec.addresses', ['10.0.0.0/33'], 'ISTH0202', 'spec.addresses[0]'],
  ['ServiceEntry', 'spec.addresses', ['10.0.0.1', '10.0.0.1'], 'ISTH0216', 'spec.addresses[1]'],
  [
    'ServiceEntry',
    'spec',
    { hosts: ['a.b'], resolution: 'DNS', addresses: ['10.0.0.0/8'] },
    'ISTH0206',
    'spec.addresses[0]',
  ],
  ['ServiceEntry', 'spec.ports', [], 'ISTH0217'],
  ['ServiceEntry', 'spec.ports.1.name', 'tcp-metaprotocol-orders', 'ISTH0203', 'spec.ports[1].name'],
  ['ServiceEntry', 'spec.ports.1.number', 8080, 'ISTH0203', 'spec.ports[1].number'],
  ['ServiceEntry', 'spec.ports.0.name', 'a_b', 'ISTH0203', 'spec.ports[0].name'],
  ['ServiceEntry', 'spec.ports.0.protocol', 'SPDY', 'ISTH0207', 'spec.ports[0].protocol'],
  ['ServiceEntry', 'spec.endpoints.0.ports', { https: 1 }, 'ISTH0203', 'spec.endpoints[0].ports.https'],
  ['ServiceEntry', 'spec.endpoints.0.address', 'a.example.com', 'ISTH0202', 'spec.endpoints[0].address'],
  ['ServiceEntry', 'spec.endpoints.0.address', 'fe80::1%eth0', 'ISTH0202', 'spec.endpoints[0].address'],
  ['ServiceEntry', 'spec.endpoints.0.address', 'unix://x', 'ISTH0202', 'spec.endpoints[0].address'],
  ['ServiceEntry', 'spec.endpoints.0.address', 'unix:///x', 'ISTH0206', 'spec.endpoints[0].ports'],
  ['ServiceEntry', 'spec.endpoints.0.address', undefined, 'ISTH0214', 'spec.endpoints[0].address'],
  ['ServiceEntry', 'spec.endpoints.0.locality', 'eu//1', 'ISTH0215', 'spec.endpoints[0].locality'],
  ['ServiceEntry', 'spec.endpoints.0.labels', { version: 'v 1' }, 'ISTH0204', 'spec.endpoints[0].labels.version'],
  ['ServiceEntry', 'spec.endpoints.0.serviceAccount', 'a/../b', 'ISTH0220', 'spec.endpoints[0].serviceAccount'],
  ['ServiceEntry', 'spec.workloadSelector', { labels: { app: 'x' } }, 'ISTH0206', 'spec.endpoints'],
  ['ServiceEntry', 'spec.resolution', 'NONE', 'ISTH0206', 'spec.endpoints'],
  ['ServiceEntry', 'spec.resolution', 'DNS_ROUND_ROBIN', 'ISTH0206', 'spec.endpoints'],
  ['ServiceEntry', 'spec', { hosts: ['a.b'], workloadSelector: { labels: { 'a/b/c': 'x' } } }, 'ISTH0204'],
  ['ServiceEntry', 'spec.exportTo', ['*', 'shop'], 'ISTH0205', 'spec.exportTo[0]'],
  ['ServiceEntry', 'spec.exportTo', ['.', 'shop'], 'ISTH0205', 'spec.exportTo[1]'],
  ['ServiceEntry', 'spec.exportTo', ['Shop'], 'ISTH0205', 'spec.exportTo[0]'],

  // WorkloadEntry, WorkloadGroup
  ['WorkloadEntry', 'spec', {}, 'ISTH0214', 'spec.address'],
  ['WorkloadEntry', 'spec.address', 'a b', 'ISTH0202'],
  ['WorkloadEntry', 'spec.ports', { 'a.b': 1 }, 'ISTH0203', 'spec.ports[a.b]'],
  ['WorkloadGroup', 'spec.template', undefined, 'ISTH0104'],
  ['WorkloadGroup', 'spec.template.address', '10.0.0.1', 'ISTH0206'],
  ['WorkloadGroup', 'spec.metadata.labels', { a: '-' }, 'ISTH0204', 'spec.metadata.labels.a'],
  ['WorkloadGroup', 'spec.probe', { tcpSocket: { port: 80 } }, 'ISTH0114', 'spec'],

  // DestinationRule
  ['DestinationRule', 'spec.host', 'a b', 'ISTH0201'],
  ['DestinationRule', 'spec.subsets.1.name', 'v1', 'ISTH0218', 'spec.subsets[1].name'],
  ['DestinationRule', 'spec.subsets.1.name', 'v_1', 'ISTH0204', 'spec.subsets[1].name'],
  ['DestinationRule', 'spec.trafficPolicy.tls', { mode: 'DISABLE' }, 'ISTH0114', 'spec'],
  ['DestinationRule', 'spec.trafficPolicy.loadBalancer', { simple: 'FAST' }, 'ISTH0105'],
  [
    'DestinationRule',
    'spec.trafficPolicy.loadBalancer',
    { simple: 'RANDOM', consistentHash: { httpHeaderName: 'a' } },
    'ISTH0206',
  ],
  ['DestinationRule', 'spec.trafficPolicy.loadBalancer', { consistentHash: {} }, 'ISTH0214'],
  [
    'DestinationRule',
    'spec.trafficPolicy.loadBalancer.localityLbSetting',
    { distribute: [{ from: '*', to: { eu: 100 } }], failover: [{ from: 'eu', to: 'us' }] },
    'ISTH0206',
  ],
  [
    'DestinationRule',
    'spec.trafficPolicy.loadBalancer.localityLbSetting',
    { distribute: [{ from: '*', to: { eu: 80, us: 30 } }] },
    'ISTH0242',
    'spec.trafficPolicy.loadBalancer.localityLbSetting.distribute[0].to',
  ],
  [
    'DestinationRule',
    'spec.trafficPolicy.loadBalancer.localityLbSetting',
    { failover: [{ from: 'eu', to: 'eu' }] },
    'ISTH0242',
  ],
  ['DestinationRule', 'spec.trafficPolicy.loadBalancer.localityLbSetting', { failover: [{ from: 'eu' }] }, 'ISTH0242'],
  [
    'DestinationRule',
    'spec.trafficPolicy.loadBalancer.localityLbSetting',
    { failoverPriority: ['constructor'] },
    'ISTH0243',
  ],
  [
    'DestinationRule',
    'spec.trafficPolicy.loadBalancer',
    { consistentHash: { httpHeaderName: 'a', useSourceIp: true } },
    'ISTH0206',
  ],
  [
    'DestinationRule',
    'spec.trafficPolicy.loadBalancer',
    { consistentHash: { httpHeaderName: 'a', ringHash: {}, maglev: {} } },
    'ISTH0206',
  ],
  ['DestinationRule', 'spec.trafficPolicy.loadBalancer.consistentHash.maglev.tableSize', 65_536, 'ISTH0222'],
  ['DestinationRule', 'spec.trafficPolicy.connectionPool.tcp.connectTimeout', '0s', 'ISTH0208'],
  ['DestinationRule', 'spec.trafficPolicy.connectionPool.tcp.connectTimeout', '1 s', 'ISTH0208'],
  [
    'DestinationRule',
    'spec.trafficPolicy.portLevelSettings',
    [{ port: { number: 80 } }, { port: { number: 80 } }],
    'ISTH0218',
    'spec.trafficPolicy.portLevelSettings[1].port.number',
  ],

  // ApplicationProtocol, MetaRouter
  ['ApplicationProtocol', 'spec.codec', '', 'ISTH0105'],
  ['ApplicationProtocol', 'spec.protocol', 'my-rpc', 'ISTH0219'],
  ['MetaRouter', 'spec.hosts', ['a.b', 'c.d'], 'ISTH0105', 'spec.hosts'],
  ['MetaRouter', 'spec.hosts', ['*.b'], 'ISTH0201', 'spec.hosts[0]'],
  ['MetaRouter', 'spec', { hosts: ['a.b'] }, 'ISTH0214'],
  ['MetaRouter', 'spec.gateways', ['a/b/c'], 'ISTH0116', 'spec.gateways[0]'],
  ['MetaRouter', 'spec.routes', [route, route], 'ISTH0213', 'spec.routes[1]'],
  ['MetaRouter', 'spec.routes.0.route', [], 'ISTH0105', 'spec.routes[0].route'],
  ['MetaRouter', 'spec.routes.0.route.0.weight', 91, 'ISTH0210', 'spec.routes[0].route'],
  ['MetaRouter', 'spec.routes.0.route.0.weight', 101, 'ISTH0105', 'spec.routes[0].route[0].weight'],
  [
    'MetaRouter',
    'spec.routes.0.route.0.destination.host',
    'a b',
    'ISTH0201',
    'spec.routes[0].route[0].destination.host',
  ],
  [
    'MetaRouter',
    'spec.routes.0.route.0.destination.subset',
    'v.1',
    'ISTH0204',
    'spec.routes[0].route[0].destination.subset',
  ],
  [
    'MetaRouter',
    'spec.routes.0.route.0.destination.port.number',
    0,
    'ISTH0105',
    'spec.routes[0].route[0].destination.port.number',
  ],
  ['MetaRouter', 'spec.routes.0.mirror', undefined, 'ISTH0211', 'spec.routes[0].mirrorPercentage'],
  ['MetaRouter', 'spec.routes.0.mirrorPercentage.value', 0, 'ISTH0211', 'spec.routes[0].mirrorPercentage.value'],
  ['MetaRouter', 'spec.routes.0.mirrorPercentage.value', 101, 'ISTH0105', 'spec.routes[0].mirrorPercentage.value'],
  ['MetaRouter', 'spec.routes.0.requestMutation', [{ key: 'a', value: '' }], 'ISTH0105'],
  ['MetaRouter', 'spec.routes.0.match.attributes', { '': {} }, 'ISTH0105'],
  ['MetaRouter', 'spec.routes.0.match.attributes', { a: { exact: 'x', prefix: 'x' } }, 'ISTH0206'],
  ['MetaRouter', 'spec.routes.0.match.attributes', { a: { regex: '' } }, 'ISTH0209'],
  ['MetaRouter', 'spec.routes.0.match.attributes', { a: { regex: '(?=x)' } }, 'ISTH0209'],
  ['MetaRouter', 'spec.routes.0.match.attributes', { a: { regex: 'x{2,1000}'.repeat(100) } }, 'ISTH0209'],
  ['MetaRouter', 'spec.localRateLimit', {}, 'ISTH0212'],
  ['MetaRouter', 'spec.localRateLimit.conditions.0.match', undefined, 'ISTH0104'],
  ['MetaRouter', 'spec.localRateLimit.conditions.0.tokenBucket', undefined, 'ISTH0104'],
  ['MetaRouter', 'spec.localRateLimit.tokenBucket.fillInterval', null, 'ISTH0104'],
  ['MetaRouter', 'spec.localRateLimit.tokenBucket.fillInterval', '49ms', 'ISTH0208'],
  ['MetaRouter', 'spec.localRateLimit.tokenBucket.maxTokens', 0, 'ISTH0105'],
  ['MetaRouter', 'spec.localRateLimit.tokenBucket.tokensPerFill', 0, 'ISTH0105'],
  ['MetaRouter', 'spec.globalRateLimit.descriptors', [], 'ISTH0105'],
  ['MetaRouter', 'spec.globalRateLimit.domain', '', 'ISTH0105'],
  ['MetaRouter', 'spec.globalRateLimit.rateLimitService', undefined, 'ISTH0104'],
  ['MetaRouter', 'spec.globalRateLimit.requestTimeout', '-1s', 'ISTH0208'],
  ['MetaRouter', 'spec.exportTo', ['~', '.'], 'ISTH0205', 'spec.exportTo[0]'],

  // core/v1, discovery.k8s.io
  ['Service', 'spec.ports.0.name', undefined, 'ISTH0203', 'spec.ports[0].name'],
  ['Service', 'spec.ports.0.name', 'Rpc', 'ISTH0203', 'spec.ports[0].name'],
  ['Service', 'spec.ports.1.name', 'tcp-metaprotocol-orders', 'ISTH0203', 'spec.ports[1].name'],
  ['Service', 'spec.ports.1.protocol', 'TCP', 'ISTH0203', 'spec.ports[1].port'],
  ['Service', 'spec.ports.0.targetPort', 0, 'ISTH0203', 'spec.ports[0].targetPort'],
  ['Service', 'spec.ports.0.targetPort', '80', 'ISTH0203', 'spec.ports[0].targetPort'],
  ['Service', 'spec.ports.0.targetPort', true, 'ISTH0103', 'spec.ports[0].targetPort'],
  ['Service', 'spec.clusterIP', 'none', 'ISTH0202'],
  ['Service', 'spec.clusterIPs', ['10.0.0.1', 'x'], 'ISTH0202', 'spec.clusterIPs[1]'],
  ['Service', 'spec.type', 'ExternalName', 'ISTH0214', 'spec.externalName'],
  ['Service', 'spec', { type: 'ExternalName', externalName: 'a b' }, 'ISTH0201', 'spec.externalName'],
  ['Service', 'spec.selector', { a: '-' }, 'ISTH0204', 'spec.selector.a'],
  ['EndpointSlice', 'addressType', 'IPv6', 'ISTH0202', 'endpoints[0].addresses[0]'],
  ['EndpointSlice', 'endpoints.0.addresses', [], 'ISTH0105', 'endpoints[0].addresses'],
  ['EndpointSlice', 'addressType', undefined, 'ISTH0104', 'addressType'],

  // isthmus.dev
  ['MeshConfig', 'spec.trustDomain', 'A b', 'ISTH0105'],
  ['MeshConfig', 'spec.acces', { mode: 'Enforced' }, 'ISTH0118', 'spec.acces'],
  ['MeshConfig', 'spec.access.mod', 'Enforced', 'ISTH0118', 'spec.access.mod'],
  ['MeshConfig', 'access', { mode: 'Enforced' }, 'ISTH0118', 'access'],
  ['MeshConfig', 'spec.idleTimeout', '1d', 'ISTH0107'],
  ['MeshConfig', 'spec.virtualIps.quarantine', '-1s', 'ISTH0107'],
  ['MeshConfig', 'spec.virtualIps.ipv4', ['::/64'], 'ISTH0107'],
  ['MeshConfig', 'spec.accessLog', { format: 'x' }, 'ISTH0107'],
  ['MeshConfig', 'spec.virtualIps.ipv4', ['10.0.0.0/40'], 'ISTH0223', 'spec.virtualIps.ipv4[0]'],
  ['MeshConfig', 'spec.virtualIps.ipv4', ['10.0.0.1/8'], 'ISTH0223', 'spec.virtualIps.ipv4[0]'],
  ['MeshConfig', 'spec.virtualIps.ipv4', ['10.0.0.0/8', '10.1.0.0/16'], 'ISTH0223', 'spec.virtualIps.ipv4[1]'],
  ['MeshConfig', 'spec.virtualIps.ipv6', ['2001:2::/32', '2001:2:1::/48'], 'ISTH0223', 'spec.virtualIps.ipv6[1]'],
  ['ProtocolCodec', 'spec.frame', undefined, 'ISTH0104'],
  ['ProtocolCodec', 'spec.frame.length', { parts: [], size: 5 }, 'ISTH0107', 'spec.frame.length'],
  ['ProtocolCodec', 'spec.frame.length', {}, 'ISTH0107', 'spec.frame.length'],
  ['ProtocolCodec', 'spec.identity', { requestId: 'nothing' }, 'ISTH0107', 'spec'],
  ['ProtocolCodec', 'spec.identity', { correlation: 'id' }, 'ISTH0107'],
  ['ProtocolCodec', 'spec.sections', [{ name: 'a' }, { name: 'a' }], 'ISTH0107'],
  ['ProtocolCodec', 'spec.fields.id.type', 'u33', 'ISTH0601', 'spec.fields.id.type'],

  ...smiRows,
  ...osmRows,
  ...redisRows,
  ...istioRows,
];

const reader = createResourceReader({
  checkCodec: (spec) =>
    JSON.stringify(spec).includes('u33') ? [{ path: 'fields.id.type', message: '"u33" is no type.' }] : [],
});

describe('a bad manifest', () => {
  test.each(rows.map((row) => [`${row[0]} with ${row[1]}: ${describeValue(row[2])} gives ${row[3]}`, row] as const))(
    '%s',
    (_, [kind, path, value, code, at]) => {
      const { findings, resource } = reader.read(spoiltManifest(kind, path, value));
      const found = findings.find((one) => one.code === code);
      expect(findings.map((one) => one.code)).toContain(code);
      expect(found?.path).toContain(at ?? (code === 'ISTH0109' ? '' : path.split('.').slice(0, 2).join('.')));
      expect(found?.message).not.toBe('');
      expect(found?.remedy).not.toBe('');
      const isRefused = findings.some((one) => one.severity === 'error') || !isRead(code);
      const closed = isRefused ? closedWhenUnreadable.get(kind) : undefined;
      if (closed !== undefined) expect(resource?.spec).toMatchObject(closed);
      else expect(resource === undefined).toBe(isRefused);
    },
  );

  test('is there for every finding about one object, and for every kind', () => {
    const produced = new Set(rows.map(([, , , code]) => code));
    expect(
      Object.keys(catalogue)
        .filter((code) => /^ISTH0[12]|^ISTH0601/.test(code))
        .filter((code) => !produced.has(code)),
    ).toEqual([]);
    const spoilt = new Set(rows.map(([kind]) => kind));
    expect(fixtureKinds.filter((kind) => !spoilt.has(kind))).toEqual([]);
    const shown = new Set(fixtureKinds.map(kindOf));
    expect(kinds.map(({ kind }) => kind).filter((kind) => !shown.has(kind))).toEqual([]);
  });
});

/** What narrows what others permit stays in force, and closes what it is for. */
const closedWhenUnreadable: ReadonlyMap<string, object> = new Map([
  ['RequestAuthorizationPolicy', { rules: 'unreadable' }],
  ['DubboAuthorizationPolicy', { rules: 'unreadable' }],
  ['AuthorizationPolicy', { action: 'DENY', rules: [{ from: [], to: [], when: [] }] }],
  ['RequestAuthentication', { jwtRules: [{ issuer: '' }] }],
]);

/** Objects of kinds that are passed over have no resource, and no error either. */
function isRead(code: string): boolean {
  return code !== 'ISTH0110' && code !== 'ISTH0111' && code !== 'ISTH0120';
}

function describeValue(value: unknown): string {
  return (JSON.stringify(value) ?? 'nothing').slice(0, 60);
}
