/** Which of the replicas of a control plane writes: by the Lease of its revision in the system namespace. */

import { uptime } from 'node:os';
import type { Registry } from 'prom-client';
import type { EventRecorder } from '../../delivery/kubernetes/events/event-recorder.ts';
import { Leadership } from '../../delivery/kubernetes/replicas/leadership.ts';
import type { ApiServer } from '../../kubernetes-api/api-server.ts';
import { systemClock } from '../../model/clock.ts';
import { ownName } from '../../model/ownership.ts';
import { createLeadershipMetrics } from '../../operations/leadership-metrics.ts';
import type { Logger } from '../../operations/log.ts';

interface Replica {
  readonly server: ApiServer;
  readonly revision: string;
  readonly systemNamespace: string;
  /** No other one has it. */
  readonly identity: string;
}

/** Begins to ask for the right to write. That the store of the API server was put back is told to whoever follows it. */
export function openLeadership({ server, revision, systemNamespace, identity }: Replica, log: Logger): Leadership {
  return new Leadership({
    server,
    namespace: systemNamespace,
    // Other revisions write other objects: each has its own.
    name: ownName(revision),
    revision,
    identity,
    clock: systemClock,
    // Goes on while the process stands still, and while the machine sleeps, which Node's own clock does not count.
    steady: () => uptime() * 1000,
    onRestored: () => {
      log.warn({}, 'the store of the API server was put back to an earlier state: all of it is read again');
      server.beginHistory?.();
    },
  });
}

interface LeadershipSurroundings extends Omit<Replica, 'server'> {
  readonly leadership: Leadership;
  readonly events: Pick<EventRecorder, 'record'>;
  readonly metrics: Registry;
  readonly log: Logger;
}

/** Tells of who writes: log, event of the Lease, metric. Gives what ends that. */
export function tellOfLeadership(surroundings: LeadershipSurroundings): () => void {
  const { leadership, events, revision, systemNamespace, identity, metrics, log } = surroundings;
  const name = ownName(revision);
  const subject = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', namespace: systemNamespace, name, uid: '' };
  const stop = leadership.onChange((isWriter) => {
    const about = { lease: `${systemNamespace}/${name}`, identity };
    if (isWriter) {
      log.info(about, 'this replica writes to the API server');
      events.record({
        subject: { ...subject, plural: 'leases' },
        type: 'Normal',
        reason: 'LeaderElection',
        action: 'TakeOver',
        note: `${identity} writes to the API server from now on.`,
        attempt: new Date().toISOString(),
      });
    } else log.warn({ ...about, holder: leadership.holder }, 'this replica does not write to the API server any more');
  });
  createLeadershipMetrics(metrics, name, () => leadership.isWriter);
  return stop;
}
