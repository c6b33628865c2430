/** What a control plane measures of its pipeline: read from it when somebody asks. */
import type { Finding } from '../model/finding.ts';
import { createMetrics, type Metrics } from '../operations/metrics.ts';
import type { Pipeline } from './pipeline.ts';

/** `findings` gives all that are in force: those of the pipeline, and those of what runs around it. */
export function metricsOf({ resources, leases }: Pipeline, findings: () => readonly Finding[]): Metrics {
  return createMetrics({
    resources: () => new Map(Object.entries(resources).map(([kind, table]) => [kind, table.size])),
    findings: () => {
      const counts = { error: 0, warning: 0, info: 0 };
      for (const { severity } of findings()) counts[severity]++;
      return counts;
    },
    boundVirtualIps: () => {
      let bound = 0;
      for (const { state } of leases.values()) if (state === 'bound') bound++;
      return bound;
    },
  });
}
