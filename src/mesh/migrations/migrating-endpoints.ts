/** The endpoints of a port while its service moves: the old and the new ones, weighted so that each gets its share. */
import type { Endpoint } from '../../model/endpoint.ts';
import { addressKey } from '../endpoints/distinct-endpoints.ts';
import type { LocatedEndpoint } from '../endpoints/workloads.ts';

export interface MigratingEndpoints {
  readonly own: readonly LocatedEndpoint[];
  readonly target: readonly LocatedEndpoint[];
}

/** By which a subset can pick one side. */
export const migrationLabel = 'isthmus.dev/migration';

/** The sum of the weights of a locality has to fit into 32 bits. */
const maxWeight = 100_000;

/**
 * `share` is the percentage of requests that the target takes. Weights count by what can take requests: a side with
 * nobody healthy gets nothing, and the other one everything. An endpoint on both sides is one of the target.
 */
export function mixEndpoints({ own, target }: MigratingEndpoints, share: number): readonly LocatedEndpoint[] {
  if (share === 0 || weightOf(target) === 0) return own;
  const moved = new Set(target.map(addressKey));
  const left = own.filter((located) => !moved.has(addressKey(located)));
  if (share === 100 || weightOf(left) === 0) return target.map((one) => labelled(one, 'to', one.endpoint.weight));
  const exact = [...sideOf(left, 'from', 100 - share), ...sideOf(target, 'to', share)];
  const weights = wholeWeights(exact.map(({ weight }) => weight));
  return exact.map(({ located, side }, at) => labelled(located, side, weights[at] ?? 1));
}

export function weightOf(endpoints: readonly LocatedEndpoint[]): number {
  return endpoints.reduce((sum, { endpoint }) => sum + (isUsable(endpoint) ? endpoint.weight : 0), 0);
}

function isUsable({ health }: Endpoint): boolean {
  return health === 'healthy';
}

type Side = 'from' | 'to';

function sideOf(endpoints: readonly LocatedEndpoint[], side: Side, share: number) {
  const total = weightOf(endpoints);
  return endpoints.map((located) => ({ located, side, weight: (located.endpoint.weight * share) / total }));
}

/** Whole numbers of the same proportions, to half a percent, as small as they can be. */
function wholeWeights(exact: readonly number[]): readonly number[] {
  const [least, most] = [Math.min(...exact), Math.max(...exact)];
  const factor = Math.min(100 / least, maxWeight / most);
  const whole = exact.map((weight) => Math.max(1, Math.round(weight * factor)));
  const divisor = whole.reduce(greatestCommonDivisor, 0);
  return whole.map((weight) => weight / divisor);
}

function greatestCommonDivisor(a: number, b: number): number {
  let [greater, less] = [a, b];
  while (less !== 0) [greater, less] = [less, greater % less];
  return greater;
}

function labelled({ endpoint, locality }: LocatedEndpoint, side: Side, weight: number): LocatedEndpoint {
  return { endpoint: { ...endpoint, weight, labels: { ...endpoint.labels, [migrationLabel]: side } }, locality };
}
