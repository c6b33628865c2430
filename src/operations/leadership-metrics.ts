/** What is measured of who of several replicas writes, under the name that controllers of Kubernetes give it. */
import { Gauge, type Registry } from 'prom-client';

/** `name`: of the Lease. `isWriter` is read when somebody asks. */
export function createLeadershipMetrics(registry: Registry, name: string, isWriter: () => boolean): void {
  new Gauge({
    name: 'leader_election_master_status',
    help: 'Whether this replica writes to the API server: 1, or 0.',
    labelNames: ['name'],
    registers: [registry],
    collect() {
      this.set({ name }, isWriter() ? 1 : 0);
    },
  });
}
