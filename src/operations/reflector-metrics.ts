/** What is measured of watches at an API server. */
import { Counter, Gauge, type Registry } from 'prom-client';
import type { ReflectorSight } from '../model/reflector-sight.ts';

const labelNames = ['purpose', 'kind'] as const;

/** `sights` are read when somebody asks. */
export function createReflectorMetrics(registry: Registry, sights: () => readonly ReflectorSight[]): void {
  gauge(registry, 'isthmus_reflector_live', 'Whether what is held of a kind is as the API server has it: 1, or 0.', {
    read: () => sights().map((sight) => ({ ...labelsOf(sight), value: sight.isLive ? 1 : 0 })),
  });
  gauge(registry, 'isthmus_reflector_objects', 'Objects of a kind that are held.', {
    read: () =>
      sights().flatMap((sight) => (sight.objects === undefined ? [] : [{ ...labelsOf(sight), value: sight.objects }])),
  });
  new Gauge({
    name: 'isthmus_reflector_last_fault',
    help: 'Why the watch of a kind began anew the last time, as a label: 1.',
    labelNames: [...labelNames, 'fault'],
    registers: [registry],
    collect() {
      this.reset();
      for (const { purpose, kind, lastFault } of sights())
        if (lastFault !== undefined) this.set({ purpose, kind, fault: lastFault }, 1);
    },
  });
  new Counter({
    name: 'isthmus_reflector_restarts_total',
    help: 'Watches that began anew, by why.',
    labelNames: [...labelNames, 'fault'],
    registers: [registry],
    collect() {
      this.reset();
      for (const { purpose, kind, restarts } of sights())
        for (const [fault, count] of restarts) this.inc({ purpose, kind, fault }, count);
    },
  });
}

interface Reading {
  readonly purpose: string;
  readonly kind: string;
  readonly value: number;
}

function gauge(registry: Registry, name: string, help: string, { read }: { readonly read: () => readonly Reading[] }) {
  new Gauge({
    name,
    help,
    labelNames,
    registers: [registry],
    collect() {
      this.reset();
      for (const { value, ...labels } of read()) this.set(labels, value);
    },
  });
}

function labelsOf({ purpose, kind }: ReflectorSight): Pick<Reading, 'purpose' | 'kind'> {
  return { purpose, kind };
}
