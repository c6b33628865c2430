import { expect, it } from 'vitest';
import { decode, encode } from '../../xds-api/messages.ts';
import { fromJson } from '../../xds-api/proto-json.ts';
import { planCluster } from './cluster-plan.ts';

const CLUSTER = 'envoy.config.cluster.v3.Cluster';

function plan(fields: Readonly<Record<string, unknown>>) {
  return planCluster(decode(CLUSTER, encode(CLUSTER, fromJson(CLUSTER, { name: 'a', ...fields }))));
}

const tls = { name: 'envoy.transport_sockets.tls' };
const raw = { name: 'envoy.transport_sockets.raw_buffer' };

it('takes clusters as the control plane makes them', () => {
  const eds = { type: 'EDS', edsClusterConfig: { edsConfig: { ads: {}, resourceApiVersion: 'V3' } } };
  expect(plan(eds)).toMatchObject({ endpoints: { kind: 'eds' }, balancing: { kind: 'round-robin' } });
  expect(plan({ ...eds, lbPolicy: 'MAGLEV', transportSocket: raw })).toMatchObject({ balancing: { kind: 'maglev' } });
});

it.each([
  [{ transportSocket: tls }, 'transport socket envoy.transport_sockets.tls'],
  [{ transportSocketMatches: [{ transportSocket: raw }, { transportSocket: tls }] }, 'envoy.transport_sockets.tls'],
  [{ clusterType: { name: 'envoy.clusters.aggregate' } }, 'cluster_type envoy.clusters.aggregate'],
  [{ loadBalancingPolicy: { policies: [] } }, 'load_balancing_policy'],
  [{ lbPolicy: 'CLUSTER_PROVIDED' }, 'lb_policy 6'],
  [{ type: 'EDS', edsClusterConfig: { edsConfig: { path: '/etc/eds.yaml' } } }, 'eds_cluster_config.eds_config'],
  [{ type: 'ORIGINAL_DST', lbPolicy: 'CLUSTER_PROVIDED' }, 'ORIGINAL_DST'],
])('refuses a cluster that it would find, choose or speak to in another way than is written: %j', (fields, reason) => {
  expect(() => plan(fields)).toThrow(reason);
});
