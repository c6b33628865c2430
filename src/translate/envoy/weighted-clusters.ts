/** Destinations as clusters: the same in all forms of routes. */
import type { HttpHeaderChanges } from '../../model/header-changes.ts';
import type { WeightedDestination } from '../../model/route.ts';
import type { envoy } from '../../xds-api/messages.ts';
import { outboundClusterName } from '../names/resource-names.ts';
import { headerFields } from './header-fields.ts';
import { wrapped } from './values.ts';

/** One destination is a cluster, whatever its weight; more are weighted clusters. */
export function clusterSpecifier(destinations: readonly WeightedDestination[]): {
  cluster?: string;
  weightedClusters?: envoy.config.route.v3.WeightedCluster;
} {
  const clusters = destinations.map(({ destination: { host, port, subset }, weight, headers }) => ({
    name: outboundClusterName(host, port, subset),
    weight: wrapped(weight),
    ...(headers === undefined || destinations.length === 1 ? {} : headersOfCluster(headers)),
  }));
  const [first] = clusters;
  return clusters.length === 1 && first !== undefined ? { cluster: first.name } : { weightedClusters: { clusters } };
}

function headersOfCluster(headers: HttpHeaderChanges) {
  return {
    ...headerFields(headers),
    ...(headers.authority === undefined ? {} : { hostRewriteLiteral: headers.authority }),
  };
}

/** For filters that take no weight of 0. Where no weight is left, all are equal: connections have to go somewhere. */
export function positiveWeights(destinations: readonly WeightedDestination[]): { name: string; weight: number }[] {
  const weighted = destinations.filter(({ weight }) => weight > 0);
  return (weighted.length === 0 ? destinations : weighted).map(({ destination, weight }) => ({
    name: outboundClusterName(destination.host, destination.port, destination.subset),
    weight: Math.max(1, weight),
  }));
}

/** The cluster of most weight, the first of several: for filters that know no weights. */
export function heaviest(destinations: readonly WeightedDestination[]): string {
  const weighted = positiveWeights(destinations);
  const most = Math.max(...weighted.map(({ weight }) => weight));
  return weighted.find(({ weight }) => weight === most)?.name ?? '';
}
