/** The least loaded of a few hosts chosen at random, load being requests in flight by weight. */
import type { Host } from '../clusters/host.ts';
import type { Balancer } from './balancer.ts';

export function leastRequest(hosts: readonly Host[], choices: number, random: () => number): Balancer {
  return () => {
    let best: Host | undefined;
    for (let choice = 0; choice < choices; choice++) {
      const host = hosts[Math.floor(random() * hosts.length)];
      if (host !== undefined && (best === undefined || load(host) < load(best))) best = host;
    }
    return best;
  };
}

function load(host: Host): number {
  return (host.active + 1) / host.weight;
}
