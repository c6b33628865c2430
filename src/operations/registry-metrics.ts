/** What is measured of bridged registries, by their names. */
import { Gauge, type Registry } from 'prom-client';
import type { RegistryStatus } from '../model/registry.ts';

const measures = [
  ['services', 'Services in force.', ({ services }: RegistryStatus) => services],
  ['instances', 'Instances in force.', ({ instances }: RegistryStatus) => instances],
  ['held_deletions', 'Deletions that are held.', ({ held }: RegistryStatus) => held.length],
  ['awaited_services', 'Services that are listed and not yet read.', ({ awaited }: RegistryStatus) => awaited],
  ['live', '1 while it is seen whole, else 0.', ({ state }: RegistryStatus) => (state === 'live' ? 1 : 0)],
  [
    'last_complete_timestamp_seconds',
    'When it last answered whole; 0 if it has not since the start.',
    ({ lastComplete = 0 }: RegistryStatus) => lastComplete / 1000,
  ],
] as const;

/** `statuses` is read when somebody asks. A registry that is gone leaves no value behind. */
export function createRegistryMetrics(registry: Registry, statuses: () => readonly RegistryStatus[]): void {
  for (const [name, help, read] of measures) {
    new Gauge({
      name: `isthmus_registry_${name}`,
      help,
      labelNames: ['registry'],
      registers: [registry],
      collect() {
        this.reset();
        for (const status of statuses()) this.set({ registry: status.registry }, read(status));
      },
    });
  }
}
