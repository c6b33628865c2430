/** The weaknesses of Open Service Mesh, one by one by the numbers of our notes on it: each is a promise that it did not keep. */
import { expect, it } from 'vitest';
import { clusterType } from '../../src/delivery/xds/resources/resource-types.ts';
import { account, routeGroup, tcpRoute, trafficTarget } from '../../src/mesh/access/access-fixture.ts';
import { serviceEntry, workloadEntry } from '../../src/mesh/mesh-fixture.ts';
import {
  egress,
  extensionService,
  ingressBackend,
  retry,
  telemetry,
  trafficSetting,
} from '../../src/mesh/openservicemesh/osm-policy-fixture.ts';
import { trafficSplit } from '../../src/mesh/routing/traffic-split-fixture.ts';
import { spiffeId } from '../../src/model/identity.ts';
import { TestClock } from '../../src/model/test-clock.ts';
import type { AnyResource } from '../../src/resources/kinds.ts';
import { BootstrapTokens } from '../../src/security/bootstrap-tokens.ts';
import { CertificateAuthority } from '../../src/security/certificate-authority.ts';
import { cart, day, hour, MemorySecret, requestFor } from '../../src/security/security-fixture.ts';
import { WorkloadCertificates } from '../../src/security/workload-certificates.ts';
import { identityMatchers } from '../../src/translate/envoy/tls-contexts.ts';
import { forStore, SmiMesh, shop, workload } from './smi-mesh.ts';
import { node, said, startRig } from './xds/rig.ts';

const store = workload('store', '10.0.0.1');
const shelf = workload('shelf', '10.0.0.2');
const group = (name: string) => ({ kind: 'HTTPRouteGroup', name }) as const;
const all = { kind: 'TCPRoute', name: 'all' } as const;
const books = routeGroup('shop/books', { name: 'books', pathRegex: '/books' });
const readers = trafficTarget('shop/readers', [group('books')], forStore('buyer'));
const fivePerSecond = { count: 5, per: 1000, burst: 0 };
const fiveRequests = { ...fivePerSecond, status: 429, headers: [] };
const text = (value: unknown): string => JSON.stringify(value);

it('1: a change is told to those alone whom it concerns, and one that changes nothing to nobody', () => {
  const open = trafficTarget('shop/open', [all], {
    destination: { kind: 'ServiceAccount', namespace: 'shop', name: 'shelf' },
  });
  const mesh = new SmiMesh(store, shelf, books, readers, open, tcpRoute('shop/all'));
  for (const [name, address] of [
    ['store', '10.0.0.1'],
    ['shelf', '10.0.0.2'],
    ['buyer', '10.0.0.3'],
  ] as const)
    mesh.listen(name, address);
  mesh.change(routeGroup('shop/books', { name: 'books', pathRegex: '/papers' }));
  expect(mesh.told()).toEqual(['store RDS inbound|8080||10.0.0.1']);
  mesh.change(routeGroup('shop/books', { name: 'renamed', pathRegex: '/papers' }), structuredClone(store));
  expect(mesh.told()).toEqual([]);
});

it('2: an endpoint that changes is told of when the change is made, whatever else changes all the time', () => {
  const mesh = new SmiMesh(store, books, readers);
  mesh.listen('buyer', '10.0.0.3');
  for (let round = 1; round <= 5; round++) {
    const endpoints = [{ address: `10.0.1.${round}`, serviceAccount: 'store' }];
    const other = routeGroup('shop/books', { name: 'books', pathRegex: `/books/${round}` });
    mesh.change(other, workload('store', '10.0.0.1', { endpoints }));
    expect(mesh.told()).toEqual(['buyer EDS outbound|80||store.mesh']);
  }
});

it('3: a rule that names no matches is for all matches of its group', () => {
  const mesh = new SmiMesh(store, books, readers);
  expect([mesh.lets(shop('buyer'), 8080, '/books'), mesh.lets(shop('buyer'), 8080, '/admin')]).toEqual([true, false]);
});

it('4: rules that overlap add up: what one of them permits no other takes away', () => {
  const wide = routeGroup('shop/wide', { name: 'wide', pathRegex: '/' });
  const wider = trafficTarget('shop/all', [group('wide')], forStore('clerk'));
  const mesh = new SmiMesh(store, books, wide, wider, readers);
  const paths = ['/books', '/admin'].map((path) => ['buyer', 'clerk'].map((who) => mesh.lets(shop(who), 8080, path)));
  expect(paths).toEqual([
    [true, true],
    [false, true],
  ]);
  const rules = { policies: { 'shop/all': {}, 'shop/readers': {} } };
  expect(mesh.has('store', '10.0.0.1')['RDS inbound|8080||10.0.0.1']).toMatchObject({
    virtualHosts: [
      {
        routes: [{ match: { prefix: '/' } }],
        typedPerFilterConfig: { 'envoy.filters.http.rbac': { rbac: { rules } } },
      },
    ],
  });
});

it('5: a target for HTTP opens no TCP port, and one that is for nobody nothing at all', () => {
  const tcp = { number: 33, name: 'tcp-sql', protocol: 'TCP', targetPort: 3306 };
  const mixed = workload('store', '10.0.0.1', { ports: [...(store.spec.ports ?? []), tcp] });
  const mesh = new SmiMesh(
    mixed,
    books,
    readers,
    trafficTarget('shop/nobody', [all], forStore()),
    tcpRoute('shop/all'),
  );
  expect([mesh.lets(shop('buyer'), 3306), mesh.lets(shop('anybody'), 8080, '/books')]).toEqual([false, false]);
  expect(mesh.findings()).toContain('ISTH1307 TrafficTarget shop/nobody');
  const listener = text(mesh.has('store', '10.0.0.1')['LDS 10.0.0.1_3306']);
  expect(listener).toContain('envoy.filters.network.rbac');
  expect(listener).not.toContain('policies');
  expect(listener).toContain('spiffe:nobody');
});

it('6: a TCP port without a target is closed, also to who has a certificate of the mesh', () => {
  const tcp = workload('store', '10.0.0.1', {
    ports: [{ number: 33, name: 'tcp-sql', protocol: 'TCP', targetPort: 3306 }],
  });
  const mesh = new SmiMesh(tcp);
  expect(mesh.lets(shop('buyer'), 3306)).toBe(false);
  const listener = mesh.has('store', '10.0.0.1')['LDS 10.0.0.1_3306'];
  // Without rules it would let everything pass, and with none in them nothing.
  expect(listener).toMatchObject({
    filterChains: [{ filters: [{ name: 'envoy.filters.network.rbac', typedConfig: { rules: {} } }, {}] }],
  });
  expect(text(listener)).not.toContain('policies');
});

it('7: what bounds one port bounds no other of the same workload, and bounds it once', () => {
  const beside = workload('beside', '10.0.0.1', {
    ports: [{ number: 80, name: 'http-web', protocol: 'HTTP', targetPort: 8081 }],
    endpoints: [{ address: '10.0.0.1', serviceAccount: 'store' }],
  });
  const boundsWith = (...settings: readonly AnyResource[]): readonly number[] => {
    const has = new SmiMesh(store, beside, books, readers, ...settings).has('store', '10.0.0.1');
    return [8080, 8081].map((port) => text(has[`LDS 10.0.0.1_${port}`]).split('network.local_ratelimit.v3').length - 1);
  };
  expect(boundsWith()).toEqual([0, 0]);
  const [bound, free] = boundsWith(trafficSetting('shop/store', 'store.mesh', { localTcp: fivePerSecond }));
  expect([bound, free]).toEqual([1, 0]);
  const both = [
    trafficSetting('shop/store', 'store.mesh', { localTcp: fivePerSecond }),
    trafficSetting('shop/beside', 'beside.mesh', { localTcp: fivePerSecond }),
  ];
  expect(boundsWith(...both)).toEqual([1, 1]);
});

it('8: a change costs the same among ten targets and among two hundred, and looks at none of the others', () => {
  let looks = 0;
  const counted = <T extends { readonly spec: object }>(object: T): T =>
    Object.defineProperty({ ...object }, 'spec', {
      enumerable: true,
      get: () => {
        looks++;
        return object.spec;
      },
    });
  const meshOf = (others: number): SmiMesh => {
    const more = Array.from({ length: others }, (_, at) => [
      counted(workload(`other-${at}`, `10.0.1.${at}`)),
      counted(trafficTarget(`shop/other-${at}`, [group('books')])),
    ]);
    return new SmiMesh(store, books, readers, ...more.flat());
  };
  const [few = 0, many] = [10, 200].map((others) => {
    const mesh = meshOf(others);
    expect(looks).toBeGreaterThan(others);
    looks = 0;
    mesh.change(trafficTarget('shop/readers', [group('books')], forStore('buyer', 'clerk')));
    expect(looks).toBe(0);
    return mesh.recomputed();
  });
  expect(few).toBeGreaterThan(0);
  expect(many).toBe(few);
});

it('9: who stands behind a service is told by its own workloads, not by those of other namespaces that look alike', () => {
  const labels = { app: 'store' };
  const selecting = serviceEntry('shop/store', {
    hosts: ['store.mesh'],
    addresses: ['10.128.0.1'],
    ports: [{ number: 80, name: 'http-web', protocol: 'HTTP', targetPort: 8080 }],
    workloadSelector: { labels },
  });
  const mine = workloadEntry('shop/mine', { address: '10.0.0.1', labels, serviceAccount: 'store' });
  const theirs = workloadEntry('town/theirs', { address: '10.9.0.1', labels, serviceAccount: 'thief' });
  const mesh = new SmiMesh(selecting, mine, theirs, books, readers);
  const cluster = text(mesh.has('buyer', '10.0.0.3')['CDS outbound|80||store.mesh']);
  expect(cluster).toContain(shop('store'));
  expect(cluster).not.toContain('thief');
});

it('10: what is wrong with a policy is said when it is written, and nothing is written when proxies ask, however many', () => {
  const mesh = new SmiMesh(store, books, readers, ingressBackend('shop/in', { backends: [{ name: 'none', port: 1 }] }));
  const before = [mesh.findings(), mesh.latestBatch()];
  expect(mesh.findings().filter((one) => one.startsWith('ISTH1410'))).toHaveLength(1);
  for (let at = 1; at <= 20; at++) {
    mesh.listen('store', `10.0.0.${at}`);
    mesh.has('store', `10.0.0.${at}`);
  }
  expect([mesh.findings(), mesh.latestBatch()]).toEqual(before);
  expect(mesh.told()).toEqual([]);
});

it('11: of several splits for one service the same is in force in whatever order they come, and the other is told of', () => {
  const splits = [
    trafficSplit('shop/a', 'store.mesh', { 'store.mesh': 1 }),
    trafficSplit('shop/b', 'store.mesh', { 'shelf.mesh': 1 }),
  ];
  const routesWith = (...ordered: readonly AnyResource[]) => {
    const mesh = new SmiMesh(store, shelf, books, readers, ...ordered);
    expect(mesh.findings().filter((one) => one.startsWith('ISTH1335'))).toHaveLength(1);
    return mesh.has('buyer', '10.0.0.3')['RDS store.mesh:80'];
  };
  expect(routesWith(...splits)).toEqual(routesWith(...splits.toReversed()));
});

it('12: a split whose weights are all zero answers 503, and the routes of all else are well', () => {
  const mesh = new SmiMesh(store, shelf, books, readers, trafficSplit('shop/a', 'store.mesh', { 'shelf.mesh': 0 }));
  expect(mesh.has('buyer', '10.0.0.3')['RDS store.mesh:80']).toMatchObject({
    virtualHosts: [{ routes: [{ directResponse: { status: 503 } }] }],
  });
});

it('13: what a proxy refuses is told to the user in its words, is not sent again, and ends with a good one', async () => {
  const rig = await startRig();
  try {
    rig.change(clusterType, { policy: '1' });
    const client = rig.connect('delta');
    client.send({ node: node(), typeUrl: clusterType });
    client.refuse(await client.next(), 'policy: no such thing');
    await rig.silence(client);
    expect(rig.server.findings()).toMatchObject([{ message: expect.stringContaining('policy: no such thing') }]);
    rig.change(clusterType, { policy: '2' });
    const mended = await client.next();
    expect(said(mended).resources).toEqual(['policy=2']);
    client.acknowledge(mended);
    await rig.silence(client);
    expect(rig.server.findings()).toEqual([]);
  } finally {
    await rig.close();
  }
});

it('14: an expression for a path is anchored at its start, and nowhere else', () => {
  const mesh = new SmiMesh(store, books, readers);
  const paths = ['/books', '/books/1', '/booksellers', '/my/books'];
  expect(paths.map((path) => mesh.lets(shop('buyer'), 8080, path))).toEqual([true, true, true, false]);
  expect(text(mesh.has('store', '10.0.0.1')['RDS inbound|8080||10.0.0.1'])).toContain('(?:/books).*');
});

it('15: workloads and virtual IPs may have IPv6 addresses', () => {
  const six = workload('store', 'fd00::1', { addresses: ['fd00:128::1'] });
  const mesh = new SmiMesh(six, books, readers);
  expect(Object.keys(mesh.has('store', 'fd00::1'))).toContain('LDS fd00::1_8080');
  expect(text(mesh.has('buyer', 'fd00::3')['LDS fd00:128::1_80'])).toContain('"address":"fd00:128::1"');
  expect(text(mesh.has('buyer', 'fd00::3')['EDS outbound|80||store.mesh'])).toContain('"address":"fd00::1"');
});

it('16: a Telemetry that says nothing of access logs harms nothing, nor what another one says of them', () => {
  const logging = telemetry('isthmus-system/logging', { accessLog: { format: 'what is logged' } });
  const nowhere = { attributes: {}, extensionService: { namespace: 'shop', name: 'none' } };
  const silent = [
    telemetry('shop/silent'),
    telemetry('shop/lost', { accessLog: { openTelemetry: nowhere } }),
    telemetry('isthmus-system/silent'),
  ];
  const without = new SmiMesh(store, books, readers, logging);
  const mesh = new SmiMesh(store, books, readers, ...silent, logging);
  expect(text(mesh.has('store', '10.0.0.1')['LDS 10.0.0.1_8080'])).toContain('what is logged');
  expect(mesh.has('store', '10.0.0.1')).toEqual(without.has('store', '10.0.0.1'));
});

it('17: a service that changes is told of at once, without waiting for any policy to change', () => {
  const accessLog = { openTelemetry: { attributes: {}, extensionService: { namespace: 'shop', name: 'collector' } } };
  const mesh = new SmiMesh(
    store,
    books,
    readers,
    telemetry('isthmus-system/log', { accessLog }),
    extensionService('shop/collector', 4317),
  );
  mesh.listen('store', '10.0.0.1');
  mesh.listen('buyer', '10.0.0.3');
  mesh.change(
    workload('store', '10.0.0.1', { ports: [{ number: 80, name: 'http-web', protocol: 'HTTP', targetPort: 9090 }] }),
  );
  expect(mesh.told()).toEqual(expect.arrayContaining(['store LDS 10.0.0.1_9090', 'buyer EDS outbound|80||store.mesh']));
  mesh.change(extensionService('shop/collector', 4318));
  expect(mesh.told()).toEqual(
    expect.arrayContaining(['store CDS logs|4318||collector.example', 'store LDS 10.0.0.1_9090']),
  );
});

it('18: a service behind which nobody is known to stand is trusted to nobody', () => {
  const nameless = workload('store', '10.0.0.1', { endpoints: [{ address: '10.0.0.1' }] });
  const mesh = new SmiMesh(nameless, books, readers);
  expect(Object.keys(mesh.has('buyer', '10.0.0.3'))).toEqual([]);
  expect(identityMatchers([])).toEqual([expect.objectContaining({ matcher: { exact: 'spiffe:nobody' } })]);
});

it('19: the same objects in any order make the same bytes', () => {
  const headers = ['x-b', 'x-a', 'x-c'].map((name) => ({ name, regex: name }));
  const objects: readonly AnyResource[] = [
    workload('store', '10.0.0.1', { hosts: ['store.shop.svc.cluster.local', 'store.mesh'] }),
    shelf,
    ...['b', 'a', 'c'].map((name, at) =>
      workloadEntry(`shop/${name}`, { address: `10.1.0.${at}`, labels: { app: 'many' }, serviceAccount: name }),
    ),
    workload('many', '10.0.0.5', { endpoints: [], workloadSelector: { labels: { app: 'many' } } }),
    routeGroup(
      'shop/books',
      { name: 'books', pathRegex: '/books', headers },
      { name: 'papers', methods: ['PUT', 'GET'] },
    ),
    readers,
    trafficTarget('shop/second', [group('books')], forStore('b', 'a')),
    trafficTarget('shop/third', [group('books')], { ...forStore('buyer'), destination: account('shop/a') }),
    trafficSplit('shop/split', 'store.mesh', { 'store.mesh': 1, 'shelf.mesh': 2 }),
    retry('shop/retry', 'shop/buyer', ['shop/store']),
    trafficSetting('shop/bounds', 'store.shop.svc.cluster.local', {
      localTcp: fivePerSecond,
      localHttp: fiveRequests,
    }),
    egress('shop/out', { hosts: ['b.example', 'a.example'], ipAddresses: ['192.0.2.0/24', '198.51.100.0/24'] }),
    egress('shop/also', { hosts: ['a.example'] }),
    telemetry('isthmus-system/log', { accessLog: { format: 'one' } }),
  ];
  const told = (ordered: readonly AnyResource[]): string => {
    const mesh = new SmiMesh(...ordered);
    return text([mesh.has('store', '10.0.0.1'), mesh.has('buyer', '10.0.0.3'), mesh.findings()]);
  };
  const first = told(objects);
  const orders = objects.map((_, at) => [...objects.slice(at), ...objects.slice(0, at)]);
  for (const order of orders) {
    expect(told(order)).toBe(first);
    expect(told(order.toReversed())).toBe(first);
  }
});

it('20: certificates live for a day at most, and what a proxy begins with for less; keys of proxies are kept nowhere', async () => {
  const clock = new TestClock(Date.UTC(2026, 10, 21));
  const tenYears = 3650 * day;
  const file = new MemorySecret();
  const authority = await CertificateAuthority.open({ trustDomain: 'mesh.example', file, clock });
  const opened = file.text;
  const request = await requestFor(cart, tenYears);
  const { notBefore, notAfter } = await authority.issue(request);
  expect(notAfter - notBefore).toBeLessThanOrEqual(day);
  expect([file.text, JSON.stringify(request.request)]).toEqual([opened, expect.not.stringContaining('PRIVATE KEY')]);
  const tokens = await BootstrapTokens.open({ trustDomain: 'mesh.example', file: new MemorySecret(), clock });
  const token = await tokens.issue({ identity: cart, lifetimeMs: tenYears });
  const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
  expect(claims.exp - claims.iat).toBeLessThanOrEqual(hour / 1000);
});

it('20: what was made for a proxy that does not make its own key is gone a while after it left', async () => {
  const clock = new TestClock(Date.UTC(2026, 10, 21));
  const issuer = await CertificateAuthority.open({ trustDomain: 'mesh.example', file: new MemorySecret(), clock });
  const served = new Set<string>();
  const issued = Promise.withResolvers<void>();
  const certificates = new WorkloadCertificates({
    issuer,
    clock,
    onSecrets: (identity, secrets) => {
      if (secrets === undefined) served.delete(identity);
      else served.add(identity);
      issued.resolve();
    },
  });
  certificates.want(spiffeId(cart));
  await issued.promise;
  expect(served.size).toBe(1);
  certificates.release(spiffeId(cart));
  clock.advance(hour);
  expect([served.size, certificates.kept()]).toEqual([0, []]);
  certificates.close();
});

it('21: a way out for HTTP leads to the ranges that a policy names, and nowhere else', () => {
  const mesh = new SmiMesh(egress('shop/out', { ipAddresses: ['192.0.2.0/24', '2001:db8::/32'] }));
  const has = mesh.has('buyer', '10.0.0.3');
  const clusters = Object.keys(has).filter((name) => name.startsWith('CDS'));
  const routes = text(has['RDS api.example:80']).matchAll(/"cluster":"([^"]+)"/g);
  expect([...routes].map(([, cluster]) => `CDS ${cluster}`)).toEqual(clusters);
  expect(clusters).toHaveLength(1);
  const range = (addressPrefix: string, prefixLen: number) => ({
    matcher: { typedConfig: { upstreamIp: { addressPrefix, prefixLen } } },
  });
  const permissions = [range('192.0.2.0', 24), range('2001:db8::', 32)];
  const options = {
    httpFilters: [
      { name: 'envoy.filters.http.rbac', typedConfig: { rules: { policies: { 'egress ranges': { permissions } } } } },
      { name: 'envoy.filters.http.upstream_codec' },
    ],
  };
  expect(has[clusters[0] ?? '']).toMatchObject({
    typedExtensionProtocolOptions: { 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': options },
  });
});

it('21: who calls a workload at its own address gets past its proxy with a certificate of the mesh alone', () => {
  const mesh = new SmiMesh(store, books, readers);
  expect(mesh.has('store', '10.0.0.1')['LDS 10.0.0.1_8080']).toMatchObject({
    filterChains: [{ transportSocket: { typedConfig: { requireClientCertificate: true } } }],
  });
});

it('22: of several Retry policies or traffic settings for one service the user is told which is not in force', () => {
  const called = workload('store', '10.0.0.1', { hosts: ['store.shop.svc.cluster.local'] });
  const mesh = new SmiMesh(
    called,
    books,
    readers,
    retry('shop/a', 'shop/buyer', ['shop/store']),
    retry('shop/b', 'shop/buyer', ['shop/store']),
    trafficSetting('shop/c', 'store.shop.svc.cluster.local'),
    trafficSetting('shop/d', 'store.shop.svc.cluster.local'),
  );
  expect(mesh.findings()).toEqual(
    expect.arrayContaining(['ISTH1343 Retry shop/b', 'ISTH1343 UpstreamTrafficSetting shop/d']),
  );
});

it('22: a limit of a path holds for its requests, whatever text the TrafficTarget has for them', () => {
  const called = workload('store', '10.0.0.1', { hosts: ['store.shop.svc.cluster.local'] });
  const limited = trafficSetting('shop/bounds', 'store.shop.svc.cluster.local', {
    httpRoutes: [
      { path: '/books/old', local: fiveRequests, descriptors: [] },
      { path: '/papers', local: fiveRequests, descriptors: [] },
    ],
  });
  const mesh = new SmiMesh(called, books, readers, limited);
  const limitOf = (path: string) => ({
    match: { safeRegex: { regex: `(?:${path}).*` } },
    typedPerFilterConfig: { 'envoy.filters.http.local_ratelimit': {} },
  });
  expect(mesh.has('store', '10.0.0.1')['RDS inbound|8080||10.0.0.1']).toMatchObject({
    virtualHosts: [{ routes: [limitOf('/books/old'), limitOf('/papers'), { match: { prefix: '/' } }] }],
  });
  expect(mesh.findings()).toEqual(['ISTH1346 UpstreamTrafficSetting shop/bounds']);
});
