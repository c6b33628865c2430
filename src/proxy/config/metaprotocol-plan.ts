/** MetaProtocolProxy -> what a listener does with the connections of one private protocol. */
import type { Codec } from '../../../codecs/codec.ts';
import { findCodec } from '../../../codecs/registry.ts';
import { type Any, decode, type Message, messageName } from '../../xds-api/messages.ts';
import { toJson, unwrapAny } from '../../xds-api/proto-json.ts';
import { type AccessLogPlan, planAccessLog } from './access-log-plan.ts';
import { type AccessPlan, planAccess } from './access-plan.ts';
import { rejectForeignSource } from './config-source.ts';
import { milliseconds } from './durations.ts';
import { planRateLimit, type RateLimitPlan } from './rate-limit-plan.ts';
import { Rejection, within } from './rejection.ts';
import { planRoutes, type RouteTablePlan } from './route-plan.ts';

type MetaProtocolProxy = Message<'aeraki.meta_protocol_proxy.v1alpha.MetaProtocolProxy'>;

export type RouteSource =
  | { readonly kind: 'inline'; readonly table: RouteTablePlan }
  /** `waitMs`: how long connections wait for the first routes before requests are answered RouteNotFound. */
  | { readonly kind: 'rds'; readonly resourceName: string; readonly waitMs: number };

export interface MetaProtocolPlan {
  readonly kind: 'metaprotocol';
  readonly statPrefix: string;
  readonly applicationProtocol: string;
  readonly codec: Codec;
  readonly multiplexing: boolean;
  readonly routes: RouteSource;
  /** Who may send what. */
  readonly access: readonly AccessPlan[];
  readonly rateLimits: readonly RateLimitPlan[];
  readonly accessLogs: readonly AccessLogPlan[];
  /** 0: none. */
  readonly idleTimeoutMs: number;
  /** Filters that are accepted and do nothing here. */
  readonly inertFilters: readonly string[];
}

const DEFAULT_FETCH_TIMEOUT_MS = 15_000;

/** Throws Rejection. */
export function planMetaProtocol(message: MetaProtocolProxy): MetaProtocolPlan {
  const applicationProtocol = message.protocol?.name || message.applicationProtocol || '';
  if (applicationProtocol === '') throw new Rejection('protocol.name or application_protocol is needed');
  if (!message.statPrefix) throw new Rejection('stat_prefix is needed');
  const filters = planFilters(message.metaProtocolFilters ?? []);
  return {
    kind: 'metaprotocol',
    statPrefix: message.statPrefix,
    applicationProtocol,
    codec: within('codec', () => planCodec(message)),
    multiplexing: message.protocol?.multiplexing === true,
    routes: planRouteSource(message),
    access: filters.access,
    rateLimits: filters.rateLimits,
    accessLogs: (message.accessLog ?? []).map((log, index) => within(`access_log[${index}]`, () => planAccessLog(log))),
    idleTimeoutMs: milliseconds(message.idleTimeout) ?? 0,
    inertFilters: [...filters.inert, ...inertLogFilters(message)],
  };
}

/** Logs are written of every request. */
function inertLogFilters({ accessLog }: MetaProtocolProxy): readonly string[] {
  return (accessLog ?? []).flatMap(({ filter }, index) => (filter == null ? [] : [`access_log[${index}].filter`]));
}

function planRouteSource(message: MetaProtocolProxy): RouteSource {
  const { routeConfig, rds } = message;
  if (routeConfig != null) return { kind: 'inline', table: within('route_config', () => planRoutes(routeConfig)) };
  if (rds == null) throw new Rejection('route_config or rds is needed');
  rejectForeignSource('rds.config_source', rds.configSource);
  if (!rds.routeConfigName) throw new Rejection('rds.route_config_name is needed');
  return {
    kind: 'rds',
    resourceName: rds.routeConfigName,
    waitMs: milliseconds(rds.configSource?.initialFetchTimeout) ?? DEFAULT_FETCH_TIMEOUT_MS,
  };
}

/** One codec object for one description: connections and pools are kept apart by codec. */
const compiled = new Map<string, Codec>();
const MAX_COMPILED = 1024;

function planCodec(message: MetaProtocolProxy): Codec {
  const chosen = message.protocol?.codec?.name ? message.protocol.codec : message.codec;
  if (!chosen?.name) throw new Rejection('protocol.codec or codec is needed');
  const { name } = chosen;
  const description = codecDescription(chosen.config);
  const key = `${name} ${JSON.stringify(description) ?? ''}`;
  const known = compiled.get(key);
  if (known !== undefined) return known;
  const found = findCodec(name, description);
  if (found === undefined) throw new Rejection(`there is no codec "${name}"`);
  if ('problems' in found)
    throw new Rejection(found.problems.map(({ path, message: problem }) => `${path}: ${problem}`).join('; '));
  if (compiled.size >= MAX_COMPILED) compiled.clear();
  compiled.set(key, found.codec);
  return found.codec;
}

/** A ProtocolCodec's spec travels as a Struct, alone or in a TypedStruct; built-in codecs have an empty message. */
function codecDescription(config: Any | null | undefined): unknown {
  if (config == null) return undefined;
  const name = messageName(config.type_url ?? '');
  const bytes = config.value ?? new Uint8Array();
  if (name === 'google.protobuf.Struct') return toJson(name, decode(name, bytes));
  if (name !== 'udpa.type.v1.TypedStruct' && name !== 'xds.type.v3.TypedStruct') return undefined;
  const typed = decode(name, bytes);
  if ((typed.typeUrl ?? '').includes('aeraki.meta_protocol.codec.')) return undefined;
  return toJson('google.protobuf.Struct', typed.value ?? {});
}

type Filter = NonNullable<MetaProtocolProxy['metaProtocolFilters']>[number];

const inertFilters = new Set(['metadata_exchange', 'istio_stats']);

interface PlannedFilters {
  readonly access: readonly AccessPlan[];
  readonly rateLimits: readonly RateLimitPlan[];
  readonly inert: readonly string[];
}

function planFilters(filters: readonly Filter[]): PlannedFilters {
  const access: AccessPlan[] = [];
  const rateLimits: RateLimitPlan[] = [];
  const inert: string[] = [];
  filters.forEach((filter, index) => {
    const kind = filterKind(filter);
    if (kind === 'local_ratelimit') rateLimits.push(within(`filter[${index}]`, () => planRateLimit(filter.config)));
    else if (kind === 'rbac') access.push(within(`filter[${index}]`, () => planRbac(filter)));
    else if (inertFilters.has(kind)) inert.push(kind);
    else if (kind !== 'router') throw new Rejection(`filter "${filter.name}" is not supported by this proxy`);
  });
  return { access, rateLimits, inert };
}

/** Envoy's own message, whose headers are a request's properties here. */
function planRbac({ config }: Filter): AccessPlan {
  const name = 'envoy.extensions.filters.http.rbac.v3.RBAC';
  if (config == null) throw new Rejection('access needs a config');
  const message = decode(name, unwrapAny(config).value ?? new Uint8Array());
  if (message.matcher != null) throw new Rejection('matcher: not supported, rules are');
  return planAccess(message.rules);
}

/** The last word of the name, or of the package of its configuration: instances may have any name. */
function filterKind(filter: Filter): string {
  const any = filter.config == null ? undefined : unwrapAny(filter.config);
  const byType = /filters\.(\w+)\.v1alpha\./.exec(any?.type_url ?? '')?.[1];
  if ((any?.type_url ?? '').endsWith('/envoy.extensions.filters.http.rbac.v3.RBAC')) return 'rbac';
  return byType ?? (filter.name ?? '').replace(/^aeraki\.meta_protocol\.filters\./, '');
}
