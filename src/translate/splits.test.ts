import { describe, expect, it } from 'vitest';
import type { HttpTreatment } from '../model/http-treatment.ts';
import type { RoutedRequest } from '../model/routed-request.ts';
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

function condition(rest: Partial<RoutedRequest>): RoutedRequest {
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

describe('what a VirtualService has done with requests', () => {
  const mirrors = [{ destination: { host: 'next', port: 9090, subset: '' }, percentage: 50 }];
  const treated = (requests: SplitRoute['requests'], treatment: Partial<HttpTreatment>): SplitRoute => ({
    ...splitRoute(requests, 1),
    path: 'spec.http[0]',
    http: { mirrors: [], ...treatment },
  });
  const retried = { retryOn: 'connect-failure,refused-stream,unavailable,cancelled', numRetries: 2 };

  it('is tried again as in Istio, but for callers with a policy of their own, and where it says another thing', () => {
    const retry = { conditions: ['reset'], retries: 9, backoffMs: 10 };
    const service = {
      ...withSplit(http, treated([condition({ pathRegex: '/a' })], { retry: 'never' }), treated('any', { retry })),
      retries: [
        {
          caller: 'spiffe://cluster.local/ns/desk/sa/a',
          policy: { ...retry, retries: 1 },
          origin: splitRoute('any').origin,
        },
      ],
    };
    const { resources } = translateOutbound('envoy', service, settings);
    const all = shown(resources);
    const [mine, others] = [`#spiffe://cluster.local/ns/desk/sa/a`, '/*'].map(
      (scope) => all[`envoy${scope} RouteConfiguration ${ROUTES}`],
    );
    expect(others).toMatchObject({
      virtualHosts: [
        {
          retryPolicy: retried,
          routes: [{ route: { retryPolicy: { numRetries: 0 } } }, { route: { retryPolicy: { numRetries: 9 } } }],
        },
      ],
    });
    expect(mine).toMatchObject({ virtualHosts: [{ retryPolicy: { numRetries: 1 } }] });
  });

  it('has faults injected by a filter that is there for nothing else', () => {
    const abort = { percentage: 100, grpcStatus: 14 };
    const withFault = outbound('envoy', withSplit(http, treated('any', { faults: { abort } })));
    expect(JSON.stringify(withFault.listener)).toContain('envoy.filters.http.fault');
    expect(withFault.routes).toMatchObject(
      routesOf({ typedPerFilterConfig: { 'envoy.filters.http.fault': { abort: { grpcStatus: 14 } } } }),
    );
    expect(JSON.stringify(outbound('envoy', withSplit(http, treated('any', {}))).listener)).not.toContain('fault');
  });

  it('is answered for browsers by a filter that is there for nothing else, and other proxies say that they do not', () => {
    const crossOrigin = {
      origins: [{ kind: 'exact', value: 'https://a.example' }],
      methods: [],
      headers: [],
      exposedHeaders: [],
    } as const;
    const { listener, routes } = outbound('envoy', withSplit(http, treated('any', { crossOrigin })));
    expect(JSON.stringify(listener)).toContain('envoy.filters.http.cors');
    const allowed = { allowOriginStringMatch: [{ exact: 'https://a.example' }] };
    expect(routes).toMatchObject(routesOf({ typedPerFilterConfig: { 'envoy.filters.http.cors': allowed } }));
    expect(JSON.stringify(outbound('envoy', withSplit(http, treated('any', {}))).listener)).not.toContain('cors');
    for (const kind of ['metaproxy', 'grpc'] as const) {
      const port = kind === 'grpc' ? servicePort(plain('grpc')) : http;
      expect(outbound(kind, withSplit(port, treated('any', { crossOrigin }))).findings).toEqual([
        'ISTH1339 spec.http[0]',
      ]);
    }
  });

  it('announces an answer that is larger than proxies take by themselves', () => {
    const answer = { kind: 'given', status: 200, body: { base64: btoa('a'.repeat(5000)) } } as const;
    const large = { ...splitRoute('any'), http: { mirrors: [], answer } };
    expect(outbound('envoy', withSplit(http, large)).routes).toMatchObject({ maxDirectResponseBodySizeBytes: 5000 });
  });

  it('replaces a beginning only where the route was chosen by one', () => {
    const answer = { kind: 'redirection', status: 308, prefix: '/b' } as const;
    const requests = [
      condition({ path: { kind: 'prefix', value: '/a' } }),
      condition({ path: { kind: 'exact', value: '/c' } }),
    ];
    const { routes } = outbound('envoy', withSplit(http, { ...splitRoute(requests), http: { mirrors: [], answer } }));
    expect(routes).toMatchObject(
      routesOf(
        { match: { prefix: '/a' }, redirect: { prefixRewrite: '/b', responseCode: 'PERMANENT_REDIRECT' } },
        { match: { path: '/c' }, redirect: { pathRedirect: '/b' } },
        {},
      ),
    );
  });

  it('is for callers of the namespace that a route names, and for others what comes after it', () => {
    const service = withSplit(http, splitRoute([condition({ sourceNamespace: 'desk' })], 0, 1), splitRoute('any', 1));
    const all = shown(translateOutbound('envoy', service, settings).resources);
    const clusters = (scope: string) =>
      JSON.stringify(all[`envoy/${scope} RouteConfiguration ${ROUTES}`]).match(/"outbound[^"]*"/g);
    expect(clusters('desk')).toEqual([`"${OUTBOUND}"`, `"${NEXT}"`, `"${OUTBOUND}"`]);
    expect(clusters('*')).toEqual([`"${OUTBOUND}"`]);
    // Callers there may get another service of this host.
    expect(
      Object.keys(shown(translateOutbound('envoy', { ...service, contested: true }, settings).resources)),
    ).not.toContain(`envoy/desk RouteConfiguration ${ROUTES}`);
  });

  it('is said to be undone by proxies that read no requests, and by gRPC clients', () => {
    const route = treated('any', { timeoutMs: 5, retry: 'never', mirrors });
    expect(outbound('metaproxy', withSplit(http, route)).findings).toEqual(['ISTH1339 spec.http[0]']);
    const grpc = outbound('grpc', withSplit(servicePort(plain('grpc')), route));
    expect(grpc.findings).toEqual(['ISTH1339 spec.http[0]']);
    expect(JSON.stringify(grpc.routes)).not.toContain('requestMirrorPolicies');
  });
});
