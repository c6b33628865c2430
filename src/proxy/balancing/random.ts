/** Random choice in proportion to weight. */
import type { BalancedHost, Balancer } from './balanced-host.ts';

export function weightedRandom<H extends BalancedHost>(hosts: readonly H[], random: () => number): Balancer<H> {
  const sums: number[] = [];
  let total = 0;
  for (const host of hosts) {
    total += host.weight;
    sums.push(total);
  }
  if (hosts.every((host) => host.weight === hosts[0]?.weight)) return () => hosts[Math.floor(random() * hosts.length)];
  return () => hosts[firstAbove(sums, random() * total)];
}

/** Index of the first sum above `value`; sums ascend. */
function firstAbove(sums: readonly number[], value: number): number {
  let low = 0;
  let high = sums.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sums[middle] ?? 0) > value) high = middle;
    else low = middle + 1;
  }
  return low;
}
