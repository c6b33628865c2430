import { expect, test } from 'vitest';
import { goodManifest, spoiltManifest } from '../manifest-fixture.ts';
import { createResourceReader } from '../reader.ts';

const reader = createResourceReader();
const specOf = (value: unknown): unknown => reader.read(value).resource?.spec;

test('a RedisService keeps its routes in order, the one for all other keys without a match, and durations in ms', () => {
  expect(specOf(goodManifest('RedisService'))).toEqual({
    host: ['cache.shop.svc.cluster.local'],
    settings: {
      opTimeout: 5000,
      caseInsensitive: true,
      readPolicy: 'PREFER_REPLICA',
      auth: { secret: { name: 'cache-password', passwordField: 'token' } },
    },
    redis: [
      {
        match: { key: { prefix: 'cart:', removePrefix: true } },
        route: { host: 'carts.shop.svc.cluster.local', port: 6379 },
        mirror: [{ route: { host: 'copy.shop.svc.cluster.local' }, percentage: 12.5, excludeReadCommands: true }],
      },
      { route: { host: 'cache.shop.svc.cluster.local' }, mirror: [] },
    ],
    faults: [{ type: 'ERROR', percentage: 50, delay: 10, commands: ['GET'] }],
  });
});

test('a mirror of a RedisService that says no share takes every request', () => {
  const mirror = [{ route: { host: 'copy.shop' } }, { route: { host: 'none.shop' }, percentage: {} }];
  expect(specOf(spoiltManifest('RedisService', 'spec.redis.0.mirror', mirror))).toMatchObject({
    redis: [{ mirror: [{ percentage: 100 }, { percentage: 0 }] }, {}],
  });
});

test('a RedisDestination tells where a cluster is asked for its nodes, with the ports that are written', () => {
  expect(specOf(goodManifest('RedisDestination'))).toEqual({
    host: 'cache.shop.svc.cluster.local',
    mode: 'CLUSTER',
    auth: { secret: { name: 'cache-password' } },
    discoveryEndpoints: [
      { host: 'cache-0.shop.svc.cluster.local' },
      { host: '10.0.0.1', port: 6380 },
      { host: '2001:db8::1', port: 6380 },
    ],
    tcp: { connectTimeout: 1000, maxConnections: 10, tcpKeepalive: { time: 90 } },
  });
  expect(specOf(spoiltManifest('RedisDestination', 'spec', { host: 'a.b' }))).toEqual({
    host: 'a.b',
    mode: 'PROXY',
    discoveryEndpoints: [],
  });
});
