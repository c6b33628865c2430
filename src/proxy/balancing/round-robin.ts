/**
 * Round robin, weighted by static strides: in each round over the hosts a host is passed over as often as its weight
 * falls short of the largest, evenly spread. No table, no heap, and equal weights cost nothing.
 */
import type { Host } from '../clusters/host.ts';
import type { Balancer } from './balancer.ts';

const MAX_WEIGHT = 65_535;

export function roundRobin(hosts: readonly Host[], random: () => number): Balancer {
  const start = Math.floor(random() * hosts.length);
  const largest = Math.max(...hosts.map((host) => host.weight));
  return hosts.every((host) => host.weight === largest) ? inTurn(hosts, start) : byStride(hosts, largest, start);
}

function inTurn(hosts: readonly Host[], start: number): Balancer {
  let next = start;
  return () => {
    if (next >= hosts.length) next = 0;
    return hosts[next++];
  };
}

function byStride(hosts: readonly Host[], largest: number, start: number): Balancer {
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
