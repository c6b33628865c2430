/** A RedisDestination in the model's terms. */
import type { RedisUpstream } from '../../model/redis.ts';
import type { RedisDestination } from '../../resources/kinds.ts';
import { about } from '../resource-order.ts';
import { redisAuth } from './redis-downstreams.ts';

/** `host` and `port`: those of the service that it is for. */
export function redisUpstream(rule: RedisDestination, host: string, port: number): RedisUpstream {
  const { mode, auth, discoveryEndpoints, tcp } = rule.spec;
  const { connectTimeout, maxConnections, tcpKeepalive } = tcp ?? {};
  const written = discoveryEndpoints.map((endpoint) => ({ host: endpoint.host, port: endpoint.port ?? port }));
  return {
    origin: about(rule),
    mode,
    ...(auth === undefined ? {} : { auth: redisAuth(auth) }),
    discoveryEndpoints: written.length === 0 ? [{ host, port }] : written,
    ...(connectTimeout === undefined ? {} : { connectTimeoutMs: connectTimeout }),
    ...(maxConnections === undefined ? {} : { maxConnections }),
    ...(tcpKeepalive === undefined ? {} : { keepalive: tcpKeepalive }),
  };
}
