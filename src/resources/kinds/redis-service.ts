/** redis.aeraki.io RedisService: what callers of a host meet, by the prefixes of the keys that they ask for. */
import { checkDuration, millisecondsOf } from '../duration-rules.ts';
import { defineKind, withSpec } from '../kind-reader.ts';
import { isHostName, withoutTrailingDot } from '../kubernetes-names.ts';
import { type Path, type Problems, quote } from '../problem.ts';
import { forEachRepetition } from '../repetition.ts';
import type { Infer } from '../schema-language.ts';
import { redisServiceSpec } from '../schemas/redis.ts';
import type { RedisFaultSpec, RedisRouteSpec, RedisService, RedisSettingsSpec, RedisTarget } from '../types/redis.ts';
import { checkRedisAuth, readRedisAuth } from './redis-auth.ts';

const schema = withSpec(redisServiceSpec);
type Content = Infer<typeof redisServiceSpec>;
type SettingsContent = NonNullable<Content['settings']>;
type RouteContent = NonNullable<Content['redis']>[number];
type FaultContent = NonNullable<Content['faults']>[number];

/** Envoy counts them in whole milliseconds, and refuses none. */
const leastTimeout = { ms: 1, text: '1ms' };

export const redisService = defineKind<Infer<typeof schema>, RedisService>({
  info: {
    kind: 'RedisService',
    group: 'redis.aeraki.io',
    plural: 'redisservices',
    versions: ['v1alpha1'],
    scope: 'Namespaced',
  },
  schema: () => schema,
  check: ({ spec: { host, settings = {}, redis = [], faults = [] } }, problems) => {
    host.forEach((one, index) => {
      checkHost(one, ['spec', 'host', index], problems);
    });
    checkSettings(settings, ['spec', 'settings'], problems);
    checkRoutes(redis, problems);
    faults.forEach((fault, index) => {
      checkFault(fault, ['spec', 'faults', index], problems);
    });
  },
  build: ({ spec: { host, settings = {}, redis = [], faults = [] } }, head) => ({
    kind: 'RedisService',
    ...head,
    spec: {
      host: [...new Set(host.map(withoutTrailingDot))],
      settings: readSettings(settings),
      redis: redis.map(readRoute),
      faults: faults.map(readFault),
    },
  }),
});

function checkHost(host: string, path: Path, problems: Problems): void {
  if (!isHostName(host)) problems.add('ISTH0201', path, `${quote(host)} is no host name.`);
}

function checkSettings({ opTimeout, bufferFlushTimeout, auth }: SettingsContent, path: Path, problems: Problems): void {
  checkDuration(opTimeout, [...path, 'opTimeout'], problems, leastTimeout);
  checkDuration(bufferFlushTimeout, [...path, 'bufferFlushTimeout'], problems);
  checkRedisAuth(auth, [...path, 'auth'], problems);
}

function checkRoutes(routes: readonly RouteContent[], problems: Problems): void {
  routes.forEach(({ route, mirror = [] }, index) => {
    const path = ['spec', 'redis', index];
    checkHost(route.host, [...path, 'route', 'host'], problems);
    mirror.forEach((one, at) => {
      checkHost(one.route.host, [...path, 'mirror', at, 'route', 'host'], problems);
    });
  });
  forEachRepetition(routes, prefixOf, (route, index, first) => {
    const prefix = prefixOf(route);
    const keys = prefix === '' ? 'all keys that no other route has' : `keys that begin with ${quote(prefix)}`;
    problems.add('ISTH0218', ['spec', 'redis', index], `redis[${first}] is for ${keys} already.`);
  });
}

/** Every key begins with nothing. */
function prefixOf({ match }: RouteContent): string {
  return match?.key?.prefix ?? '';
}

function checkFault({ percentage, delay }: FaultContent, path: Path, problems: Problems): void {
  checkDuration(delay, [...path, 'delay'], problems);
  if (percentage === undefined)
    problems.add('ISTH0214', [...path, 'percentage'], 'How many requests it is for is not said.', 'Add percentage.');
}

function readSettings({ opTimeout, bufferFlushTimeout, auth, ...settings }: SettingsContent): RedisSettingsSpec {
  return {
    ...settings,
    ...(opTimeout === undefined ? {} : { opTimeout: millisecondsOf(opTimeout) }),
    ...(bufferFlushTimeout === undefined ? {} : { bufferFlushTimeout: millisecondsOf(bufferFlushTimeout) }),
    ...(auth === undefined ? {} : { auth: readRedisAuth(auth) }),
  };
}

function readRoute(content: RouteContent): RedisRouteSpec {
  const { match, route, mirror = [] } = content;
  const prefix = prefixOf(content);
  return {
    ...(prefix === '' ? {} : { match: { key: { prefix, removePrefix: match?.key?.removePrefix ?? false } } }),
    route: readTarget(route),
    mirror: mirror.map(({ route: to, percentage, excludeReadCommands = false }) => ({
      route: readTarget(to),
      percentage: percentage === undefined ? 100 : (percentage.value ?? 0),
      excludeReadCommands,
    })),
  };
}

function readTarget({ host, port = 0 }: RedisTarget): RedisTarget {
  return { host: withoutTrailingDot(host), ...(port === 0 ? {} : { port }) };
}

function readFault({ type = 'DELAY', percentage, delay, commands = [] }: FaultContent): RedisFaultSpec {
  return {
    type,
    percentage: percentage?.value ?? 0,
    ...(delay === undefined ? {} : { delay: millisecondsOf(delay) }),
    commands,
  };
}
