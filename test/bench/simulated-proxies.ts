/**
 * The proxies of a secured mesh, each on a connection of its own, in a process of their own: the other end of proxy-fleet.ts,
 * which speaks with it in its messages.
 */
import { connect } from 'node:http2';
import type { FleetOrder, FleetReport } from './proxy-fleet.ts';
import { workloadPlace } from './secured-mesh-files.ts';
import { SimulatedProxy } from './simulated-proxy.ts';

const say = (report: FleetReport): void => void process.send?.(report);
/** Of all processes of the machine alike, in milliseconds. */
const now = (): number => Number(process.hrtime.bigint()) / 1e6;
let awaited = 0;
let responses: { service: number; type: string; at: number }[] = [];

function start({ port, shape, services }: Extract<FleetOrder, { readonly kind: 'connect' }>): void {
  let missing = services.length * shape.workloads;
  const failed = (error: Error): void => say({ kind: 'failed', message: error.message });
  for (const service of services)
    for (let workload = 0; workload < shape.workloads; workload++) {
      const session = connect(`http://127.0.0.1:${port}`);
      session.on('error', failed);
      new SimulatedProxy(session, workloadPlace(shape, service, workload), shape.callers, {
        ready: () => {
          if (--missing === 0) say({ kind: 'ready', at: now() });
        },
        acknowledged: (type) => {
          responses.push({ service, type, at: now() });
          report();
        },
        failed,
      });
    }
}

/** Once as many came as are awaited. */
function report(): void {
  if (awaited === 0 || responses.length < awaited) return;
  awaited = 0;
  say({ kind: 'acknowledged', responses });
  responses = [];
}

process.on('message', (order: FleetOrder) => {
  if (order.kind === 'connect') start(order);
  if (order.kind === 'await') {
    awaited = order.responses;
    report();
  }
  if (order.kind === 'tell') {
    say({ kind: 'acknowledged', responses });
    responses = [];
  }
});
process.on('disconnect', () => process.exit());
