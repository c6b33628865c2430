/**
 * The data planes of one proxy: one on this thread, or one on each of N worker threads that listen on the same
 * addresses. Either way one configuration goes in and one set of figures comes out.
 */
import { Worker } from 'node:worker_threads';
import type { Applied } from '../config/resources.ts';
import type { ProxyLimits } from '../connections/runtime.ts';
import { DataPlane } from '../data-plane.ts';
import { mergeSnapshots, type ProxySnapshot, takeSnapshot } from '../observation/snapshot.ts';
import type { ConfigurationTarget, ResourceNames } from '../xds-client/configuration.ts';
import type { WorkerAnswer, WorkerData, WorkerQuestion } from './worker-messages.ts';

export interface Planes extends ConfigurationTarget {
  snapshot(): Promise<ProxySnapshot>;
  /** Lets requests in flight finish, then closes everything. */
  stop(): Promise<void>;
}

export function planeHere(limits: ProxyLimits, bucketMemory: SharedArrayBuffer): Planes {
  const plane = new DataPlane({ limits, bucketMemory, sharedAddresses: false });
  return {
    apply: (changes) => plane.apply(changes),
    resourceNames: () => plane.resourceNames(),
    snapshot: async () => takeSnapshot(plane),
    stop: () => plane.stop(),
  };
}

/** `module` is the worker's module; a bundle has it in a file of its own. */
export function planesOnWorkers(
  count: number,
  limits: ProxyLimits,
  bucketMemory: SharedArrayBuffer,
  module: URL,
  codecModules: readonly string[],
): Planes {
  const data: WorkerData = { isthmusProxyWorker: true, limits, bucketMemory, codecModules };
  const workers = Array.from({ length: count }, () => new WorkerLink(new Worker(module, { workerData: data })));
  let names: ResourceNames = { endpoints: [], routes: [] };
  return {
    apply: async (changes) => {
      const answers = await Promise.all(workers.map((worker) => worker.ask({ kind: 'apply', number: 0, changes })));
      const applied = answers.flatMap((answer) => (answer.kind === 'apply' ? [answer] : []));
      names = applied[0]?.names ?? names;
      return mergeApplied(applied.map((answer) => answer.applied));
    },
    resourceNames: () => names,
    snapshot: async () => {
      const answers = await Promise.all(workers.map((worker) => worker.ask({ kind: 'snapshot', number: 0 })));
      return mergeSnapshots(answers.flatMap((answer) => (answer.kind === 'snapshot' ? [answer.snapshot] : [])));
    },
    stop: async () => {
      await Promise.all(workers.map((worker) => worker.ask({ kind: 'stop', number: 0 })));
      await Promise.all(workers.map((worker) => worker.end()));
    },
  };
}

/** A resource that any worker refuses is refused, once. */
function mergeApplied(all: readonly Applied[]): Applied {
  const rejections = new Map(
    all.flatMap(({ rejections: some }) => some.map((one) => [`${one.kind} ${one.name}`, one] as const)),
  );
  return { rejections: [...rejections.values()], inert: all[0]?.inert ?? [] };
}

class WorkerLink {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, { resolve(answer: WorkerAnswer): void; reject(error: unknown): void }>();
  #next = 0;

  constructor(worker: Worker) {
    this.#worker = worker;
    worker.on('message', (answer: WorkerAnswer) => {
      this.#waiting.get(answer.number)?.resolve(answer);
      this.#waiting.delete(answer.number);
    });
    worker.on('error', (error) => {
      for (const { reject } of this.#waiting.values()) reject(error);
      this.#waiting.clear();
    });
  }

  async ask(question: WorkerQuestion): Promise<WorkerAnswer> {
    const number = this.#next++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(number, { resolve, reject });
      this.#worker.postMessage({ ...question, number });
    });
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }
}
