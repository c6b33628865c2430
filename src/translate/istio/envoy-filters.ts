/**
 * EnvoyFilters: objects by which Istio is made to put a filter of ours where it has put its TCP proxy. Each patch names one
 * listener, or one port behind a workload's common listener, and carries one whole filter: none is ever empty.
 *
 * The filter's configuration is wrapped so that Istio passes it on unread (`udpa.type.v1.TypedStruct`, which Envoys of every
 * age unwrap): it need not know the type.
 */
import type { IstioSettings, ProxyScope } from '../../model/istio-settings.ts';
import type { IstioMetadata, IstioObject } from './istio-objects.ts';
import type { Labels } from './workloads.ts';

export interface EnvoyFilter extends IstioObject {
  readonly kind: 'EnvoyFilter';
  readonly spec: {
    readonly workloadSelector?: { readonly labels: Labels };
    readonly configPatches: readonly ConfigPatch[];
  };
}

export interface ConfigPatch {
  readonly applyTo: 'NETWORK_FILTER' | 'CLUSTER';
  readonly match: {
    readonly context: 'SIDECAR_INBOUND' | 'SIDECAR_OUTBOUND' | 'GATEWAY' | 'ANY';
    readonly proxy?: { readonly metadata: Labels };
    readonly listener?: ListenerMatch;
    readonly cluster?: { readonly name: string };
  };
  readonly patch: { readonly operation: Operation; readonly value?: object };
}

type Operation = FilterOperation | 'MERGE' | 'REMOVE' | 'ADD';

/** First of all filters there, before the TCP proxy, or in its place. */
export type FilterOperation = 'INSERT_FIRST' | 'INSERT_BEFORE' | 'REPLACE';

interface ListenerMatch {
  readonly name?: string;
  readonly portNumber?: number;
  readonly filterChain?: {
    readonly destinationPort?: number;
    readonly sni?: string;
    readonly filter?: { readonly name: string };
  };
}

/** JSON as protobuf has it. */
export type FilterConfig = Readonly<Record<string, unknown>>;

/** A network filter before it is wrapped. */
export interface NetworkFilter {
  readonly name: string;
  readonly typeUrl: string;
  readonly config: FilterConfig;
}

/** What is done at one port, and which proxies can. */
export interface PortFilters {
  /** In the order in which they are put there. */
  readonly filters: readonly { readonly filter: NetworkFilter; readonly operation: FilterOperation }[];
  readonly scope: ProxyScope;
}

/** Where a filter is put. */
export type PatchPlace =
  /** Before callers: the listener that stands at an address of the service. */
  | { readonly side: 'outbound'; readonly address: string; readonly port: number }
  /** Before a workload: the port that it listens on. */
  | { readonly side: 'inbound'; readonly targetPort: number }
  /** `serverName`: one of those of a single server; without it, all that comes to the port. */
  | { readonly side: 'gateway'; readonly port: number; readonly serverName?: string };

const TCP_PROXY = { name: 'envoy.filters.network.tcp_proxy' };

export const everyProxy: ProxyScope = { kind: 'all' };

/**
 * All filters of a port at one place. What is inserted first asks for no TCP proxy: it has to be there also where another
 * EnvoyFilter has taken that away before.
 */
export function filterPatches(place: PatchPlace, { filters, scope }: PortFilters): readonly ConfigPatch[] {
  const proxy = scope.kind === 'metadata' ? { proxy: { metadata: scope.metadata } } : {};
  return filters.map(({ filter, operation }) => {
    const before = operation === 'INSERT_FIRST' ? {} : { filter: TCP_PROXY };
    const { context, listener } = placeMatch(place, before);
    const match = { context, ...proxy, listener };
    return { applyTo: 'NETWORK_FILTER', match, patch: { operation, value: wrapped(filter) } };
  });
}

function placeMatch(
  place: PatchPlace,
  before: { readonly filter?: { readonly name: string } },
): { readonly context: ConfigPatch['match']['context']; readonly listener: ListenerMatch } {
  switch (place.side) {
    case 'outbound':
      return {
        context: 'SIDECAR_OUTBOUND',
        listener: { name: `${place.address}_${place.port}`, filterChain: before },
      };
    case 'inbound':
      return {
        context: 'SIDECAR_INBOUND',
        listener: { name: 'virtualInbound', filterChain: { destinationPort: place.targetPort, ...before } },
      };
    case 'gateway': {
      const { port, serverName } = place;
      const filterChain = serverName === undefined ? before : { sni: serverName, ...before };
      return { context: 'GATEWAY', listener: { portNumber: port, filterChain } };
    }
  }
}

function wrapped({ name, typeUrl, config }: NetworkFilter): object {
  return {
    name,
    typed_config: { '@type': 'type.googleapis.com/udpa.type.v1.TypedStruct', type_url: typeUrl, value: config },
  };
}

/** `labels`: of the workloads that it is for; absent for all of its namespace. */
export function envoyFilter(
  metadata: IstioMetadata,
  configPatches: readonly ConfigPatch[],
  labels?: Labels,
): EnvoyFilter {
  return {
    apiVersion: 'networking.istio.io/v1alpha3',
    kind: 'EnvoyFilter',
    metadata,
    spec: { ...(labels === undefined ? {} : { workloadSelector: { labels } }), configPatches },
  };
}

/**
 * The labels of the workloads that a filter is for: those it is meant for, among those whose proxies can take it. Absent for
 * all; `nobody` where no workload can have both.
 */
export function scopedLabels(scope: ProxyScope, meant?: Labels): Labels | 'nobody' | undefined {
  if (scope.kind !== 'labels') return meant;
  const contradicts = Object.entries(scope.labels).some(([key, value]) => (meant?.[key] ?? value) !== value);
  return contradicts ? 'nobody' : sortedLabels({ ...meant, ...scope.labels });
}

function sortedLabels(labels: Labels): Labels {
  return Object.fromEntries(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The namespaces that a filter for callers stands in, so that those of a service's audience have it and nobody else. */
export function callerNamespaces(
  { rootNamespace }: IstioSettings,
  ...audiences: readonly (readonly string[] | 'all')[]
): readonly string[] {
  const bounded = audiences.filter((audience) => audience !== 'all');
  const [first, ...others] = bounded;
  if (first === undefined) return [rootNamespace];
  return first.filter((namespace) => others.every((other) => other.includes(namespace)));
}
