/**
 * The data planes of one proxy: one on this thread, or one on each of N worker threads that listen on the same
 * addresses. Either way one configuration goes in and one set of figures comes out.
 */
import { Worker } from 'node:worker_threads';
import type { Applied } from '../config/resources.ts';
import { kindOf } from '../connections/missed-mutations.ts';
import type { ProxyLimits } from '../connections/runtime.ts';
import { ToldOnce } from '../connections/told-once.ts';
import { DataPlane } from '../data-plane.ts';
import { mergeSnapshots, type ProxySnapshot, takeSnapshot } from '../observation/snapshot.ts';
import type { ConfigurationTarget, ResourceNames } from '../xds-client/configuration.ts';
import { InForce } from './in-force.ts';
import { WorkerLink, type WorkerNews } from './worker-link.ts';
import type { WorkerData } from './worker-messages.ts';

export interface Planes extends ConfigurationTarget {
  snapshot(): Promise<ProxySnapshot>;
  /** Why nothing is served at the moment; undefined when something is. */
  unready(): string | undefined;
  /** Lets requests in flight finish, then closes everything. */
  stop(): Promise<void>;
}

export function planeHere(limits: ProxyLimits, bucketMemory: SharedArrayBuffer, news: WorkerNews): Planes {
  const plane = new DataPlane({ limits, bucketMemory, sharedAddresses: false, news });
  return {
    apply: (changes) => plane.apply(changes),
    resourceNames: () => plane.resourceNames(),
    snapshot: async () => takeSnapshot(plane),
    unready: () => undefined,
    stop: () => plane.stop(),
  };
}

/** `module` is the worker's module; a bundle has it in a file of its own. */
export function planesOnWorkers(count: number, module: URL, workerData: WorkerData, news: WorkerNews): Planes {
  const inForce = new InForce();
  const start = (): Worker => new Worker(module, { workerData });
  const toldOnce = onceOfAll(news);
  const workers = Array.from({ length: count }, () => new WorkerLink(start, () => inForce.all(), toldOnce));
  let names: ResourceNames = { endpoints: [], secrets: [], routes: [] };
  return {
    apply: async (changes) => {
      const settle = inForce.note(changes);
      const answers = await Promise.all(workers.map((worker) => worker.ask({ kind: 'apply', number: 0, changes })));
      const applied = answers.flatMap((answer) => (answer?.kind === 'apply' ? [answer] : []));
      names = applied[0]?.names ?? names;
      const merged = mergeApplied(applied.map((answer) => answer.applied));
      settle(merged.rejections);
      return merged;
    },
    resourceNames: () => names,
    snapshot: async () => {
      const answers = await Promise.all(workers.map((worker) => worker.ask({ kind: 'snapshot', number: 0 })));
      return mergeSnapshots(answers.flatMap((answer) => (answer?.kind === 'snapshot' ? [answer.snapshot] : [])));
    },
    unready: () => (workers.some(({ alive }) => alive) ? undefined : 'every worker has died; they are started anew'),
    stop: async () => {
      await Promise.all(workers.map((worker) => worker.ask({ kind: 'stop', number: 0 })));
      await Promise.all(workers.map((worker) => worker.end()));
    },
  };
}

/** What each worker tells once, and the primary once for all of them. */
function onceOfAll(news: WorkerNews): WorkerNews {
  const [faults, missed, logs] = [new ToldOnce(), new ToldOnce(), new ToldOnce()];
  return {
    fault: (message) => {
      if (faults.isNew(message)) news.fault(message);
    },
    mutationMissed: (mutation) => {
      if (missed.isNew(kindOf(mutation))) news.mutationMissed(mutation);
    },
    logUnwritable: (log) => {
      if (logs.isNew(`${log.path} ${log.reason}`)) news.logUnwritable(log);
    },
    workerDied: (reason, restartMs) => news.workerDied(reason, restartMs),
  };
}

/** A resource that any worker refuses is refused, once. */
function mergeApplied(all: readonly Applied[]): Applied {
  const rejections = new Map(
    all.flatMap(({ rejections: some }) => some.map((one) => [`${one.kind} ${one.name}`, one] as const)),
  );
  return { rejections: [...rejections.values()], inert: all[0]?.inert ?? [] };
}
