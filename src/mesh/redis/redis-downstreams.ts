/** A RedisService in the model's terms: where keys go, as ports of the mesh, and what callers have to show. */
import type { Context } from '../../collections/collection.ts';
import { finding } from '../../model/finding.ts';
import type { RedisAuth, RedisDownstream, RedisRoute, RedisSettings, RedisTarget } from '../../model/redis.ts';
import type { ServicePort } from '../../model/service.ts';
import type {
  RedisAuthSpec,
  RedisRouteSpec,
  RedisService,
  RedisSettingsSpec,
  RedisTarget as WrittenTarget,
} from '../../resources/kinds.ts';

import { about } from '../resource-order.ts';
import type { DestinationTables } from '../services/destinations.ts';
import { fullHost } from '../services/host-names.ts';
import { findService } from '../services/services.ts';
import { settingsOf } from '../settings.ts';

export type RedisTables = Pick<DestinationTables, 'settings' | 'services' | 'hosts'>;

/** `port`: that which callers dial, by whose number or name a target is found that writes no port. */
export function redisDownstream(
  context: Context,
  tables: RedisTables,
  rule: RedisService,
  port: ServicePort,
): RedisDownstream {
  const { settings, redis, faults } = rule.spec;
  const target = (written: WrittenTarget, path: string): RedisTarget =>
    findTarget(context, tables, rule, written, port, path);
  return {
    origin: about(rule),
    settings: redisSettings(settings),
    ...(settings.auth === undefined ? {} : { auth: redisAuth(settings.auth) }),
    routes: redis.map((route, at) => redisRoute(route, `spec.redis[${at}]`, target)),
    faults: faults.map(({ type, percentage, delay, commands }) => ({
      type,
      percentage,
      ...(delay === undefined ? {} : { delayMs: delay }),
      commands,
    })),
  };
}

/** The password itself goes no further than this. */
export function redisAuth({ secret }: RedisAuthSpec): RedisAuth {
  if (secret === undefined) return { kind: 'written' };
  const { name, passwordField = 'password', usernameField } = secret;
  return { kind: 'secret', secret: { name, passwordField, ...(usernameField === undefined ? {} : { usernameField }) } };
}

function redisRoute(
  { match, route, mirror }: RedisRouteSpec,
  path: string,
  target: (written: WrittenTarget, path: string) => RedisTarget,
): RedisRoute {
  return {
    ...(match === undefined ? {} : { prefix: match.key.prefix }),
    removesPrefix: match?.key.removePrefix ?? false,
    target: target(route, `${path}.route`),
    mirrors: mirror.map(({ route: mirrored, percentage, excludeReadCommands }, at) => ({
      target: target(mirrored, `${path}.mirror[${at}].route`),
      percentage,
      excludeReadCommands,
    })),
  };
}

/** A port that is not written: the only one of the target, else that of the same number, else of the same name. */
function findTarget(
  context: Context,
  tables: RedisTables,
  rule: RedisService,
  { host: written, port }: WrittenTarget,
  listening: ServicePort,
  path: string,
): RedisTarget {
  const { namespace } = rule.metadata;
  const { clusterDomain } = settingsOf(context, tables.settings);
  const key = findService(context, tables.hosts, written, namespace, clusterDomain);
  const service = key === undefined ? undefined : context.get(tables.services, key);
  if (service === undefined) {
    const host = fullHost(written, namespace, clusterDomain);
    const message = `There is no host ${host}.`;
    context.report(finding('ISTH0505', { ...about(rule), path: `${path}.host`, message }));
    return { host, port: port ?? listening.number };
  }
  const { host, ports } = service;
  if (port !== undefined && !ports.some(({ number }) => number === port)) {
    context.report(
      finding('ISTH0506', { ...about(rule), path: `${path}.port`, message: `${host} has no port ${port}.` }),
    );
  }
  const [only, ...more] = ports;
  const alike =
    more.length === 0
      ? only
      : (ports.find(({ number }) => number === listening.number) ?? ports.find(({ name }) => name === listening.name));
  return { host, port: port ?? alike?.number ?? listening.number };
}

function redisSettings(spec: RedisSettingsSpec): RedisSettings {
  const { opTimeout, maxBufferSizeBeforeFlush, bufferFlushTimeout, maxUpstreamUnknownConnections, readPolicy } = spec;
  return {
    ...(opTimeout === undefined ? {} : { opTimeoutMs: opTimeout }),
    caseInsensitive: spec.caseInsensitive ?? false,
    commandStats: spec.enableCommandStats ?? false,
    hashtagging: spec.enableHashtagging ?? false,
    redirection: spec.enableRedirection ?? false,
    ...(maxBufferSizeBeforeFlush === undefined ? {} : { maxBufferBytes: maxBufferSizeBeforeFlush }),
    ...(bufferFlushTimeout === undefined ? {} : { bufferFlushTimeoutMs: bufferFlushTimeout }),
    ...(maxUpstreamUnknownConnections === undefined ? {} : { maxUnknownConnections: maxUpstreamUnknownConnections }),
    ...(readPolicy === undefined ? {} : { readPolicy }),
  };
}
