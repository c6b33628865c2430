/** A worker thread: a data plane that does what the primary says. Loading this module in a thread started for it serves. */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { registerCodecModules } from '../../../codecs/codec-modules.ts';
import type { PlaneNews } from '../connections/runtime.ts';
import { DataPlane } from '../data-plane.ts';
import { takeSnapshot } from '../observation/snapshot.ts';
import type { WorkerAnswer, WorkerData, WorkerMessage, WorkerQuestion } from './worker-messages.ts';

export function isWorkerData(data: unknown): data is WorkerData {
  return typeof data === 'object' && data !== null && 'isthmusProxyWorker' in data;
}

if (parentPort !== null && isWorkerData(workerData)) serve(parentPort, workerData);

function serve(port: MessagePort, { limits, bucketMemory, codecModules }: WorkerData): void {
  const tell = (message: WorkerMessage): void => port.postMessage(message);
  const news: PlaneNews = {
    fault: (message) => tell({ kind: 'fault', message }),
    mutationMissed: (missed) => tell({ kind: 'mutationMissed', missed }),
    logUnwritable: (log) => tell({ kind: 'logUnwritable', log }),
  };
  const plane = new DataPlane({ limits, bucketMemory, sharedAddresses: true, news });
  let work: Promise<unknown> = registerCodecModules(codecModules);
  port.on('message', (question: WorkerQuestion) => {
    // A snapshot does not wait for a listener that takes its time.
    if (question.kind === 'snapshot') void answer(plane, question).then((reply) => port.postMessage(reply));
    else work = work.then(async () => port.postMessage(await answer(plane, question)));
  });
}

async function answer(plane: DataPlane, question: WorkerQuestion): Promise<WorkerAnswer> {
  const { number } = question;
  switch (question.kind) {
    case 'apply': {
      const applied = await plane.apply(question.changes);
      return { kind: 'apply', number, applied, names: plane.resourceNames() };
    }
    case 'snapshot':
      return { kind: 'snapshot', number, snapshot: takeSnapshot(plane) };
    case 'stop':
      await plane.stop();
      return { kind: 'stop', number };
  }
}
