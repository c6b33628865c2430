/** The least loaded of a few hosts chosen at random, load being requests in flight by weight. */
import type { BalancedHost, Balancer } from './balanced-host.ts';

export function leastRequest<H extends BalancedHost>(
  hosts: readonly H[],
  choices: number,
  random: () => number,
): Balancer<H> {
  return () => {
    let best: H | undefined;
    for (let choice = 0; choice < choices; choice++) {
      const host = hosts[Math.floor(random() * hosts.length)];
      if (host !== undefined && (best === undefined || load(host) < load(best))) best = host;
    }
    return best;
  };
}

function load(host: BalancedHost): number {
  return (host.active + 1) / host.weight;
}
