/**
 * A route plan bound to a codec and to live clusters: what a request is routed by. A table whose first route takes
 * everything decides without reading anything; a long table of equalities is entered through an index.
 */
import type { Codec, Frame, Mutation } from '../../../codecs/codec.ts';
import { HASH_START, hashText, mix } from '../balancing/hash.ts';
import type { ClusterDirectory, ClusterPlace } from '../clusters/cluster-directory.ts';
import type { RoutePlan, RouteTablePlan, WeightedCluster } from '../config/route-plan.ts';
import { type BoundMatcher, bindMatchers, matchesAll } from './bound-matcher.ts';
import { PropertyView } from './property-view.ts';

export interface BoundRoute {
  readonly name: string;
  readonly matchers: readonly BoundMatcher[];
  readonly clusters: WeightedPlaces;
  readonly mirrors: readonly { readonly place: ClusterPlace; readonly fraction: number }[];
  /** Empty when the codec cannot mutate. */
  readonly requestMutation: Mutation;
  readonly responseMutation: Mutation;
  /** Numbers of the properties that choose the host. */
  readonly hashProperties: readonly number[];
}

/** A table longer than this is worth an index. */
const INDEXED_ROUTES = 8;

export class RouteTable {
  readonly name: string;
  readonly #view: PropertyView;
  readonly #routes: readonly BoundRoute[];
  readonly #first: BoundRoute | undefined;
  readonly #index: RouteIndex | undefined;

  constructor(plan: RouteTablePlan, codec: Codec, directory: ClusterDirectory) {
    this.name = plan.name;
    this.#view = new PropertyView(codec);
    this.#routes = plan.routes.map((route) => bindRoute(route, codec, directory, this.#view));
    const [first] = this.#routes;
    this.#first = first?.matchers.length === 0 ? first : undefined;
    this.#index = this.#routes.length > INDEXED_ROUTES ? indexRoutes(this.#routes) : undefined;
  }

  select(bytes: Buffer, start: number, frame: Frame): BoundRoute | undefined {
    this.#view.open(bytes, start, frame);
    if (this.#first !== undefined) return this.#first;
    const routes = this.#index === undefined ? this.#routes : this.#candidates(this.#index);
    for (const route of routes) if (matchesAll(route.matchers, this.#view)) return route;
    return undefined;
  }

  /** The hash of the frame that was last selected for; a random one when the route does not hash. */
  hash(route: BoundRoute): number {
    if (route.hashProperties.length === 0) return (Math.random() * 0x1_0000_0000) >>> 0;
    let hash = HASH_START;
    for (const number of route.hashProperties) hash = mix(hashText(this.#view.read(number) ?? '', hash));
    return hash;
  }

  #candidates(index: RouteIndex): readonly BoundRoute[] {
    const value = this.#view.read(index.property);
    return (value === undefined ? undefined : index.byValue.get(value)) ?? index.others;
  }
}

/** Routes by the value that one property must have. Both lists are in the table's order. */
interface RouteIndex {
  readonly property: number;
  readonly byValue: ReadonlyMap<string, readonly BoundRoute[]>;
  /** Routes that do not ask for one value of that property. */
  readonly others: readonly BoundRoute[];
}

function indexRoutes(routes: readonly BoundRoute[]): RouteIndex | undefined {
  const uses = new Map<number, number>();
  for (const { matchers } of routes)
    for (const { number, exact } of matchers) if (exact !== undefined) uses.set(number, (uses.get(number) ?? 0) + 1);
  const [most] = [...uses].sort(([, a], [, b]) => b - a);
  if (most === undefined) return undefined;
  const [property] = most;
  const askedValue = (route: BoundRoute): string | undefined =>
    route.matchers.find(({ number, exact }) => number === property && exact !== undefined)?.exact;
  const others: BoundRoute[] = [];
  const byValue = new Map<string, BoundRoute[]>();
  for (const route of routes) {
    const value = askedValue(route);
    if (value !== undefined) {
      const list = byValue.get(value) ?? [...others];
      list.push(route);
      byValue.set(value, list);
      continue;
    }
    others.push(route);
    for (const list of byValue.values()) list.push(route);
  }
  return { property, byValue, others };
}

/** The clusters of a route with a running sum of their weights. */
export class WeightedPlaces {
  readonly #places: readonly ClusterPlace[];
  readonly #sums: readonly number[];
  readonly #total: number;

  constructor(clusters: readonly WeightedCluster[], directory: ClusterDirectory) {
    let total = 0;
    this.#places = clusters.map(({ cluster }) => directory.place(cluster));
    this.#sums = clusters.map(({ weight }) => {
      total += weight;
      return total;
    });
    this.#total = total;
  }

  pick(): ClusterPlace | undefined {
    if (this.#places.length === 1) return this.#places[0];
    const value = Math.random() * this.#total;
    return this.#places[this.#sums.findIndex((sum) => sum > value)];
  }
}

function bindRoute(plan: RoutePlan, codec: Codec, directory: ClusterDirectory, view: PropertyView): BoundRoute {
  const { mutates } = codec.capabilities;
  return {
    name: plan.name,
    matchers: bindMatchers(plan.matchers, view),
    clusters: new WeightedPlaces(plan.clusters, directory),
    mirrors: plan.mirrors.map(({ cluster, fraction }) => ({ place: directory.place(cluster), fraction })),
    requestMutation: mutates ? plan.requestMutation : [],
    responseMutation: mutates ? plan.responseMutation : [],
    hashProperties: plan.hashProperties.map((property) => view.number(property)),
  };
}
