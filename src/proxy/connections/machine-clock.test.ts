import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { expect, it } from 'vitest';
import { machineNow } from './machine-clock.ts';

it('is one clock for all threads', async () => {
  const module = JSON.stringify(new URL('./machine-clock.ts', import.meta.url).pathname);
  const program = `import(${module}).then((clock) => require('node:worker_threads').parentPort.postMessage(clock.machineNow()))`;
  const before = machineNow();
  const worker = new Worker(program, { eval: true, execArgv: [] });
  const [there]: unknown[] = await once(worker, 'message');
  // One microsecond for the rounding of two readings.
  expect(there).toBeGreaterThan(before - 0.001);
  expect(there).toBeLessThan(machineNow() + 0.001);
  await worker.terminate();
});
