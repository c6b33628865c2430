import { describe, expect, it } from 'vitest';
import { endpoint, group, HOST, meshService, OUTBOUND, policy, shown } from '../translation-fixture.ts';
import { translateEndpoints } from './load-assignments.ts';

const socket = (address: string) => ({ endpoint: { address: { socketAddress: { address, portValue: 9090 } } } });
const labelled = (fields: object) => ({ metadata: { filterMetadata: { 'envoy.lb': fields } } });

const groups = [
  group(
    'r1/z2/s',
    endpoint('10.0.0.1', { weight: 3, labels: { version: 'v1', app: 'orders' } }),
    endpoint('10.0.0.2', { health: 'unhealthy', labels: { version: 'v2' } }),
  ),
  group('', endpoint('2001:db8::1', { health: 'draining' }), endpoint('unix:///run/orders.sock', { port: 0 })),
];

describe('endpoints', () => {
  it('keep locality, weight, health and labels', () => {
    expect(shown(translateEndpoints(meshService(), groups))).toEqual({
      [`all/* ClusterLoadAssignment ${OUTBOUND}`]: {
        clusterName: OUTBOUND,
        endpoints: [
          {
            locality: {},
            lbEndpoints: [
              { ...socket('2001:db8::1'), healthStatus: 'DRAINING' },
              { endpoint: { address: { pipe: { path: '/run/orders.sock' } } }, healthStatus: 'HEALTHY' },
            ],
            loadBalancingWeight: 2,
          },
          {
            locality: { region: 'r1', zone: 'z2', subZone: 's' },
            lbEndpoints: [
              {
                ...socket('10.0.0.1'),
                healthStatus: 'HEALTHY',
                ...labelled({ app: 'orders', version: 'v1' }),
                loadBalancingWeight: 3,
              },
              { ...socket('10.0.0.2'), healthStatus: 'UNHEALTHY', ...labelled({ version: 'v2' }) },
            ],
            loadBalancingWeight: 4,
          },
        ],
      },
    });
  });

  it('of a subset are those that have its labels, and none is an answer', () => {
    const subsets = ['v1', 'v9'].map((version) => ({ name: version, labels: { version }, policy }));
    const json = shown(translateEndpoints(meshService({ policy: { subsets } }), groups));
    expect(json[`all/* ClusterLoadAssignment outbound|9090|v1|${HOST}`]).toMatchObject({
      endpoints: [{ lbEndpoints: [socket('10.0.0.1')], loadBalancingWeight: 3 }],
    });
    expect(json[`all/* ClusterLoadAssignment outbound|9090|v9|${HOST}`]).toEqual({
      clusterName: `outbound|9090|v9|${HOST}`,
    });
    expect(Object.keys(json)).toHaveLength(3);
  });

  it('give the same bytes in whatever order groups and labels come', () => {
    const reordered = [
      ...groups.toReversed().slice(0, 1),
      group(
        'r1/z2/s',
        endpoint('10.0.0.1', { weight: 3, labels: { app: 'orders', version: 'v1' } }),
        endpoint('10.0.0.2', { health: 'unhealthy', labels: { version: 'v2' } }),
      ),
    ];
    expect(translateEndpoints(meshService(), reordered)).toEqual(translateEndpoints(meshService(), groups));
  });

  it('of other ports, and of services that proxies resolve themselves, are left out', () => {
    const other = { ...group('', endpoint('10.0.0.1')), port: 1 };
    expect(shown(translateEndpoints(meshService(), [other]))).toEqual({
      [`all/* ClusterLoadAssignment ${OUTBOUND}`]: { clusterName: OUTBOUND },
    });
    expect(translateEndpoints(meshService({ service: { resolution: 'dns' } }), groups)).toEqual([]);
  });
});

it('takes a workload with addresses of both families for one, and no two others', () => {
  const pod = (address: string, workload: string) => endpoint(address, { workload });
  const places = [
    group('', pod('10.0.0.1', 'shop/a'), pod('10.0.0.2', 'shop/b'), pod('fd00::1', 'shop/a'), endpoint('fd00::3')),
  ];
  const [assignment] = Object.values(shown(translateEndpoints(meshService(), places)));
  const [{ lbEndpoints, loadBalancingWeight }] = Object(assignment).endpoints;
  const addressOf = ({ address }: { address: { socketAddress: { address: string } } }) => address.socketAddress.address;
  expect(
    lbEndpoints.map(
      ({ endpoint: one }: { endpoint: Parameters<typeof addressOf>[0] & { additionalAddresses?: [] } }) => [
        addressOf(one),
        ...(one.additionalAddresses ?? []).map(addressOf),
      ],
    ),
  ).toEqual([['10.0.0.1', 'fd00::1'], ['10.0.0.2'], ['fd00::3']]);
  expect(loadBalancingWeight).toBe(3);
});
