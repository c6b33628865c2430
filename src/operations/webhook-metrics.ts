/** What is measured of requests of API servers to webhooks. */
import { Counter, Histogram, type Registry } from 'prom-client';

/** Gives what is to be told of each request: the path of the webhook, what became of it, and how long it took. */
export function createWebhookMetrics(registry: Registry): (path: string, outcome: string, seconds: number) => void {
  const requests = new Counter({
    name: 'isthmus_webhook_requests_total',
    help: 'Requests of API servers to our webhooks, by what became of them.',
    labelNames: ['webhook', 'outcome'],
    registers: [registry],
  });
  const duration = new Histogram({
    name: 'isthmus_webhook_request_seconds',
    help: 'How long requests to our webhooks took.',
    labelNames: ['webhook'],
    buckets: [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5],
    registers: [registry],
  });
  return (path, outcome, seconds) => {
    const webhook = path.replace('/', '');
    requests.inc({ webhook, outcome });
    duration.observe({ webhook }, seconds);
  };
}
