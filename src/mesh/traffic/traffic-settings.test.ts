import { describe, expect, it } from 'vitest';
import type { AnyResource } from '../../resources/kinds.ts';
import { routeGroup, trafficTarget } from '../access/access-fixture.ts';
import { destinationRule, inboundAt, meshConfig, serviceEntry, testMesh } from '../mesh-fixture.ts';
import { egress, trafficSetting } from '../openservicemesh/osm-policy-fixture.ts';

const HOST = 'web.example';
const web = serviceEntry('shop/web', {
  hosts: [HOST],
  ports: [
    { number: 80, name: 'http-web' },
    { number: 90, name: 'tcp-raw' },
  ],
  endpoints: [{ address: '10.0.0.1', serviceAccount: 'web' }],
});
const rate = (count: number) => ({ count, per: 60_000, burst: 0 });
const http = (count: number) => ({ ...rate(count), status: 429, headers: [] });

function meshOf(...resources: readonly AnyResource[]) {
  const test = testMesh();
  test.set(web, ...resources);
  const limits = (port = 80, address = '10.0.0.1') => inboundAt(test.mesh, `${address}|${port}`)?.limits;
  return { ...test, limits, findings: () => test.findings().filter((one) => one.startsWith('ISTH134')) };
}

describe('an UpstreamTrafficSetting', () => {
  it('bounds what comes for its host, at each of its ports, and nothing else', () => {
    const other = serviceEntry('shop/other', {
      hosts: ['other.example'],
      ports: [{ number: 80, name: 'http-web' }],
      endpoints: [{ address: '10.0.0.2' }],
    });
    const { limits, findings } = meshOf(
      other,
      trafficSetting('shop/a', HOST, { localTcp: rate(5), localHttp: http(7) }),
    );
    const expected = {
      origin: { object: { kind: 'UpstreamTrafficSetting', namespace: 'shop', name: 'a' } },
      localTcp: { count: 5, perMs: 60_000, burst: 0 },
      localHttp: { count: 7, perMs: 60_000, burst: 0, status: 429, headers: [] },
      paths: [],
    };
    expect([limits(80), limits(90)]).toEqual([expected, expected]);
    expect(limits(80, '10.0.0.2')).toBeUndefined();
    expect(findings()).toEqual([]);
  });

  it('without limits puts none before the workload', () => {
    expect(meshOf(trafficSetting('shop/a', HOST, { connections: { maxConnections: 1 } })).limits()).toBeUndefined();
  });

  it.each([
    ['longer than', 20_000, true],
    ['as long as proxies wait anyway, and longer than', 10_000, true],
    ['shorter than', 1_000, true],
    ['as long as', 3_000, false],
  ])('whose connectTimeout goes before a rule that waits %s it is told so', (_, connectTimeout, isTold) => {
    const trafficPolicy = { connectionPool: { tcp: { connectTimeout } } };
    const rule = destinationRule('shop/web', { host: HOST, trafficPolicy });
    const { findings } = meshOf(rule, trafficSetting('shop/a', HOST, { connections: { connectTimeout: 3_000 } }));
    expect(findings()).toEqual(isTold ? ['ISTH1343 UpstreamTrafficSetting/a spec.connectionSettings'] : []);
  });

  it('is for a service of its own namespace, or for what an Egress lets out', () => {
    const foreign = meshOf(trafficSetting('town/a', HOST, { localHttp: http(1) }));
    expect(foreign.limits()).toBeUndefined();
    expect(foreign.findings()).toEqual(['ISTH1341 UpstreamTrafficSetting/a spec.host']);
    const outer = trafficSetting('shop/outer', 'api.other', { localHttp: http(1) });
    expect(meshOf(outer, egress('shop/out', { upstreamTrafficSetting: 'outer' })).findings()).toEqual([]);
  });

  it('gives way to an older one for the same host as a whole, whatever the order they come in', () => {
    const all = [
      trafficSetting('shop/a', HOST, { localHttp: http(1), localTcp: rate(1) }),
      trafficSetting('shop/b', HOST, { localHttp: http(2) }, { created: 5 }),
    ];
    for (const order of [all, all.toReversed()]) {
      const { limits, findings } = meshOf(...order);
      expect([limits()?.localHttp?.count, limits()?.localTcp]).toEqual([2, undefined]);
      expect(findings()).toEqual(['ISTH1343 UpstreamTrafficSetting/a spec.host']);
    }
  });

  it('counts where several services share a port of a workload, whichever of them defines the port', () => {
    const alias = serviceEntry('shop/alias', {
      hosts: ['alias.example'],
      ports: [{ number: 80, name: 'http-web' }],
      endpoints: [{ address: '10.0.0.1' }],
    });
    const one = meshOf(alias, trafficSetting('shop/a', HOST, { localHttp: http(1) }));
    expect(one.limits()?.localHttp?.count).toBe(1);
    const two = meshOf(
      alias,
      trafficSetting('shop/a', HOST, { localHttp: http(1) }),
      trafficSetting('shop/b', 'alias.example', { localHttp: http(2) }),
    );
    expect(two.limits()?.localHttp?.count).toBe(2);
    expect(two.findings()).toEqual(['ISTH1343 UpstreamTrafficSetting/a spec.rateLimit']);
  });

  it('has the limit of the most precise path count', () => {
    const paths = ['.*', '/books', '/books/new', '/books/[0-9]+'].map((path) => ({ path, descriptors: [] }));
    const { limits } = meshOf(trafficSetting('shop/a', HOST, { httpRoutes: paths }));
    expect(limits()?.paths.map(({ path }) => path)).toEqual(['/books/new', '/books/[0-9]+', '/books', '.*']);
  });

  it('for requests of what speaks no HTTP is a finding', () => {
    const raw = serviceEntry('shop/raw', { hosts: ['raw.example'], ports: [{ number: 90, name: 'tcp-raw' }] });
    const spec = { localHttp: http(1), httpRoutes: [{ path: '/', descriptors: [] }], localTcp: rate(1) };
    expect(meshOf(raw, trafficSetting('shop/a', 'raw.example', spec)).findings()).toEqual([
      'ISTH1342 UpstreamTrafficSetting/a spec.httpRoutes',
      'ISTH1342 UpstreamTrafficSetting/a spec.rateLimit.local.http',
    ]);
  });

  it('for a path of which no request is permitted is a finding', () => {
    const enforced = meshConfig('/mesh', { access: { mode: 'Enforced' } });
    const group = routeGroup('shop/books', { name: 'books', pathRegex: '/books/.*' });
    const target = trafficTarget('shop/web', [{ kind: 'HTTPRouteGroup', name: 'books' }]);
    const setting = (...paths: readonly string[]) =>
      trafficSetting('shop/a', HOST, { httpRoutes: paths.map((path) => ({ path, descriptors: [] })) });
    const findings = (...resources: readonly AnyResource[]) => meshOf(group, ...resources).findings();
    expect(findings(enforced, target, setting('/books', '/books/1', '.*new', '/boots'))).toEqual([
      'ISTH1346 UpstreamTrafficSetting/a spec.httpRoutes[3].path',
    ]);
    expect(findings(target, setting('/boots'))).toEqual([]);
  });
});

describe('a global rate limit', () => {
  const service = { host: 'limits.example', port: 8081, domain: 'shop', timeout: 20, failOpen: true };
  const counted = trafficSetting('shop/a', HOST, {
    globalHttp: { service, descriptors: [], enableXRateLimitHeaders: false, status: 429 },
  });
  const limiter = (name: string) =>
    serviceEntry('shop/limits', {
      hosts: ['limits.example'],
      ports: [{ number: 8081, name }],
      endpoints: [{ address: '10.0.0.9', serviceAccount: 'limits' }],
    });
  const found = (...resources: readonly AnyResource[]) => {
    const { limits, findings } = meshOf(counted, ...resources);
    return [limits()?.globalHttp?.service.isService, findings()];
  };
  const refused = ['ISTH1345 UpstreamTrafficSetting/a spec.rateLimit.global.http.rateLimitService'];

  it('asks a service of the mesh as all others are asked, and anything else at its address', () => {
    expect(found()).toEqual([false, []]);
    expect(found(limiter('grpc-limits'))).toEqual([true, []]);
  });

  it('that nobody can be asked for is a finding', () => {
    expect(found(limiter('tcp-limits'))).toEqual([true, refused]);
    expect(found(limiter('grpc-limits'), meshConfig('/mesh', { access: { mode: 'Enforced' } }))).toEqual([
      true,
      refused,
    ]);
    const path = { path: '/', descriptors: [[{ kind: 'remoteAddress' } as const]] };
    expect(meshOf(trafficSetting('shop/b', HOST, { httpRoutes: [path] })).findings()).toEqual([
      'ISTH1345 UpstreamTrafficSetting/b spec.httpRoutes[0].rateLimit.global',
    ]);
  });
});
