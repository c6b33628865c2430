/**
 * Where what is sent to a service goes instead, by the weights of its splits. The first route that a request satisfies
 * decides; what satisfies none goes to the service itself.
 */
import type { HttpTreatment } from './http-treatment.ts';
import type { RuleOrigin, WeightedDestination } from './route.ts';
import type { RoutedRequest } from './routed-request.ts';
import type { ServiceKey } from './service.ts';

export interface SplitRoute {
  /** Who wrote it. */
  readonly origin: RuleOrigin;
  /** Where it stands in that object, where it is one of several there. */
  readonly path?: string;
  /** Requests that satisfy one of them; any: whatever is spoken, HTTP or not. */
  readonly requests: readonly RoutedRequest[] | 'any';
  /** Weights are above 0. Empty: what satisfies it is refused, or answered as `http` says. */
  readonly destinations: readonly WeightedDestination[];
  /** What is done with its requests beside that; absent where nothing is said. */
  readonly http?: HttpTreatment;
}

/** In the order in which they are tried; none comes after one that is for any request. */
export type PortSplit = readonly SplitRoute[];

export interface ServiceSplits {
  /** Of the service that callers address. */
  readonly key: ServiceKey;
  /** By port; none for a port that no split is for. */
  readonly ports: Readonly<Record<number, PortSplit>>;
  /** The services that are destinations of any weight, without this one; sorted. */
  readonly backends: readonly ServiceKey[];
}

/** The split as it is for callers of a namespace; undefined for those of whom nothing is known. */
export function splitFor(split: PortSplit, namespace: string | undefined): PortSplit {
  return split.flatMap((route) => {
    if (route.requests === 'any') return [route];
    const requests = route.requests.filter(
      ({ sourceNamespace }) => sourceNamespace === undefined || sourceNamespace === namespace,
    );
    if (requests.length === route.requests.length) return [route];
    return requests.length === 0 ? [] : [{ ...route, requests }];
  });
}

/** Sorted: whose callers have a split of their own. */
export function sourceNamespaces(split: PortSplit): readonly string[] {
  const asked = split.flatMap(({ requests }) => (requests === 'any' ? [] : requests));
  return [...new Set(asked.flatMap(({ sourceNamespace }) => sourceNamespace ?? []))].sort();
}

/** Callers of a service with splits: what one of its backends permits as well, they may try. */
export interface SplitCallers {
  readonly key: ServiceKey;
  /** SPIFFE ids, sorted; any: whoever has a certificate of the mesh. */
  readonly callers: readonly string[] | 'any';
}

/** The subset that stands for a split without backends: no host has one of this name, so nothing gets through. */
const NOWHERE = 'no backend';

/** A destination that refuses all; a proxy that does not check has no such cluster. */
export function nowhere(host: string, port: number): WeightedDestination {
  return { destination: { host, port, subset: NOWHERE }, weight: 1 };
}

/**
 * Where connections to a host's port go, of which nothing is known but that they came; undefined where no split is for
 * them.
 */
export function splitOfConnections(
  split: PortSplit | undefined,
  host: string,
  port: number,
): readonly WeightedDestination[] | undefined {
  const route = split?.find(({ requests }) => requests === 'any');
  if (route === undefined || route.destinations.length > 0) return route?.destinations;
  return [nowhere(host, port)];
}
