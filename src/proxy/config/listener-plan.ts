/** Listener -> the address to stand on and what to do with its connections. */
import { type Any, decode, type Message, messageName } from '../../xds-api/messages.ts';
import { unwrapAny } from '../../xds-api/proto-json.ts';
import { type AccessPlan, planConnectionAccess } from './access-plan.ts';
import { type MetaProtocolPlan, planMetaProtocol } from './metaprotocol-plan.ts';
import { Rejection, within } from './rejection.ts';
import type { WeightedCluster } from './route-plan.ts';
import { planDownstreamTls, type TlsPlan } from './tls-plan.ts';

type ListenerMessage = Message<'envoy.config.listener.v3.Listener'>;
type FilterChain = NonNullable<ListenerMessage['filterChains']>[number];
type Filter = NonNullable<FilterChain['filters']>[number];

export type ListenAddress = { readonly host: string; readonly port: number } | { readonly path: string };

export interface TcpPlan {
  readonly kind: 'tcp';
  readonly statPrefix: string;
  /** At least one; weights above 0. */
  readonly clusters: readonly WeightedCluster[];
  /** Parts that are passed over. */
  readonly inertFilters: readonly string[];
}

export type ServicePlan = MetaProtocolPlan | TcpPlan;

export interface ListenerPlan {
  readonly name: string;
  readonly address: ListenAddress;
  readonly service: ServicePlan;
  /** Absent: plaintext. */
  readonly tls?: TlsPlan;
  /** Who may open connections. */
  readonly access: readonly AccessPlan[];
  /** Filters that are passed over: what they do is left out, and nothing else depends on it. */
  readonly inertFilters: readonly string[];
}

/** Throws Rejection for whatever this proxy would not do as it is written. */
export function planListener(message: ListenerMessage): ListenerPlan {
  const name = message.name ?? '';
  rejectUnsupported(message);
  const chain = chooseChain(message);
  const tls = within('transport_socket', () => planDownstreamTls(chain.transportSocket));
  const { service, access } = planFilters(chain);
  const inert = (chain.filters ?? []).filter(isInert).map((filter) => filter.name ?? '');
  return {
    name,
    address: within('address', () => planAddress(message)),
    service,
    ...(tls === undefined ? {} : { tls }),
    access,
    inertFilters: [...inert, ...service.inertFilters],
  };
}

function planAddress(message: ListenerMessage): ListenAddress {
  const path = message.address?.pipe?.path;
  if (path) return { path };
  const socket = message.address?.socketAddress;
  if (!socket?.address) throw new Rejection('a listener needs a socket address');
  if ((socket.protocol ?? 0) !== 0) throw new Rejection('only TCP listeners are supported');
  return { host: socket.address, port: socket.portValue ?? 0 };
}

/** Listener filters that only look at the first bytes, for filter chains to be chosen by. */
const inspectors = /tls_inspector|http_inspector/;

/** What would change which connections get here, or what becomes of them. */
function rejectUnsupported(message: ListenerMessage): void {
  const unsupported = [
    message.useOriginalDst?.value === true && 'use_original_dst',
    message.transparent?.value === true && 'transparent',
    message.bindToPort?.value === false && 'bind_to_port: false',
    message.filterChainMatcher != null && 'filter_chain_matcher',
    (message.additionalAddresses ?? []).length > 0 && 'additional_addresses',
    ...(message.listenerFilters ?? []).map(({ name }) => !inspectors.test(name ?? '') && `listener_filters "${name}"`),
  ].filter((field) => field !== false);
  if (unsupported.length > 0) throw new Rejection(`${unsupported.join(', ')}: not supported by this proxy`);
}

/** One filter chain that takes every connection: this proxy tells connections apart by address only. */
function chooseChain(message: ListenerMessage): FilterChain {
  const chains = message.filterChains ?? [];
  const [first] = chains;
  if (chains.length > 1) throw new Rejection('more than one filter chain is not supported');
  const chain = first ?? message.defaultFilterChain;
  if (chain == null) throw new Rejection('a listener needs a filter chain');
  const matched = Object.entries(chain.filterChainMatch ?? {})
    .filter(([, value]) => (Array.isArray(value) ? value.length > 0 : Boolean(value)))
    .map(([field]) => field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`));
  if (matched.length > 0)
    throw new Rejection(
      `filter_chain_match.${matched.join(', filter_chain_match.')}: not supported by this proxy, which takes every connection to the address of a listener`,
    );
  return chain;
}

/** Filters of Istio that only add metadata: what they do is left out, nothing else depends on it. */
const inertFilter = /metadata_exchange|istio\.stats|istio_stats/;

function isInert({ name, typedConfig }: Filter): boolean {
  return (
    inertFilter.test(name ?? '') || (typedConfig != null && inertFilter.test(unwrapAny(typedConfig).type_url ?? ''))
  );
}

type PlannedFilter = { readonly kind: 'access'; readonly plan: AccessPlan } | ServicePlan;

function planFilters(chain: FilterChain): Pick<ListenerPlan, 'service' | 'access'> {
  const planned = (chain.filters ?? []).flatMap((filter, index) =>
    within(`filters[${index}]`, () => planFilter(filter)),
  );
  const services = planned.filter((one) => one.kind !== 'access');
  const access = planned.flatMap((one) => (one.kind === 'access' ? [one.plan] : []));
  const [service] = services;
  if (service === undefined || services.length > 1)
    throw new Rejection('a filter chain needs exactly one MetaProtocolProxy or TcpProxy');
  if (planned.at(-1) !== service)
    throw new Rejection('what decides about connections has to stand before the last filter');
  return { service, access };
}

function planFilter(filter: Filter): readonly PlannedFilter[] {
  if (filter.typedConfig == null) throw new Rejection(`filter ${filter.name} needs a typed_config`);
  const any: Any = unwrapAny(filter.typedConfig);
  const type = messageName(any.type_url ?? '');
  const bytes = any.value ?? new Uint8Array();
  if (type === 'aeraki.meta_protocol_proxy.v1alpha.MetaProtocolProxy') return [planMetaProtocol(decode(type, bytes))];
  if (type === 'envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy') return [planTcp(decode(type, bytes))];
  if (type === 'envoy.extensions.filters.network.rbac.v3.RBAC') return planRbac(decode(type, bytes));
  if (isInert(filter)) return [];
  throw new Rejection(`filter ${filter.name} (${any.type_url}) is not supported by this proxy`);
}

type NetworkRbac = Message<'envoy.extensions.filters.network.rbac.v3.RBAC'>;

/** Shadow rules are only counted, which is not done here: they may be left out. */
function planRbac(message: NetworkRbac): readonly PlannedFilter[] {
  if (message.matcher != null) throw new Rejection('matcher: not supported, rules are');
  return [{ kind: 'access', plan: planConnectionAccess(message.rules) }];
}

type TcpProxy = Message<'envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy'>;

function planTcp(message: TcpProxy): TcpPlan {
  if (message.tunnelingConfig != null || message.metadataMatch != null)
    throw new Rejection('tunneling_config and metadata_match of a TCP proxy are not supported');
  return {
    kind: 'tcp',
    statPrefix: message.statPrefix ?? '',
    clusters: planTcpClusters(message),
    inertFilters: (message.accessLog ?? []).length > 0 ? ['tcp_proxy.access_log'] : [],
  };
}

function planTcpClusters({ cluster, weightedClusters }: TcpProxy): readonly WeightedCluster[] {
  if (weightedClusters == null) {
    if (!cluster) throw new Rejection('a TCP proxy needs a cluster');
    return [{ cluster, weight: 1 }];
  }
  const clusters = (weightedClusters.clusters ?? [])
    .map(({ name, weight }) => ({ cluster: name ?? '', weight: weight ?? 0 }))
    .filter(({ weight }) => weight > 0);
  if (clusters.length === 0) throw new Rejection('weighted clusters need one with a weight above 0');
  return clusters;
}
