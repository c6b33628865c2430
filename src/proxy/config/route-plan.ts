/** MetaProtocol RouteConfiguration -> an immutable plan; it names properties and clusters, and knows no codec. */
import type { Mutation } from '../../../codecs/codec.ts';
import type { Message } from '../../xds-api/messages.ts';
import { type PropertyMatcher, propertyMatcher } from './property-matcher.ts';
import { Rejection, within } from './rejection.ts';

export type RouteConfiguration = Message<'aeraki.meta_protocol_proxy.config.route.v1alpha.RouteConfiguration'>;
type RouteMessage = NonNullable<RouteConfiguration['routes']>[number];
type ActionMessage = NonNullable<RouteMessage['route']>;
type RouteMatch = Message<'aeraki.meta_protocol_proxy.config.route.v1alpha.RouteMatch'>;

export interface WeightedCluster {
  readonly cluster: string;
  readonly weight: number;
}

export interface MirrorPlan {
  readonly cluster: string;
  /** 0 to 1. */
  readonly fraction: number;
}

export interface RoutePlan {
  readonly name: string;
  /** All must hold; none: every request. */
  readonly matchers: readonly PropertyMatcher[];
  /** At least one; weights above 0. */
  readonly clusters: readonly WeightedCluster[];
  readonly mirrors: readonly MirrorPlan[];
  readonly requestMutation: Mutation;
  readonly responseMutation: Mutation;
  /** Sorted, so that their order in the configuration does not matter. */
  readonly hashProperties: readonly string[];
}

export interface RouteTablePlan {
  readonly name: string;
  readonly routes: readonly RoutePlan[];
}

/** Throws Rejection. */
export function planRoutes(configuration: RouteConfiguration): RouteTablePlan {
  const routes = (configuration.routes ?? []).map((route, index) => within(`routes[${index}]`, () => planRoute(route)));
  return { name: configuration.name ?? '', routes };
}

export function planMatchers(match: RouteMatch | null | undefined): readonly PropertyMatcher[] {
  return (match?.metadata ?? []).map((matcher, index) =>
    within(`match.metadata[${index}]`, () => propertyMatcher(matcher)),
  );
}

function planRoute(route: RouteMessage): RoutePlan {
  const action = route.route;
  if (action == null) throw new Rejection('a route needs a route action');
  return {
    name: route.name ?? '',
    matchers: planMatchers(route.match),
    clusters: within('route', () => planClusters(action)),
    mirrors: (action.requestMirrorPolicies ?? []).map(planMirror).filter(({ fraction }) => fraction > 0),
    requestMutation: planMutation(route.requestMutation),
    responseMutation: planMutation(route.responseMutation),
    hashProperties: [...(action.hashPolicy ?? [])].sort(),
  };
}

function planClusters(action: ActionMessage): readonly WeightedCluster[] {
  if (action.weightedClusters == null) {
    if (!action.cluster) throw new Rejection('a route action needs a cluster');
    return [{ cluster: action.cluster, weight: 1 }];
  }
  const clusters = (action.weightedClusters.clusters ?? [])
    .map(({ name, weight }) => ({ cluster: name ?? '', weight: weight?.value ?? 0 }))
    .filter(({ weight }) => weight > 0);
  if (clusters.length === 0) throw new Rejection('weighted clusters need one with a weight above 0');
  if (clusters.some(({ cluster }) => cluster === '')) throw new Rejection('a weighted cluster needs a name');
  return clusters;
}

type MirrorMessage = NonNullable<ActionMessage['requestMirrorPolicies']>[number];
const denominators = [100, 10_000, 1_000_000];

function planMirror(mirror: MirrorMessage): MirrorPlan {
  if (!mirror.cluster) throw new Rejection('a mirror policy needs a cluster');
  const fraction = mirror.runtimeFraction?.defaultValue;
  if (fraction == null) return { cluster: mirror.cluster, fraction: 1 };
  return {
    cluster: mirror.cluster,
    fraction: Math.min(1, (fraction.numerator ?? 0) / (denominators[fraction.denominator ?? 0] ?? 100)),
  };
}

function planMutation(pairs: RouteMessage['requestMutation']): Mutation {
  return (pairs ?? []).map(({ key, value }) => {
    if (!key) throw new Rejection('a mutation needs a key');
    return { key, value: value ?? '' };
  });
}
