/** redis.aeraki.io RedisDestination: how the servers of a host are connected to. */
import { ipFamily } from '../addresses.ts';
import { defineKind, withSpec } from '../kind-reader.ts';
import { isHostName, withoutTrailingDot } from '../kubernetes-names.ts';
import { quote } from '../problem.ts';
import type { Infer } from '../schema-language.ts';
import { redisDestinationSpec } from '../schemas/redis.ts';
import type { RedisDestination, RedisTarget } from '../types/redis.ts';
import { checkRedisAuth, readRedisAuth } from './redis-auth.ts';
import { checkTcpSettings, readTcpSettings } from './traffic-policy.ts';

const schema = withSpec(redisDestinationSpec);

export const redisDestination = defineKind<Infer<typeof schema>, RedisDestination>({
  info: {
    kind: 'RedisDestination',
    group: 'redis.aeraki.io',
    plural: 'redisdestinations',
    versions: ['v1alpha1'],
    scope: 'Namespaced',
  },
  schema: () => schema,
  check: ({ spec: { host, trafficPolicy } }, problems) => {
    if (!isHostName(host)) problems.add('ISTH0201', ['spec', 'host'], `${quote(host)} is no host name.`);
    const { tcp, redis } = trafficPolicy?.connectionPool ?? {};
    const path = ['spec', 'trafficPolicy', 'connectionPool'];
    if (tcp !== undefined) checkTcpSettings(tcp, [...path, 'tcp'], problems);
    checkRedisAuth(redis?.auth, [...path, 'redis', 'auth'], problems);
    redis?.discoveryEndpoints?.forEach((text, index) => {
      if (readEndpoint(text) !== undefined) return;
      const at = [...path, 'redis', 'discoveryEndpoints', index];
      problems.add('ISTH0202', at, `${quote(text)} is no endpoint.`, 'Write HOST or HOST:PORT.');
    });
  },
  build: ({ spec: { host, trafficPolicy } }, head) => {
    const { tcp, redis } = trafficPolicy?.connectionPool ?? {};
    const { mode = 'PROXY', auth, discoveryEndpoints = [] } = redis ?? {};
    return {
      kind: 'RedisDestination',
      ...head,
      spec: {
        host: withoutTrailingDot(host),
        mode,
        ...(auth === undefined ? {} : { auth: readRedisAuth(auth) }),
        discoveryEndpoints: discoveryEndpoints.flatMap((text) => readEndpoint(text) ?? []),
        ...(tcp === undefined ? {} : { tcp: readTcpSettings(tcp) }),
      },
    };
  },
});

/** `HOST`, `HOST:PORT`, `[IPV6]:PORT`, or an IP address; undefined for what is none of them. */
function readEndpoint(text: string): RedisTarget | undefined {
  if (ipFamily(text) !== 0) return { host: text };
  const [, bracketed, plain, digits] = /^(?:\[([^[\]]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const host = bracketed ?? plain ?? '';
  const port = digits === undefined ? undefined : Number(digits);
  const isHost = bracketed === undefined ? ipFamily(host) === 4 || isHostName(host) : ipFamily(host) === 6;
  if (!isHost || (port !== undefined && (port === 0 || port > 65_535))) return undefined;
  return { host: withoutTrailingDot(host), ...(port === undefined ? {} : { port }) };
}
