/**
 * Where callers look first: endpoints in their own zone, then in their region, then all others, or as a rule has it. A proxy
 * goes on to the next when too few of those before are healthy, and shares out between them as some are lost.
 */
import type { EndpointGroup, Locality } from '../../model/endpoint.ts';
import type { PlacePreference, PlaceShares, TrafficPolicy } from '../../model/traffic-policy.ts';

/** What a group of endpoints is to callers from one place. */
export interface Standing {
  /** From 0 on without gaps, as proxies demand. */
  readonly priority: number;
  /** Among those of its priority; absent: as much as its endpoints weigh together. */
  readonly weight?: number;
}

/**
 * By the group's key; groups without one get nothing. Undefined where all are as near: then one assignment serves callers
 * from everywhere.
 */
export function standingsFor(
  from: Locality,
  groups: readonly EndpointGroup[],
  { places }: Pick<TrafficPolicy, 'places'>,
): ReadonlyMap<string, Standing> | undefined {
  const shares = places?.shares.find((one) => isIn(from, one.from));
  if (shares !== undefined) return sharedOut(shares, groups);
  const distances = new Map(groups.map(({ key, locality }) => [key, distanceOf(from, locality, places)] as const));
  const known = [...new Set(distances.values())].sort((a, b) => a - b);
  if (known.length < 2) return undefined;
  return new Map([...distances].map(([key, distance]) => [key, { priority: known.indexOf(distance) }] as const));
}

/** Whether callers from different places are to be given different assignments. */
export function prefersNear({ loadBalancing, places }: TrafficPolicy): boolean {
  if (places?.isEnabled === false) return false;
  // Hashing chooses one endpoint for callers from everywhere: an order of their own would give each zone another one.
  return loadBalancing.kind !== 'consistent-hash' && loadBalancing.kind !== 'passthrough';
}

/** Whether localities weigh what is said of them, and not what their endpoints weigh. */
export function sharesOut(policy: TrafficPolicy): boolean {
  return (policy.places?.shares.length ?? 0) > 0 && prefersNear(policy);
}

function distanceOf(from: Locality, to: Locality, places: PlacePreference | undefined): number {
  const { order = [], nextRegions = {} } = places ?? {};
  const distance = order.length === 0 ? usualDistance(from, to) : order.length - alike(from, to, order);
  const isNext = from.region !== to.region && nextRegions[from.region] === to.region && to.region !== '';
  return isNext ? distance - 0.5 : distance;
}

/** A zone is one of its region, where both sides say which; what nobody says is near to nobody. */
function usualDistance(from: Locality, to: Locality): number {
  const isOtherRegion = from.region !== '' && to.region !== '' && from.region !== to.region;
  if (!isOtherRegion && from.zone !== '' && from.zone === to.zone) return 0;
  return from.region !== '' && from.region === to.region ? 1 : 2;
}

/** How many, from the first on. */
function alike(from: Locality, to: Locality, order: PlacePreference['order']): number {
  const different = order.findIndex((part) => from[part] === '' || from[part] !== to[part]);
  return different < 0 ? order.length : different;
}

/** Fine enough that no endpoint's part of a percent is lost. */
const WEIGHT_OF_PERCENT = 10_000;

/** A group belongs to the place that says most of it. */
function sharedOut({ to }: PlaceShares, groups: readonly EndpointGroup[]): ReadonlyMap<string, Standing> {
  const standings = new Map<string, Standing>();
  for (const { place, percent } of to.toSorted((a, b) => precision(b.place) - precision(a.place))) {
    const own = groups.filter(({ key, locality }) => !standings.has(key) && isIn(locality, place));
    const total = own.reduce((sum, group) => sum + weightOf(group), 0);
    for (const group of own) {
      const weight = Math.round((percent * WEIGHT_OF_PERCENT * weightOf(group)) / total);
      standings.set(group.key, { priority: 0, weight: percent === 0 ? 0 : Math.max(1, weight) });
    }
  }
  return new Map([...standings].filter(([, { weight }]) => weight !== 0));
}

function weightOf({ endpoints }: EndpointGroup): number {
  return endpoints.reduce((sum, { weight }) => sum + weight, 0);
}

function precision(place: string): number {
  return place.split('/').filter((part) => part !== '*' && part !== '').length;
}

function isIn({ region, zone, subzone }: Locality, place: string): boolean {
  const [wantedRegion = '*', wantedZone = '*', wantedSubzone = '*'] = place.split('/');
  const fits = (own: string, wanted: string): boolean => wanted === '*' || wanted === own;
  return fits(region, wantedRegion) && fits(zone, wantedZone) && fits(subzone, wantedSubzone);
}
