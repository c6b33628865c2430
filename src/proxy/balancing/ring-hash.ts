/** Ring hash: each host stands at many points of a ring; a request goes to the first point at or after its hash. */
import type { BalancedHost, Balancer } from './balanced-host.ts';
import { hashText, mix } from './hash.ts';

export function ringHash<H extends BalancedHost>(
  hosts: readonly H[],
  minimumSize: number,
  maximumSize: number,
): Balancer<H> {
  const points = ringPoints(hosts, minimumSize, maximumSize);
  const hashes = Uint32Array.from(points, ([hash]) => hash);
  const owners = points.map(([, host]) => host);
  return (hash, attempt) => {
    const first = firstAtOrAfter(hashes, hash >>> 0) % owners.length;
    return attempt === 0 ? owners[first] : otherHost(owners, first, attempt);
  };
}

function ringPoints<H extends BalancedHost>(
  hosts: readonly H[],
  minimumSize: number,
  maximumSize: number,
): [number, H][] {
  const perWeight = pointsPerWeight(hosts, minimumSize, maximumSize);
  const points: [number, H][] = [];
  for (const host of hosts) {
    const count = Math.max(1, Math.round(host.weight * perWeight));
    for (let index = 0; index < count; index++) points.push([mix(hashText(`${host.key}_${index}`)), host]);
  }
  return points.sort(([a, one], [b, other]) => a - b || (one.key < other.key ? -1 : 1));
}

/** The lightest host gets a power of two: so a host that comes or goes seldom changes how many points the others have. */
function pointsPerWeight(hosts: readonly BalancedHost[], minimumSize: number, maximumSize: number): number {
  const total = hosts.reduce((sum, host) => sum + host.weight, 0);
  const smallest = Math.min(...hosts.map((host) => host.weight));
  const wanted = 2 ** Math.max(0, Math.ceil(Math.log2((minimumSize * smallest) / total)));
  return Math.min(wanted / smallest, maximumSize / total);
}

/** Going round from `first`, the host that comes after `skip` other ones. */
function otherHost<H extends BalancedHost>(owners: readonly H[], first: number, skip: number): H | undefined {
  const seen = new Set([owners[first]]);
  for (let step = 1; step < owners.length; step++) {
    const host = owners[(first + step) % owners.length];
    seen.add(host);
    if (seen.size > skip) return host;
  }
  return owners[first];
}

function firstAtOrAfter(hashes: Uint32Array, hash: number): number {
  let low = 0;
  let high = hashes.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((hashes[middle] ?? 0) >= hash) high = middle;
    else low = middle + 1;
  }
  return low;
}
