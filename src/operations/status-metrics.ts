/** What is measured of statuses that are told on objects of a cluster. */
import { Counter, Gauge, type Registry } from 'prom-client';

/** `depth` is read when somebody asks. Gives what counts a write. */
export function createStatusMetrics(registry: Registry, depth: () => number): (result: string) => void {
  const written = new Counter({
    name: 'isthmus_status_writes_total',
    help: 'Statuses of objects that were sent to the API server, by what became of them.',
    labelNames: ['result'],
    registers: [registry],
  });
  new Gauge({
    name: 'isthmus_status_queue_depth',
    help: 'Objects whose status waits to be written.',
    registers: [registry],
    collect() {
      this.set(depth());
    },
  });
  return (result) => written.inc({ result });
}
