/**
 * As Envoy does it: among hosts of one weight the least loaded of a few that are chosen at random; where weights differ,
 * in weighted turns, each weight divided by the requests in flight, so that shares are those of the weights under little
 * load.
 */
import type { BalancedHost, Balancer } from './balanced-host.ts';
import { earliestDeadline } from './earliest-deadline.ts';

export function leastRequest<H extends BalancedHost>(
  hosts: readonly H[],
  choices: number,
  random: () => number,
): Balancer<H> {
  const [first] = hosts;
  const areAlike = hosts.every(({ weight }) => weight === first?.weight);
  return areAlike
    ? leastOfFew(hosts, choices, random)
    : earliestDeadline(hosts, ({ weight, active }) => weight / (active + 1), random);
}

function leastOfFew<H extends BalancedHost>(hosts: readonly H[], choices: number, random: () => number): Balancer<H> {
  return () => {
    let best: H | undefined;
    for (let choice = 0; choice < choices; choice++) {
      const host = hosts[Math.floor(random() * hosts.length)];
      if (host !== undefined && (best === undefined || host.active < best.active)) best = host;
    }
    return best;
  };
}
