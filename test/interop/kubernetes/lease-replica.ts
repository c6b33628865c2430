/**
 * A replica that writes as often as it may: to be forked with a kubeconfig, its identity and its LeaseTimes as JSON. Each write
 * leaves its identity in the ConfigMap default/written; whoever forked it is told LeaseNews, at once and on each change.
 */
import { uptime } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { Leadership } from '../../../src/delivery/kubernetes/replicas/leadership.ts';
import { writableBy } from '../../../src/delivery/kubernetes/replicas/writership.ts';
import { openClusterAccess } from '../../../src/kubernetes-api/cluster-access.ts';
import { systemClock } from '../../../src/model/clock.ts';
import { aheadMs, type LeaseNews, writtenPath } from './lease-scene.ts';

const [kubeconfig = '', identity = '', times = '{}'] = process.argv.slice(2);
const { server } = await openClusterAccess({ kubeconfig });
const skewMs = identity === 'ahead' ? aheadMs : 0;
const leadership = new Leadership({
  server,
  namespace: 'default',
  name: 'isthmus',
  revision: 'default',
  identity,
  // Replicas need not agree on the time.
  clock: { now: () => systemClock.now() + skewMs, after: (ms, run) => systemClock.after(ms, run) },
  steady: () => uptime() * 1000,
  times: JSON.parse(times),
});
let told: LeaseNews = { isWriter: false, holder: '' };
process.send?.(told);
function tell(): void {
  const { isWriter, holder } = leadership;
  if (isWriter === told.isWriter && holder === told.holder) return;
  told = { isWriter, holder };
  process.send?.(told);
}
leadership.onChange(tell);
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
  tell();
}
await leadership.close();
server.close();
