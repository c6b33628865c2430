/** What is measured of writes into a cluster. */
import { Counter, Gauge, type Registry } from 'prom-client';
import type { ClusterWriting } from '../model/cluster-writing.ts';

/** `status` is read when somebody asks. Gives what counts a write. */
export function createClusterWriteMetrics(
  registry: Registry,
  status: () => ClusterWriting,
): (kind: string, result: string) => void {
  const writes = new Counter({
    name: 'isthmus_apply_total',
    help: 'Writes of objects to the API server, by what became of them.',
    labelNames: ['kind', 'result'],
    registers: [registry],
  });
  new Gauge({
    name: 'isthmus_apply_queue_depth',
    help: 'Objects that wait to be written, or to be tried again.',
    registers: [registry],
    collect() {
      this.set(status().queued);
    },
  });
  new Gauge({
    name: 'isthmus_apply_held_deletions',
    help: 'Deletions of objects that are held.',
    labelNames: ['kind'],
    registers: [registry],
    collect() {
      this.reset();
      for (const { kind, held } of status().kinds) this.set({ kind }, held?.objects.length ?? 0);
    },
  });
  return (kind, result) => writes.inc({ kind, result });
}
