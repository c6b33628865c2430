import { describe, expect, it } from 'vitest';
import type { MeshService } from '../model/mesh-service.ts';
import type { CallerRetry } from '../model/retry.ts';
import { translateOutbound } from './outbound.ts';
import { HOST, meshService, plain, servicePort, settings, shown } from './translation-fixture.ts';

const buyer = 'spiffe://cluster.local/ns/shop/sa/buyer';
const thief = 'spiffe://cluster.local/ns/town/sa/thief';
const of = (caller: string): CallerRetry => ({
  caller,
  policy: { conditions: ['5xx', 'reset'], retries: 3, perTryTimeoutMs: 1500, backoffMs: 25 },
  origin: { object: { kind: 'Retry', namespace: 'shop', name: 'buyer' } },
});
const retried = (rest: Partial<MeshService>, callers = [buyer]): MeshService => ({
  ...meshService({ ports: [{ port: servicePort(plain('http2')) }], service: rest.service ?? {} }),
  ...(rest.contested === undefined ? {} : { contested: rest.contested }),
  ...(rest.security === undefined ? {} : { security: rest.security }),
  retries: callers.map(of),
});
const security = (callers: readonly string[] | 'any') => ({ key: `shop/${HOST}`, identities: [], callers }) as const;
const routesOf = (service: MeshService) =>
  Object.entries(shown(translateOutbound('envoy', service, settings).resources)).filter(([name]) =>
    name.includes('RouteConfiguration'),
  );
const scopesOf = (service: MeshService) =>
  routesOf(service)
    .map(([name, routes]): [string, boolean] => [
      name.split(' ')[0] ?? '',
      JSON.stringify(routes).includes('retryPolicy'),
    ])
    .toSorted(([a], [b]) => (a < b ? -1 : 1));

describe('what is tried again', () => {
  it('is said in the routes of the source, and in nobody else’s', () => {
    expect(scopesOf(retried({ security: security([buyer, thief]) }))).toEqual([
      [`envoy#${buyer}`, true],
      [`envoy#${thief}`, false],
    ]);
    expect(scopesOf(retried({ security: security('any') }))).toEqual([
      [`envoy#${buyer}`, true],
      ['envoy/*', false],
    ]);
    expect(scopesOf(retried({}))).toEqual([
      [`envoy#${buyer}`, true],
      ['envoy/*', false],
    ]);
  });

  it('shows a service to nobody who may not see it', () => {
    expect(scopesOf(retried({ security: security([thief]) }))).toEqual([[`envoy#${thief}`, false]]);
    const { service } = meshService({
      service: { visibility: { kind: 'namespaces', namespaces: ['shop'] } },
      ports: [{ port: servicePort(plain('http2')) }],
    });
    expect(scopesOf(retried({ service }, [buyer, thief]))).toEqual([
      [`envoy#${buyer}`, true],
      ['envoy/shop', false],
    ]);
    // `!` is for those who name the namespace whose host they mean: what they try again is not known of it.
    expect(scopesOf(retried({ contested: true }, [buyer, thief])).map(([scope]) => scope)).toEqual([
      'envoy!shop',
      `envoy#${buyer}`,
      'envoy/*',
      'envoy/shop',
    ]);
  });

  it('goes to another endpoint, with the back-off and the bounds that are written', () => {
    const [, [, routes] = []] = routesOf(retried({}));
    expect(routes).toMatchObject({
      virtualHosts: [
        {
          retryPolicy: {
            retryOn: '5xx,reset',
            numRetries: 3,
            perTryTimeout: '1.500s',
            retryHostPredicate: [{ name: 'envoy.retry_host_predicates.previous_hosts' }],
            retryBackOff: { baseInterval: '0.025s' },
          },
        },
      ],
    });
  });

  it('is a finding for kinds of proxies that try nothing again', () => {
    const codes = (kind: 'metaproxy' | 'envoy' | 'envoy-meta' | 'grpc') =>
      translateOutbound(kind, retried({}), settings).findings.map(({ code, path }) => `${code} ${path}`);
    expect(codes('metaproxy')).toEqual(['ISTH1344 spec.retryPolicy']);
    expect(codes('grpc')).toEqual(['ISTH1344 spec.retryPolicy']);
    expect([...codes('envoy'), ...codes('envoy-meta')]).toEqual([]);
  });
});
