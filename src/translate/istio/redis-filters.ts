/**
 * The filter by which Envoy reads Redis, before callers. Passwords are files of the proxy, which it reads itself: Kubernetes
 * mounts a Secret there for workloads that ask for it, and they say so in their node's metadata.
 */
import { type Finding, finding } from '../../model/finding.ts';
import type { ProxyScope } from '../../model/istio-settings.ts';
import type {
  RedisAuth,
  RedisDownstream,
  RedisFault,
  RedisMirror,
  RedisPort,
  RedisSettings,
} from '../../model/redis.ts';
import type { RuleOrigin } from '../../model/route.ts';
import { inboundClusterName, outboundClusterName } from '../names/resource-names.ts';
import { everyProxy, type FilterConfig, type NetworkFilter } from './envoy-filters.ts';

const longTimeout = '3600s';
const usualTimeout = '60s';

/** Where proxies find Secrets, each in a folder of its name. */
const SECRETS_FOLDER = '/etc/isthmus/secrets';

/** What a proxy's node says that has the files of a Secret. */
const secretMark = (secret: string): string => `ISTHMUS_SECRET_${secret}`;

export function outboundRedisProxy(host: string, port: number, downstream: RedisDownstream | undefined): NetworkFilter {
  const own = outboundClusterName(host, port);
  if (downstream === undefined) return redisProxy(own, { opTimeout: usualTimeout }, catchAll(own));
  const { settings, auth, routes, faults } = downstream;
  const keyed = routes.filter(({ prefix }) => prefix !== undefined);
  const rest = routes.find(({ prefix }) => prefix === undefined);
  const fallback = rest === undefined ? catchAll(own) : catchAll(clusterOf(rest.target), rest.mirrors);
  const prefixes = keyed.map(({ prefix, removesPrefix, target, mirrors }) => ({
    prefix,
    ...(removesPrefix ? { removePrefix: true } : {}),
    cluster: clusterOf(target),
    ...mirrorFields(mirrors),
  }));
  return redisProxy(own, settingsConfig(settings), {
    prefixRoutes: {
      ...(prefixes.length === 0 ? {} : { routes: prefixes }),
      ...(settings.caseInsensitive ? { caseInsensitive: true } : {}),
      // Keys that no route is for are refused, where there are routes for some.
      ...(rest === undefined && prefixes.length > 0 ? {} : fallback.prefixRoutes),
    },
    ...(faults.length === 0 ? {} : { faults: faults.map(faultConfig) }),
    ...(auth?.kind === 'secret' ? authFields(auth, 'downstreamAuthPassword', 'downstreamAuthUsername') : {}),
  });
}

/** The workload itself says how long a command may take. */
export function inboundRedisProxy(targetPort: number): NetworkFilter {
  const cluster = inboundClusterName(targetPort);
  return redisProxy(cluster, { opTimeout: longTimeout }, catchAll(cluster));
}

/** Credentials as files, by the names of the fields that take them. */
export function authFields(
  { secret: { name, passwordField, usernameField } }: Extract<RedisAuth, { kind: 'secret' }>,
  password: string,
  username: string,
): FilterConfig {
  const file = (field: string) => ({ filename: `${SECRETS_FOLDER}/${name}/${field}` });
  return {
    [password]: file(passwordField),
    ...(usernameField === undefined ? {} : { [username]: file(usernameField) }),
  };
}

/** `path`: of the credentials in the object. Nobody sees from here who has mounted what. */
export function secretFindings(
  host: string,
  { auth, origin }: { readonly auth?: RedisAuth; readonly origin: RuleOrigin },
  path: string,
): readonly Finding[] {
  if (auth?.kind !== 'secret') return [];
  const { name, passwordField, usernameField } = auth.secret;
  const files = [passwordField, ...(usernameField === undefined ? [] : [usernameField])];
  const read = files.map((field) => `${SECRETS_FOLDER}/${name}/${field}`).join(' and ');
  const message = `Proxies read ${read}. Only those that say ${secretMark(name)}: "true" are given the filter of ${host}; to all others its port is plain TCP.`;
  return [finding('ISTH0716', { ...origin, path: `${path}.secret`, message })];
}

/** Proxies without a file that they are told of would refuse all that names it. */
export function redisScope({ downstream, upstream }: Pick<RedisPort, 'downstream' | 'upstream'>): ProxyScope {
  const secrets = [downstream?.auth, upstream?.auth].flatMap((auth) =>
    auth?.kind === 'secret' ? [auth.secret.name] : [],
  );
  if (secrets.length === 0) return everyProxy;
  const marks = [...new Set(secrets)].sort().map((secret) => [secretMark(secret), 'true'] as const);
  return { kind: 'metadata', metadata: Object.fromEntries(marks) };
}

function redisProxy(statPrefix: string, settings: FilterConfig, rest: FilterConfig): NetworkFilter {
  return {
    name: 'envoy.filters.network.redis_proxy',
    typeUrl: 'type.googleapis.com/envoy.extensions.filters.network.redis_proxy.v3.RedisProxy',
    config: { statPrefix, settings, ...rest },
  };
}

function catchAll(cluster: string, mirrors: readonly RedisMirror[] = []) {
  return { prefixRoutes: { catchAllRoute: { cluster, ...mirrorFields(mirrors) } } };
}

function clusterOf({ host, port }: { readonly host: string; readonly port: number }): string {
  return outboundClusterName(host, port);
}

function mirrorFields(mirrors: readonly RedisMirror[]): FilterConfig {
  if (mirrors.length === 0) return {};
  return {
    requestMirrorPolicy: mirrors.map(({ target, percentage, excludeReadCommands }) => ({
      cluster: clusterOf(target),
      runtimeFraction: { defaultValue: fraction(percentage) },
      ...(excludeReadCommands ? { excludeReadCommands } : {}),
    })),
  };
}

function faultConfig({ type, percentage, delayMs, commands }: RedisFault): FilterConfig {
  return {
    faultType: type,
    faultEnabled: { defaultValue: fraction(percentage) },
    ...(delayMs === undefined ? {} : { delay: seconds(delayMs) }),
    ...(commands.length === 0 ? {} : { commands }),
  };
}

function fraction(percentage: number): FilterConfig {
  return { numerator: Math.round(percentage * 10_000), denominator: 'MILLION' };
}

function settingsConfig(settings: RedisSettings): FilterConfig {
  const { opTimeoutMs, maxBufferBytes, bufferFlushTimeoutMs, maxUnknownConnections, readPolicy } = settings;
  return {
    opTimeout: opTimeoutMs === undefined ? usualTimeout : seconds(opTimeoutMs),
    ...(settings.hashtagging ? { enableHashtagging: true } : {}),
    ...(settings.redirection ? { enableRedirection: true } : {}),
    ...(maxBufferBytes === undefined ? {} : { maxBufferSizeBeforeFlush: maxBufferBytes }),
    ...(bufferFlushTimeoutMs === undefined ? {} : { bufferFlushTimeout: seconds(bufferFlushTimeoutMs) }),
    ...(maxUnknownConnections === undefined ? {} : { maxUpstreamUnknownConnections: maxUnknownConnections }),
    ...(settings.commandStats ? { enableCommandStats: true } : {}),
    ...(readPolicy === undefined || readPolicy === 'MASTER' ? {} : { readPolicy }),
  };
}

/** As protobuf's JSON has it. */
export function seconds(milliseconds: number): string {
  return `${milliseconds / 1000}s`;
}
