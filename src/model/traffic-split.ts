/**
 * Where what is sent to a service goes instead, by the weights of its splits. The first route that a request satisfies
 * decides; what satisfies none goes to the service itself.
 */
import type { RequestCondition } from './access.ts';
import type { RuleOrigin, WeightedDestination } from './route.ts';
import type { ServiceKey } from './service.ts';

export interface SplitRoute {
  /** Who wrote it. */
  readonly origin: RuleOrigin;
  /** Requests that satisfy one of them; any: whatever is spoken, HTTP or not. */
  readonly requests: readonly RequestCondition[] | 'any';
  /** Weights are above 0. Empty: what satisfies it is refused. */
  readonly destinations: readonly WeightedDestination[];
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
