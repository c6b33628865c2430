import { describe, expect, it } from 'vitest';
import type { TrafficResource } from '../model/traffic-resource.ts';
import { type TrafficViews, trafficMetricsApi } from './traffic-metrics-api.ts';

const bookstore: TrafficResource = {
  name: { kind: 'Service', namespace: 'books', name: 'bookstore' },
  labels: { app: 'store' },
  traffic: { successes: 7, failures: 2, latencies: [{ upTo: 1, count: 9 }] },
  edges: () => [
    {
      direction: 'from',
      side: 'client',
      peer: { kind: 'ServiceAccount', namespace: 'town', name: 'bookbuyer' },
      traffic: { successes: 1, failures: 0, latencies: [] },
    },
  ],
};
const idle: TrafficResource = {
  name: { kind: 'Service', namespace: 'books', name: 'idle' },
  labels: {},
  traffic: { successes: 0, failures: 0, latencies: [] },
  edges: () => [],
};

const views: TrafficViews = {
  trafficOf: (kind, namespace, name) => {
    if (kind === 'namespaces') return [{ ...idle, name: { kind: 'Namespace', name: name ?? 'books' } }];
    if (kind !== 'services' || (namespace ?? 'books') !== 'books') return [];
    return [bookstore, idle].filter((one) => name === undefined || one.name.name === name);
  },
  now: () => new Date(0),
};

const ROOT = '/apis/metrics.smi-spec.io/v1alpha1';

async function ask(path: string, method = 'GET') {
  const response = await trafficMetricsApi(views).request(path, { method });
  return { code: response.status, body: JSON.parse(await response.text()) };
}

const metrics = (...counts: readonly [success: string, failure: string]) => [
  { name: 'success_count', unit: '', value: counts[0] },
  { name: 'failure_count', unit: '', value: counts[1] },
];

describe('the API of TrafficMetrics', () => {
  it('says what there is, as an aggregated API server does', async () => {
    expect((await ask('/apis')).body).toMatchObject({
      kind: 'APIGroupList',
      groups: [{ name: 'metrics.smi-spec.io' }],
    });
    expect((await ask('/apis/metrics.smi-spec.io')).body).toMatchObject({
      kind: 'APIGroup',
      preferredVersion: { groupVersion: 'metrics.smi-spec.io/v1alpha1' },
    });
    const { body } = await ask(ROOT);
    expect(body).toMatchObject({
      kind: 'APIResourceList',
      apiVersion: 'v1',
      groupVersion: 'metrics.smi-spec.io/v1alpha1',
    });
    expect(body.resources).toContainEqual({
      name: 'services/edges',
      singularName: '',
      namespaced: true,
      kind: 'TrafficMetrics',
      verbs: ['get'],
    });
    expect(body.resources).toContainEqual(expect.objectContaining({ name: 'namespaces', namespaced: false }));
  });

  it('tells of one resource what it got, and since when until when', async () => {
    expect((await ask(`${ROOT}/namespaces/books/services/bookstore`)).body).toEqual({
      kind: 'TrafficMetrics',
      apiVersion: 'metrics.smi-spec.io/v1alpha1',
      metadata: {
        name: 'bookstore',
        namespace: 'books',
        creationTimestamp: '1970-01-01T00:00:00.000Z',
        selfLink: `${ROOT}/namespaces/books/services/bookstore`,
      },
      resource: { kind: 'Service', apiVersion: 'v1', namespace: 'books', name: 'bookstore' },
      edge: null,
      timestamp: '1970-01-01T00:00:00.000Z',
      window: '30s',
      metrics: [
        { name: 'p50_response_latency', unit: 'ms', value: '500m' },
        { name: 'p90_response_latency', unit: 'ms', value: '900m' },
        { name: 'p99_response_latency', unit: 'ms', value: '990m' },
        ...metrics('7', '2'),
      ],
    });
  });

  it('tells with whom, in a list', async () => {
    const { body } = await ask(`${ROOT}/namespaces/books/services/bookstore/edges`);
    expect(body).toMatchObject({
      kind: 'TrafficMetricsList',
      metadata: { selfLink: `${ROOT}/namespaces/books/services/bookstore/edges` },
      resource: { kind: 'Service', namespace: 'books', name: 'bookstore' },
    });
    expect(body.items).toMatchObject([
      {
        resource: { name: 'bookstore' },
        edge: {
          direction: 'from',
          side: 'client',
          resource: { kind: 'ServiceAccount', namespace: 'town', name: 'bookbuyer' },
        },
        metrics: metrics('1', '0'),
      },
    ]);
  });

  it('lists a kind, in a namespace or in all, by labels where asked for', async () => {
    const names = async (path: string) =>
      (await ask(path)).body.items.map(({ resource }: { resource: { name: string } }) => resource.name);
    expect(await names(`${ROOT}/services`)).toEqual(['bookstore', 'idle']);
    expect(await names(`${ROOT}/namespaces/books/services?labelSelector=app%3Dstore`)).toEqual(['bookstore']);
    expect(await names(`${ROOT}/namespaces/other/services`)).toEqual([]);
    expect((await ask(`${ROOT}/namespaces/books/services?labelSelector=app`)).body).toMatchObject({
      selector: 'app',
      metadata: { selfLink: `${ROOT}/namespaces/books/services` },
    });
  });

  it('tells of a namespace by its name alone', async () => {
    const link = `${ROOT}/namespaces/books`;
    expect((await ask(link)).body).toMatchObject({
      metadata: { name: 'books', selfLink: link },
      metrics: metrics('0', '0'),
    });
    expect((await ask(`${link}/edges`)).body).toMatchObject({ kind: 'TrafficMetricsList', items: [] });
  });

  it.each([
    [`${ROOT}/namespaces/books/services/missing`, 404, 'NotFound'],
    [`${ROOT}/namespaces/books/services/missing/edges`, 404, 'NotFound'],
    [`${ROOT}/namespaces/books/deployments`, 404, 'NotFound'],
    [`${ROOT}/namespaces/books/namespaces`, 404, 'NotFound'],
    [`${ROOT}/constructor`, 404, 'NotFound'],
    [`${ROOT}/namespaces/books/services/bookstore/more`, 404, 'NotFound'],
    [`${ROOT}/services?labelSelector=app%20in%20a`, 400, 'BadRequest'],
  ])('answers mistakes by a Status: %s', async (path, code, reason) => {
    expect(await ask(path)).toMatchObject({ code, body: { kind: 'Status', status: 'Failure', reason, code } });
  });

  it('is read only', async () => {
    expect(await ask(`${ROOT}/services`, 'DELETE')).toMatchObject({ code: 405, body: { reason: 'MethodNotAllowed' } });
  });
});
