/**
 * Where callers look first: endpoints in their own zone, then in their region, then all others. A proxy goes on to the next
 * when too few of those before are healthy, and shares out between them as some are lost.
 */
import type { EndpointGroup, Locality } from '../../model/endpoint.ts';
import type { TrafficPolicy } from '../../model/traffic-policy.ts';

/**
 * By the group's key, from 0 on without gaps, as proxies demand. Undefined where all are as near: then one assignment serves
 * callers from everywhere.
 */
export function prioritiesFor(
  from: Locality,
  groups: readonly EndpointGroup[],
): ReadonlyMap<string, number> | undefined {
  const distances = new Map(groups.map(({ key, locality }) => [key, distanceOf(from, locality)] as const));
  const known = [...new Set(distances.values())].sort((a, b) => a - b);
  if (known.length < 2) return undefined;
  return new Map([...distances].map(([key, distance]) => [key, known.indexOf(distance)] as const));
}

/** A zone is one of its region, where both sides say which; what nobody says is near to nobody. */
function distanceOf(from: Locality, to: Locality): number {
  const isOtherRegion = from.region !== '' && to.region !== '' && from.region !== to.region;
  if (!isOtherRegion && from.zone !== '' && from.zone === to.zone) return 0;
  return from.region !== '' && from.region === to.region ? 1 : 2;
}

/** Hashing chooses one endpoint for callers from everywhere: an order of their own would give each zone another one. */
export function prefersNear({ loadBalancing }: TrafficPolicy): boolean {
  return loadBalancing.kind !== 'consistent-hash' && loadBalancing.kind !== 'passthrough';
}
