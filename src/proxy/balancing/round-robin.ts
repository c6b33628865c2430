/**
 * Round robin, weighted by static strides: in each round over the hosts a host is passed over as often as its weight
 * falls short of the largest, evenly spread. No table, no heap, and equal weights cost nothing.
 */
import type { BalancedHost, Balancer } from './balanced-host.ts';

const MAX_WEIGHT = 65_535;

export function roundRobin<H extends BalancedHost>(hosts: readonly H[], random: () => number): Balancer<H> {
  const start = Math.floor(random() * hosts.length);
  const largest = Math.max(...hosts.map((host) => host.weight));
  return hosts.every((host) => host.weight === largest) ? inTurn(hosts, start) : byStride(hosts, largest, start);
}

function inTurn<H extends BalancedHost>(hosts: readonly H[], start: number): Balancer<H> {
  let next = start;
  return () => {
    if (next >= hosts.length) next = 0;
    return hosts[next++];
  };
}

function byStride<H extends BalancedHost>(hosts: readonly H[], largest: number, start: number): Balancer<H> {
  const weights = hosts.map((host) => Math.max(1, Math.round((host.weight / largest) * MAX_WEIGHT)));
  let sequence = start;
  return () => {
    for (;;) {
      const index = sequence % hosts.length;
      const round = Math.floor(sequence / hosts.length);
      sequence++;
      const weight = weights[index] ?? MAX_WEIGHT;
      // The offset spreads the passing over: without it hosts of equal weight would all be passed over in one round.
      if ((weight * round + index * (MAX_WEIGHT / 2)) % MAX_WEIGHT >= MAX_WEIGHT - weight) return hosts[index];
    }
  };
}
