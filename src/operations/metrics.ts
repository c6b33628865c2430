/** The control plane's metrics: prefix `isthmus_`, base units, no labels of hosts or workloads. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

export interface Metrics {
  readonly registry: Registry;
  readonly xdsStreams: Gauge;
  readonly xdsPushes: Counter<'type'>;
  readonly xdsNacks: Counter<'type'>;
  readonly xdsPushSeconds: Histogram;
}

/** Values that are read when somebody asks, rather than kept up to date. */
export interface Readings {
  readonly resources: () => ReadonlyMap<string, number>;
  readonly findings: () => Readonly<Record<'error' | 'warning' | 'info', number>>;
  readonly boundVirtualIps: () => number;
}

export function createMetrics(readings: Readings): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: 'isthmus_' });
  const registers = [registry];
  new Gauge({
    name: 'isthmus_resources',
    help: 'Objects held, by kind.',
    labelNames: ['kind'],
    registers,
    collect() {
      for (const [kind, count] of readings.resources()) this.set({ kind }, count);
    },
  });
  new Gauge({
    name: 'isthmus_findings',
    help: 'Findings in force, by severity.',
    labelNames: ['severity'],
    registers,
    collect() {
      for (const [severity, count] of Object.entries(readings.findings())) this.set({ severity }, count);
    },
  });
  new Gauge({
    name: 'isthmus_virtual_ips_bound',
    help: 'Virtual IP leases in use.',
    registers,
    collect() {
      this.set(readings.boundVirtualIps());
    },
  });
  return {
    registry,
    xdsStreams: new Gauge({ name: 'isthmus_xds_streams', help: 'Open xDS streams.', registers }),
    xdsPushes: new Counter({
      name: 'isthmus_xds_pushes_total',
      help: 'Responses sent.',
      labelNames: ['type'],
      registers,
    }),
    xdsNacks: new Counter({
      name: 'isthmus_xds_nacks_total',
      help: 'Responses refused by proxies.',
      labelNames: ['type'],
      registers,
    }),
    xdsPushSeconds: new Histogram({
      name: 'isthmus_xds_push_seconds',
      help: 'Time from a change to its acknowledgement by one proxy.',
      buckets: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5],
      registers,
    }),
  };
}
