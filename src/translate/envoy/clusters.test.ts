import { describe, expect, it } from 'vitest';
import type { Resolution } from '../../model/service.ts';
import type { LoadBalancing, TrafficPolicy } from '../../model/traffic-policy.ts';
import {
  endpoint,
  group,
  HOST,
  meshService,
  OUTBOUND,
  plain,
  policy,
  servicePort,
  shown,
} from '../translation-fixture.ts';
import { clustersHoldEndpoints, translateClusters } from './clusters.ts';

const eds = { type: 'EDS', edsClusterConfig: { edsConfig: { ads: {}, resourceApiVersion: 'V3' } } };
const balanced = (loadBalancing: LoadBalancing): TrafficPolicy => ({ ...policy, loadBalancing });

const only = (own: TrafficPolicy) => {
  const { resources, findings } = translateClusters(meshService({ policy: { policy: own } }));
  return { json: shown(resources)[`all/* Cluster ${OUTBOUND}`], codes: findings.map(({ code }) => code) };
};

const unbounded = 2 ** 32 - 1;

describe('clusters', () => {
  it('are one for the port and one for each subset, each with its own policy', () => {
    const own: TrafficPolicy = {
      loadBalancing: { kind: 'random' },
      connectTimeoutMs: 250,
      maxConnections: 7,
      tcpKeepaliveSeconds: 60,
    };
    const subsets = [{ name: 'v1', labels: { version: 'v1' }, policy: own }];
    expect(shown(translateClusters(meshService({ policy: { subsets } })).resources)).toEqual({
      [`all/* Cluster ${OUTBOUND}`]: { name: OUTBOUND, ...eds, connectTimeout: '1.500s' },
      [`all/* Cluster outbound|9090|v1|${HOST}`]: {
        name: `outbound|9090|v1|${HOST}`,
        ...eds,
        connectTimeout: '0.250s',
        lbPolicy: 'RANDOM',
        circuitBreakers: {
          thresholds: [
            { maxConnections: 7, maxPendingRequests: unbounded, maxRequests: unbounded, maxRetries: unbounded },
          ],
        },
        upstreamConnectionOptions: { tcpKeepalive: { keepaliveTime: 60 } },
      },
    });
  });

  it("follow a port's own policy where it has one", () => {
    const portPolicies = { 9090: balanced({ kind: 'least-request' }), 1: balanced({ kind: 'random' }) };
    expect(shown(translateClusters(meshService({ policy: { portPolicies } })).resources)).toMatchObject({
      [`all/* Cluster ${OUTBOUND}`]: { lbPolicy: 'LEAST_REQUEST' },
    });
  });

  it.each<[LoadBalancing, object]>([
    [{ kind: 'round-robin' }, {}],
    [{ kind: 'least-request' }, { lbPolicy: 'LEAST_REQUEST' }],
    [{ kind: 'random' }, { lbPolicy: 'RANDOM' }],
    [{ kind: 'consistent-hash', algorithm: 'ring-hash' }, { lbPolicy: 'RING_HASH' }],
    [
      { kind: 'consistent-hash', algorithm: 'ring-hash', minimumRingSize: 2048 },
      { lbPolicy: 'RING_HASH', ringHashLbConfig: { minimumRingSize: '2048' } },
    ],
    [{ kind: 'consistent-hash', algorithm: 'maglev' }, { lbPolicy: 'MAGLEV' }],
    [
      { kind: 'consistent-hash', algorithm: 'maglev', tableSize: 1021 },
      { lbPolicy: 'MAGLEV', maglevLbConfig: { tableSize: '1021' } },
    ],
  ])('balance as %j says', (loadBalancing, fields) => {
    expect(only(balanced(loadBalancing))).toEqual({
      json: { name: OUTBOUND, ...eds, connectTimeout: '1.500s', ...fields },
      codes: [],
    });
  });

  it.each<LoadBalancing>([
    { kind: 'consistent-hash', algorithm: 'ring-hash', minimumRingSize: 8_388_609 },
    { kind: 'consistent-hash', algorithm: 'ring-hash', minimumRingSize: 0 },
    { kind: 'consistent-hash', algorithm: 'maglev', tableSize: 1024 },
    { kind: 'consistent-hash', algorithm: 'maglev', tableSize: 5_000_013 },
  ])('leave out a size that a proxy would refuse the cluster for, with a finding: %j', (loadBalancing) => {
    const { json, codes } = only(balanced(loadBalancing));
    expect(JSON.stringify(json)).not.toContain('LbConfig');
    expect(codes).toEqual(['ISTH0704']);
  });

  it('go where the caller dialled, for passthrough and for services without endpoints: of Envoys only', () => {
    const dialled = { name: OUTBOUND, type: 'ORIGINAL_DST', connectTimeout: '1.500s', lbPolicy: 'CLUSTER_PROVIDED' };
    const ofEnvoys = { [`envoy-meta/* Cluster ${OUTBOUND}`]: dialled, [`envoy/* Cluster ${OUTBOUND}`]: dialled };
    const passthrough = meshService({ policy: { policy: { ...policy, loadBalancing: { kind: 'passthrough' } } } });
    for (const one of [passthrough, meshService({ service: { resolution: 'none' } })])
      expect(shown(translateClusters(one).resources)).toEqual(ofEnvoys);
  });

  it.each<[Resolution, number, string]>([
    ['dns', 1, 'STRICT_DNS'],
    ['dns', 2, 'STRICT_DNS'],
    ['dns-round-robin', 1, 'LOGICAL_DNS'],
    ['dns-round-robin', 2, 'STRICT_DNS'],
  ])('hold the names to resolve: %s with %i names', (resolution, count, type) => {
    const service = meshService({ service: { resolution } });
    const names = ['a.example', 'b.example'].slice(0, count);
    const groups = [group('r/z', ...names.map((name) => endpoint(name, { port: 443 })))];
    expect(clustersHoldEndpoints(service.service)).toBe(true);
    expect(clustersHoldEndpoints(meshService().service)).toBe(false);
    expect(shown(translateClusters(service, groups).resources)).toMatchObject({
      [`all/* Cluster ${OUTBOUND}`]: {
        type,
        loadAssignment: {
          clusterName: OUTBOUND,
          endpoints: [
            {
              locality: { region: 'r', zone: 'z' },
              lbEndpoints: names.map((address) => ({
                endpoint: { address: { socketAddress: { address, portValue: 443 } } },
              })),
            },
          ],
        },
      },
    });
  });

  it('are not served for what no proxy resolves, with a finding', () => {
    const { resources, findings } = translateClusters(meshService({ service: { resolution: 'dynamic-dns' } }));
    expect(resources).toEqual([]);
    expect(findings.map(({ code }) => code)).toEqual(['ISTH0705']);
  });

  it('have a form for gRPC clients where they would refuse the common one', () => {
    const ports = [{ port: servicePort(plain('grpc')) }];
    const random = meshService({ ports, policy: { policy: balanced({ kind: 'random' }) } });
    const http2 = { typedExtensionProtocolOptions: expect.anything() };
    expect(shown(translateClusters(random).resources)).toEqual({
      [`all/* Cluster ${OUTBOUND}`]: { name: OUTBOUND, ...eds, ...http2, connectTimeout: '1.500s', lbPolicy: 'RANDOM' },
      [`grpc/* Cluster ${OUTBOUND}`]: { name: OUTBOUND, ...eds, ...http2, connectTimeout: '1.500s' },
    });
    const named = meshService({ ports, service: { resolution: 'dns' } });
    expect(shown(translateClusters(named, [group('', endpoint('a.example'))]).resources)).toMatchObject({
      [`all/* Cluster ${OUTBOUND}`]: { type: 'STRICT_DNS' },
      [`grpc/* Cluster ${OUTBOUND}`]: { type: 'LOGICAL_DNS' },
    });
    expect(Object.keys(shown(translateClusters(meshService({ ports })).resources))).toEqual([
      `all/* Cluster ${OUTBOUND}`,
    ]);
  });
});
