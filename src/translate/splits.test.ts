import { describe, expect, it } from 'vitest';
import type { RequestCondition } from '../model/access.ts';
import type { ServicePort } from '../model/service.ts';
import type { PortSplit, SplitRoute } from '../model/traffic-split.ts';
import { translateClusters } from './envoy/clusters.ts';
import { translateOutbound } from './outbound.ts';
import { HOST, meshService, OUTBOUND, plain, servicePort, settings, shown } from './translation-fixture.ts';

const NEXT = 'outbound|9090||next';
const LISTENER = '240.241.0.7_9090';
const ROUTES = `${HOST}:9090`;
const http = servicePort({ kind: 'plain', protocol: 'http' });

/** `weights`: of the service itself, and of another. */
function splitRoute(requests: SplitRoute['requests'], ...weights: readonly number[]): SplitRoute {
  const destinations = weights.map((weight, at) => ({
    destination: { host: [HOST, 'next'][at] ?? '', port: 9090, subset: '' },
    weight,
  }));
  return { origin: { object: { kind: 'TrafficSplit', namespace: 'shop', name: 'canary' } }, requests, destinations };
}

function condition(rest: Partial<RequestCondition>): RequestCondition {
  return { pathRegex: '', methods: [], headers: [], ...rest };
}

const withSplit = (port: ServicePort, ...split: PortSplit) => meshService({ ports: [{ port, split }] });

const weighted = (...weights: readonly number[]) => ({
  weightedClusters: { clusters: weights.map((weight, at) => ({ name: [OUTBOUND, NEXT][at], weight })) },
});

function outbound(kind: 'envoy' | 'metaproxy' | 'grpc', service: ReturnType<typeof withSplit>) {
  const { resources, findings } = translateOutbound(kind, service, settings);
  const all = shown(resources);
  return {
    names: Object.keys(all),
    listener: all[`${kind}/* Listener ${LISTENER}`],
    routes: all[`${kind}/* RouteConfiguration ${ROUTES}`],
    findings: findings.map(({ code, path }) => `${code} ${path}`),
  };
}

const routesOf = (...routes: readonly object[]) => ({ virtualHosts: [{ domains: ['*'], routes }] });
const rest = { match: { prefix: '/' }, route: { cluster: OUTBOUND, timeout: '0s' } };

describe('a split of HTTP requests', () => {
  it('has them read by an Envoy, also in plaintext, and spread by weight', () => {
    const { listener, routes, findings } = outbound('envoy', withSplit(http, splitRoute('any', 90, 10)));
    expect(listener).toMatchObject({
      filterChains: [
        {
          filters: [
            {
              name: 'envoy.filters.network.http_connection_manager',
              typedConfig: { rds: { routeConfigName: ROUTES } },
            },
          ],
        },
      ],
    });
    expect(routes).toMatchObject(routesOf({ match: { prefix: '/' }, route: { ...weighted(90, 10), timeout: '0s' } }));
    expect(JSON.stringify(routes)).not.toContain('totalWeight');
    expect(findings).toEqual([]);
  });

  it('picks them out by paths from their start, methods and whole headers; the others go to the service', () => {
    const conditions = [
      condition({ pathRegex: '/a|/b', methods: ['GET', 'HEAD'], headers: [{ name: 'x-reader', regex: 'gold' }] }),
      condition({ headers: [{ name: 'host', regex: 'beta\\..*' }] }),
    ];
    const { routes } = outbound('envoy', withSplit(http, splitRoute(conditions, 1)));
    const exactly = (name: string, regex: string) => ({ name, stringMatch: { safeRegex: { regex } } });
    const route = { cluster: OUTBOUND, timeout: '0s' };
    expect(routes).toMatchObject(
      routesOf(
        {
          match: {
            safeRegex: { regex: '(?:/a|/b).*' },
            headers: [exactly(':method', 'GET|HEAD'), exactly('x-reader', 'gold')],
          },
          route,
        },
        { match: { prefix: '/', headers: [exactly(':authority', 'beta\\..*')] }, route },
        rest,
      ),
    );
  });

  it('answers 503 itself where no backend is left, and picks out none for conditions that are not there', () => {
    const closed = splitRoute([condition({ pathRegex: '/a' })]);
    const { routes } = outbound('envoy', withSplit(http, splitRoute([], 1), closed));
    expect(routes).toMatchObject(routesOf({ directResponse: { status: 503 } }, rest));
  });

  it('is no more than weights of connections to metaproxy, and findings say what is lost', () => {
    const chosen = splitRoute([condition({ pathRegex: '/a' })], 1);
    const both = outbound('metaproxy', withSplit(http, chosen, splitRoute('any', 3, 1)));
    expect(both.listener).toMatchObject({ filterChains: [{ filters: [{ typedConfig: weighted(3, 1) }] }] });
    expect(both.findings).toEqual(['ISTH1339 spec.matches', 'ISTH1339 spec.backends']);
    const one = outbound('metaproxy', withSplit(http, chosen));
    expect(one.listener).toMatchObject({ filterChains: [{ filters: [{ typedConfig: { cluster: OUTBOUND } }] }] });
  });

  it('leaves clusters be, so that none is replaced when it comes or goes', () => {
    const names = (service: ReturnType<typeof withSplit>) =>
      translateClusters(service).resources.map(({ resource }) => `${resource.name} ${resource.version}`);
    const port = servicePort(plain('grpc'));
    expect(names(withSplit(port, splitRoute('any', 1)))).toEqual(names(meshService({ ports: [{ port }] })));
  });
});

describe('a split of connections', () => {
  it('gives each cluster its share, and closes them where no backend is left', () => {
    const port = servicePort(plain('tcp'));
    const share = outbound('envoy', withSplit(port, splitRoute('any', 1, 2)));
    expect(share.names).toEqual([`envoy/* Listener ${LISTENER}`]);
    expect(share.listener).toMatchObject({ filterChains: [{ filters: [{ typedConfig: weighted(1, 2) }] }] });
    const closed = outbound('envoy', withSplit(port, splitRoute('any')));
    const nowhere = { cluster: `outbound|9090|no backend|${HOST}` };
    expect(closed.listener).toMatchObject({ filterChains: [{ filters: [{ typedConfig: nowhere }] }] });
    expect(closed.findings).toEqual([]);
  });
});

describe('a split of gRPC calls, to gRPC clients', () => {
  const port = servicePort(plain('grpc'));

  it('is told of by paths and headers; other methods than POST never hold', () => {
    const conditions = [
      condition({ pathRegex: '/a', methods: ['GET', 'POST'], headers: [{ name: 'x', regex: 'a|b' }] }),
      condition({ pathRegex: '/b', methods: ['GET'] }),
    ];
    const { routes, findings } = outbound('grpc', withSplit(port, splitRoute(conditions, 1, 1)));
    const withoutBound = { match: { prefix: '/' }, route: { cluster: OUTBOUND } };
    expect(routes).toMatchObject(
      routesOf(
        {
          match: {
            safeRegex: { regex: '(?:/a).*' },
            // In a group: clients put anchors around it as it is.
            headers: [{ name: 'x', stringMatch: { safeRegex: { regex: '(?:a|b)' } } }],
          },
          route: weighted(1, 1),
        },
        withoutBound,
      ),
    );
    expect(JSON.stringify(routes)).not.toContain(':method');
    expect(findings).toEqual([]);
  });

  it('goes to a cluster without endpoints where no backend is left: a client takes no other refusal', () => {
    const { routes, names } = outbound('grpc', withSplit(port, splitRoute('any')));
    const nowhere = `outbound|9090|no backend|${HOST}`;
    expect(routes).toMatchObject(routesOf({ match: { prefix: '/' }, route: { cluster: nowhere } }));
    expect(names.slice(0, 2)).toEqual([`grpc/* Cluster ${nowhere}`, `grpc/* ClusterLoadAssignment ${nowhere}`]);
  });

  it('is left out where it chooses by authority, and a finding says so', () => {
    const byHost = splitRoute([condition({ headers: [{ name: 'host', regex: 'a' }] })], 1);
    const { routes, findings } = outbound('grpc', withSplit(port, byHost));
    expect(routes).toMatchObject(routesOf({ match: { prefix: '/' }, route: { cluster: OUTBOUND } }));
    expect(findings).toEqual(['ISTH1339 spec.matches']);
  });
});

it('listeners and routes are shown to callers of backends as well, clusters to those of their own service', () => {
  const id = (name: string) => `spiffe://cluster.local/ns/shop/sa/${name}`;
  const service = withSplit(http, splitRoute('any', 1, 1));
  const security = { key: service.service.key, identities: [id('seller')], callers: [id('a')] };
  const scopes = (resources: readonly { readonly scope: string }[]) => [
    ...new Set(resources.map(({ scope }) => scope)),
  ];
  const secured = { ...service, security, splitCallers: [id('a'), id('b')] };
  expect(scopes(translateOutbound('envoy', secured, settings).resources)).toEqual([
    `envoy#${id('a')}`,
    `envoy#${id('b')}`,
  ]);
  expect(scopes(translateClusters(secured).resources).filter((one) => one.includes(id('b')))).toEqual([]);
  const open = { ...secured, splitCallers: 'any' } as const;
  expect(scopes(translateOutbound('envoy', open, settings).resources)).toEqual(['envoy/*']);
});
