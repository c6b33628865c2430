/** What a control plane measures of its pipeline: read from it when somebody asks. */
import { createMetrics, type Metrics } from '../operations/metrics.ts';
import type { Pipeline } from './pipeline.ts';

export function metricsOf({ engine, sourced, resources, leases }: Pipeline): Metrics {
  return createMetrics({
    resources: () => new Map(Object.entries(resources).map(([kind, table]) => [kind, table.size])),
    findings: () => {
      const counts = { error: 0, warning: 0, info: 0 };
      for (const collection of [engine.findings, sourced.findings])
        for (const { severity } of collection.values()) counts[severity]++;
      return counts;
    },
    boundVirtualIps: () => {
      let bound = 0;
      for (const { state } of leases.values()) if (state === 'bound') bound++;
      return bound;
    },
  });
}
