import { describe, expect, it } from 'vitest';
import type { OutlierDetection, TrafficPolicy } from '../../model/traffic-policy.ts';
import { translateOutbound } from '../outbound.ts';
import { meshService, plain, policy, servicePort, settings, shown } from '../translation-fixture.ts';
import { translateClusters } from './clusters.ts';

const outliers: OutlierDetection = { splitsLocalOrigin: false, minHealthPercent: 0 };
const bounded = (rest: Partial<TrafficPolicy>) =>
  meshService({ ports: [{ port: servicePort(plain('http2')) }], policy: { policy: { ...policy, ...rest } } });
const clusterOf = (rest: Partial<TrafficPolicy>) => Object.values(shown(translateClusters(bounded(rest)).resources))[0];

describe('what callers bound', () => {
  it('are the thresholds that are written, and nothing beside them', () => {
    const unbounded = 2 ** 32 - 1;
    expect(clusterOf({ maxRequests: 5, maxRetries: 0 })).toMatchObject({
      circuitBreakers: {
        thresholds: [{ maxConnections: unbounded, maxPendingRequests: unbounded, maxRequests: 5, maxRetries: 0 }],
      },
    });
    expect(clusterOf({})).not.toHaveProperty('circuitBreakers');
  });

  it('is not how often may be tried again, unless that is written', () => {
    const origin = { object: { kind: 'Retry', namespace: 'shop', name: 'a' } };
    const retries = [{ caller: 'spiffe://a', policy: { conditions: ['5xx'], retries: 1, backoffMs: 25 }, origin }];
    const [cluster] = Object.values(shown(translateClusters({ ...bounded({}), retries }).resources));
    expect(cluster).toMatchObject({ circuitBreakers: { thresholds: [{ maxRetries: 2 ** 32 - 1 }] } });
  });

  it('holds for connections that HTTP is spoken on, in the form that is not deprecated', () => {
    expect(clusterOf({ maxRequestsPerConnection: 9, httpIdleTimeoutMs: 1500 })).toMatchObject({
      typedExtensionProtocolOptions: {
        'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
          commonHttpProtocolOptions: { maxRequestsPerConnection: 9, idleTimeout: '1.500s' },
          explicitHttpConfig: { http2ProtocolOptions: {} },
        },
      },
    });
  });

  it('is a finding for the kinds of proxies that do not keep to it, once for each service', () => {
    const requests = { maxRequests: 1, maxPendingRequests: 1, httpIdleTimeoutMs: 5_000 };
    const service = bounded({ ...requests, outlierDetection: outliers, tcpKeepaliveSeconds: 60 });
    const told = (kind: 'metaproxy' | 'grpc' | 'envoy') =>
      translateOutbound(kind, service, settings).findings.map(({ code, message }) => [
        code,
        /to (\w+(, \w+)*)\.$/.exec(message)?.[1],
      ]);
    expect(told('metaproxy')).toEqual([['ISTH1344', 'outlierDetection, idleTimeout, tcpKeepalive, maxRequests']]);
    expect(told('grpc')).toEqual([['ISTH1344', 'outlierDetection, idleTimeout, tcpKeepalive, maxPendingRequests']]);
    expect(told('envoy')).toEqual([]);
  });
});

describe('outlier detection', () => {
  const of = (rest: Partial<OutlierDetection>) => clusterOf({ outlierDetection: { ...outliers, ...rest } });

  it('may always leave out one endpoint, and leaves nobody in for want of others unless it is written', () => {
    expect(of({ consecutive5xx: 3, intervalMs: 1000, baseEjectionMs: 30_000, maxEjectionPercent: 10 })).toMatchObject({
      outlierDetection: {
        consecutive5xx: 3,
        interval: '1s',
        baseEjectionTime: '30s',
        maxEjectionPercent: 10,
        alwaysEjectOneHost: true,
        enforcingSuccessRate: 0,
      },
      commonLbConfig: { healthyPanicThreshold: {} },
    });
    expect(of({ minHealthPercent: 40 })).toMatchObject({ commonLbConfig: { healthyPanicThreshold: { value: 40 } } });
    expect(of({ maxEjectionPercent: 0 })).not.toHaveProperty('outlierDetection.alwaysEjectOneHost');
  });

  it('counts each kind of failure by itself, and one of 0 not at all', () => {
    expect(of({ consecutive5xx: 0, consecutiveGatewayErrors: 4 })).toMatchObject({
      outlierDetection: {
        enforcingConsecutive5xx: 0,
        consecutiveGatewayFailure: 4,
        enforcingConsecutiveGatewayFailure: 100,
      },
    });
    expect(of({ splitsLocalOrigin: true, consecutiveLocalOriginFailures: 2 })).toMatchObject({
      outlierDetection: {
        splitExternalLocalOriginErrors: true,
        consecutiveLocalOriginFailure: 2,
      },
    });
  });
});
