/** The DNS server's metrics. What is counted on each query is counted in plain numbers, and read when somebody asks. */
import { Counter, Histogram, type Registry } from 'prom-client';

export interface DnsMetrics {
  handled(outcome: string, seconds: number): void;
  exchanged(result: string, seconds: number): void;
}

export function createDnsMetrics(registry: Registry): DnsMetrics {
  const queries = countBy(registry, 'isthmus_dns_queries_total', 'Queries, by what became of them.', 'outcome');
  const exchanges = countBy(registry, 'isthmus_dns_upstream_exchanges_total', 'Attempts to ask an upstream.', 'result');
  const registers = [registry];
  const querySeconds = new Histogram({
    name: 'isthmus_dns_query_seconds',
    help: 'Time from a query to its answer.',
    buckets: [0.00005, 0.0001, 0.00025, 0.001, 0.005, 0.025, 0.1, 0.5, 1, 4],
    registers,
  });
  const exchangeSeconds = new Histogram({
    name: 'isthmus_dns_upstream_seconds',
    help: 'Time of one attempt to ask an upstream.',
    buckets: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2],
    registers,
  });
  return {
    handled: (outcome, seconds) => {
      queries(outcome);
      querySeconds.observe(seconds);
    },
    exchanged: (result, seconds) => {
      exchanges(result);
      exchangeSeconds.observe(seconds);
    },
  };
}

function countBy(registry: Registry, name: string, help: string, label: string): (value: string) => void {
  const counts = new Map<string, number>();
  new Counter({
    name,
    help,
    labelNames: [label],
    registers: [registry],
    collect() {
      this.reset();
      for (const [value, count] of counts) this.inc({ [label]: value }, count);
    },
  });
  return (value) => counts.set(value, (counts.get(value) ?? 0) + 1);
}
