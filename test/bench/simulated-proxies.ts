/**
 * The proxies of a secured mesh, each on a connection of its own, in a process of their own: the other end of proxy-fleet.ts,
 * which speaks with it in its messages.
 */
import { once } from 'node:events';
import { connect } from 'node:http2';
import type { FleetOrder, FleetReport } from './proxy-fleet.ts';
import { workloadPlace } from './secured-mesh-files.ts';
import { SimulatedProxy } from './simulated-proxy.ts';

const say = (report: FleetReport): void => void process.send?.(report);
/** Of all processes of the machine alike, in milliseconds. */
const now = (): number => Number(process.hrtime.bigint()) / 1e6;
/** Fewer than a kernel lets wait to be accepted. */
const connectingAtOnce = 250;
let awaited = 0;
let responses: { service: number; type: string; at: number }[] = [];

async function start({ port, shape, services }: Extract<FleetOrder, { readonly kind: 'connect' }>): Promise<void> {
  let missing = services.length * shape.workloads;
  const failed = (error: Error): void => say({ kind: 'failed', message: error.message });
  const open = async (service: number, workload: number): Promise<void> => {
    const session = connect(`http://127.0.0.1:${port}`);
    session.on('error', failed);
    await once(session, 'connect');
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
  };
  const places = services.flatMap((service) =>
    Array.from({ length: shape.workloads }, (_, workload) => ({ service, workload })),
  );
  for (let first = 0; first < places.length; first += connectingAtOnce)
    await Promise.all(
      places.slice(first, first + connectingAtOnce).map(({ service, workload }) => open(service, workload)),
    );
}

/** Once as many came as are awaited. */
function report(): void {
  if (awaited === 0 || responses.length < awaited) return;
  awaited = 0;
  say({ kind: 'acknowledged', responses });
  responses = [];
}

process.on('message', (order: FleetOrder) => {
  if (order.kind === 'connect') void start(order);
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
