import { Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { createDnsMetrics } from './dns-metrics.ts';

it('queries are counted by what became of them, each once however often somebody looks', async () => {
  const registry = new Registry();
  const metrics = createDnsMetrics(registry);
  metrics.handled('answered', 0.00002);
  metrics.handled('answered', 0.002);
  metrics.handled('failed', 4);
  metrics.exchanged('no-answer', 1);
  await registry.metrics();
  const text = await registry.metrics();
  expect(text).toContain('isthmus_dns_queries_total{outcome="answered"} 2');
  expect(text).toContain('isthmus_dns_queries_total{outcome="failed"} 1');
  expect(text).toContain('isthmus_dns_query_seconds_bucket{le="0.00005"} 1');
  expect(text).toContain('isthmus_dns_query_seconds_count 3');
  expect(text).toContain('isthmus_dns_upstream_exchanges_total{result="no-answer"} 1');
  expect(text).toContain('isthmus_dns_upstream_seconds_count 1');
});
