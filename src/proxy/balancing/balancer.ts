/**
 * Chooses a host for a request. A balancer is built from one set of eligible hosts and replaced when the set changes,
 * so that choosing never looks at health or removal.
 */
import type { BalancedHost, Balancer } from './balanced-host.ts';
import { leastRequest } from './least-request.ts';
import { maglev } from './maglev.ts';
import { weightedRandom } from './random.ts';
import { ringHash } from './ring-hash.ts';
import { roundRobin } from './round-robin.ts';

export type BalancingPolicy =
  | { readonly kind: 'round-robin' }
  | { readonly kind: 'least-request'; readonly choices: number }
  | { readonly kind: 'random' }
  | { readonly kind: 'ring-hash'; readonly minimumSize: number; readonly maximumSize: number }
  | { readonly kind: 'maglev'; readonly tableSize: number };

/** `random` gives numbers in [0, 1). */
export function balancer<H extends BalancedHost>(
  policy: BalancingPolicy,
  hosts: readonly H[],
  random: () => number,
): Balancer<H> {
  const [only] = hosts;
  if (only === undefined) return () => undefined;
  if (hosts.length === 1) return () => only;
  switch (policy.kind) {
    case 'round-robin':
      return roundRobin(hosts, random);
    case 'least-request':
      return leastRequest(hosts, policy.choices, random);
    case 'random':
      return weightedRandom(hosts, random);
    case 'ring-hash':
      return ringHash(hosts, policy.minimumSize, policy.maximumSize);
    case 'maglev':
      return maglev(hosts, policy.tableSize);
  }
}
