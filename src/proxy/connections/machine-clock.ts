/**
 * Monotonic milliseconds that all threads of this machine agree on. `performance.now` alone counts from each thread's
 * own start, and the wall clock may be set back.
 */
const THREAD_START = Number(process.hrtime.bigint()) / 1e6 - performance.now();

export function machineNow(): number {
  return THREAD_START + performance.now();
}
