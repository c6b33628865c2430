import { describe, expect, it } from 'vitest';
import type { TrafficReport } from '../../../model/traffic.ts';
import { encode } from '../../../xds-api/messages.ts';
import { type Call, type Status, StatusCode } from '../transport/transport.ts';
import { type MetricsReception, metricsCall, streamMetricsPath } from './metrics-service.ts';

const node = encode('envoy.config.core.v3.Node', { id: 'sidecar~10.0.0.1~web.shop~d', userAgentName: 'envoy' });
const message = (identified: boolean, value = 3) =>
  encode('isthmus.metrics.v1.StreamMetricsMessage', {
    ...(identified ? { identifier: { node } } : {}),
    envoyMetrics: [
      encode('isthmus.metrics.v1.MetricFamily', {
        name: 'cluster.inbound|80||.upstream_rq_2xx',
        metric: [{ counter: { value } }],
      }),
    ],
  });

function open(reception: Partial<MetricsReception> = {}) {
  const ended: Status[] = [];
  const reports: TrafficReport[] = [];
  const call: Call = {
    path: streamMetricsPath,
    peer: { address: '127.0.0.1', port: 1 },
    write: () => true,
    end: (status) => void ended.push(status),
    pause() {},
    resume() {},
  };
  const handler = metricsCall(call, {
    authorize: () => undefined,
    identityOf: () => 'spiffe://mesh/ns/shop/sa/web',
    report: (report) => void reports.push(report),
    ...reception,
  });
  return { handler, ended, reports };
}

describe('a stream of metrics', () => {
  it('is one proxy that reports for itself, as whom it was verified', () => {
    const { handler, ended, reports } = open();
    handler.message(message(true));
    handler.message(message(false, 4));
    expect(reports.map(({ proxy }) => [proxy.workload, proxy.identity])).toEqual([
      ['web', 'spiffe://mesh/ns/shop/sa/web'],
      ['web', 'spiffe://mesh/ns/shop/sa/web'],
    ]);
    expect(reports.map(({ clusters }) => clusters.get('inbound|80||')?.successes)).toEqual([3, 4]);
    handler.finished();
    expect(ended).toEqual([{ code: StatusCode.ok, message: '' }]);
  });

  it.each([
    ['who is nobody', { identityOf: () => undefined }, StatusCode.permissionDenied],
    [
      'who may not speak for the node',
      { authorize: () => ({ code: StatusCode.permissionDenied, message: 'no' }) },
      StatusCode.permissionDenied,
    ],
  ])('is refused to %s', (_, reception, code) => {
    const { handler, ended, reports } = open(reception);
    handler.message(message(true));
    expect(ended).toMatchObject([{ code }]);
    expect(reports).toEqual([]);
  });

  it('ends by what is no such message, and by a first one without a node', () => {
    for (const bytes of [Buffer.from([0x12, 0xff]), message(false)]) {
      const { handler, ended, reports } = open();
      handler.message(bytes);
      expect(ended).toMatchObject([{ code: StatusCode.invalidArgument }]);
      expect(reports).toEqual([]);
    }
  });
});
