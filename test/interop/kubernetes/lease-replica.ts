/**
 * A replica that writes as often as it may: to be forked with a kubeconfig and its identity. Each write leaves its identity in
 * the ConfigMap default/written.
 */
import { uptime } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { Leadership } from '../../../src/delivery/kubernetes/leadership.ts';
import { writableBy } from '../../../src/delivery/kubernetes/writership.ts';
import { openClusterAccess } from '../../../src/kubernetes-api/cluster-access.ts';
import { systemClock } from '../../../src/model/clock.ts';
import { shortTimes, writtenPath } from './lease-scene.ts';

const [kubeconfig = '', identity = ''] = process.argv.slice(2);
const { server } = await openClusterAccess({ kubeconfig });
const skewMs = identity === 'ahead' ? 3_600_000 : 0;
const leadership = new Leadership({
  server,
  namespace: 'default',
  name: 'isthmus',
  revision: 'default',
  identity,
  // Replicas need not agree on the time.
  clock: { now: () => systemClock.now() + skewMs, after: (ms, run) => systemClock.after(ms, run) },
  steady: () => uptime() * 1000,
  times: shortTimes,
});
const writer = writableBy(leadership, server);
let isStopping = false;
process.once('SIGTERM', () => {
  isStopping = true;
});
while (!isStopping) {
  const body = { data: { by: identity, count: String(performance.now()) } };
  await writer
    .send({ method: 'PATCH', path: writtenPath, contentType: 'application/merge-patch+json', body })
    .catch(() => pause(20));
}
await leadership.close();
server.close();
