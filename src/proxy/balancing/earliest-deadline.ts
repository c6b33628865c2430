/**
 * Weighted turns: each host has a deadline, the earliest is next, and the higher its weight the sooner its next one. The
 * weight is asked for at each turn, so that it can follow the load. A binary heap: O(log n) a choice.
 */
import type { Balancer } from './balanced-host.ts';

/** `weightOf` gives numbers above 0. `random` gives numbers in [0, 1), so that workers do not move in step. */
export function earliestDeadline<H>(
  hosts: readonly H[],
  weightOf: (host: H) => number,
  random: () => number,
): Balancer<H> {
  const deadlines = Float64Array.from(hosts, (host) => random() / weightOf(host));
  /** Indexes of hosts, as a heap by their deadlines. */
  const heap = Uint32Array.from(hosts.keys()).sort((a, b) => (deadlines[a] ?? 0) - (deadlines[b] ?? 0));
  return () => {
    const index = heap[0] ?? 0;
    const host = hosts[index];
    if (host === undefined) return undefined;
    deadlines[index] = (deadlines[index] ?? 0) + 1 / weightOf(host);
    sink(heap, deadlines);
    return host;
  };
}

/** Brings the root of the heap to its place, after its deadline moved away. */
function sink(heap: Uint32Array, deadlines: Float64Array): void {
  const moving = heap[0] ?? 0;
  const deadline = deadlines[moving] ?? 0;
  const deadlineAt = (place: number): number => deadlines[heap[place] ?? 0] ?? 0;
  let place = 0;
  for (let child = 1; child < heap.length; child = 2 * place + 1) {
    if (child + 1 < heap.length && deadlineAt(child + 1) < deadlineAt(child)) child++;
    if (deadlineAt(child) >= deadline) break;
    heap[place] = heap[child] ?? 0;
    place = child;
  }
  heap[place] = moving;
}
