/**
 * Splits as gRPC clients can take them. A gRPC call is a POST, and a client compares no authority: conditions that ask for
 * another method or for a query never hold, and those that ask for an authority, a scheme or a caller cannot be told of. A client takes no route that answers
 * by itself; calls that are refused go to a cluster without endpoints.
 */
import { grouped } from '../../model/access-expression.ts';
import type { RoutedRequest } from '../../model/routed-request.ts';
import { nowhere, type PortSplit, type SplitRoute } from '../../model/traffic-split.ts';
import { enumValue } from '../../xds-api/messages.ts';
import { type EncodedResource, encodeResource } from '../encoded-resource.ts';
import { outboundClusterName } from '../names/resource-names.ts';
import { adsSource } from './values.ts';

const EDS = enumValue('envoy.config.cluster.v3.Cluster.DiscoveryType', 'EDS');

interface GrpcSplit {
  readonly routes: PortSplit;
  /** With a condition that cannot be told of. Their calls go where those go that match nothing. */
  readonly untold: PortSplit;
  /** What the routes need beside the clusters of services. */
  readonly clusters: readonly EncodedResource[];
}

export function grpcSplit(split: PortSplit, host: string, port: number): GrpcSplit {
  const untold = split.filter(({ requests }) => requests !== 'any' && requests.some(asksForUnseen));
  const told = split.filter((route) => !untold.includes(route));
  const refusing = nowhere(host, port);
  const isClosed = told.some(({ destinations }) => destinations.length === 0);
  return {
    routes: told.map((route) =>
      asCalls(route.destinations.length > 0 ? route : { ...route, destinations: [refusing] }),
    ),
    untold,
    clusters: isClosed ? emptyCluster(outboundClusterName(host, port, refusing.destination.subset)) : [],
  };
}

function asksForUnseen({ headers, sourceNamespace }: RoutedRequest): boolean {
  return sourceNamespace !== undefined || headers.some(({ name }) => name === 'host' || name === ':scheme');
}

/** The path of a call has no query; what is done with requests beside choosing them is nothing that clients do. */
function asCalls({ http: _, ...route }: SplitRoute): SplitRoute {
  const destinations = route.destinations.map(({ destination, weight }) => ({ destination, weight }));
  if (route.requests === 'any') return { ...route, destinations };
  const calls = route.requests.filter(
    ({ methods, query = [] }) => query.length === 0 && (methods.length === 0 || methods.includes('POST')),
  );
  const requests = calls.map((condition) => ({ ...condition, headers: wholly(condition), methods: [] }));
  return { ...route, requests, destinations };
}

/** Clients put anchors around what is written, which would be those of its first and last alternative. */
function wholly({ headers }: RoutedRequest): RoutedRequest['headers'] {
  return headers.map(({ name, regex }) => ({ name, regex: grouped(regex) }));
}

/** A client waits long for a cluster that is not there, and at once fails calls to one without endpoints. */
function emptyCluster(name: string): readonly EncodedResource[] {
  const cluster = { name, type: EDS, edsClusterConfig: { edsConfig: adsSource } };
  return [
    encodeResource('envoy.config.cluster.v3.Cluster', name, cluster),
    encodeResource('envoy.config.endpoint.v3.ClusterLoadAssignment', name, { clusterName: name }),
  ];
}
