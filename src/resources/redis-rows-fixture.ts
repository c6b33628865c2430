/** Good manifests of Redis' kinds, and what may be spoilt in them. */
const meta = 'metadata: { name: cache, namespace: shop }';

export const redisManifests = {
  RedisService: `
    apiVersion: redis.aeraki.io/v1alpha1
    ${meta}
    spec:
      host: [cache.shop.svc.cluster.local]
      settings:
        opTimeout: 5s
        caseInsensitive: true
        readPolicy: PREFER_REPLICA
        auth: { secret: { name: cache-password, passwordField: token } }
      redis:
        - match: { key: { prefix: 'cart:', removePrefix: true } }
          route: { host: carts.shop.svc.cluster.local, port: 6379 }
          mirror: [{ route: { host: copy.shop.svc.cluster.local }, percentage: { value: 12.5 }, excludeReadCommands: true }]
        - route: { host: cache.shop.svc.cluster.local }
      faults: [{ type: ERROR, percentage: { value: 50 }, delay: 10ms, commands: [GET] }]`,
  RedisDestination: `
    apiVersion: redis.aeraki.io/v1alpha1
    ${meta}
    spec:
      host: cache.shop.svc.cluster.local
      trafficPolicy:
        connectionPool:
          tcp: { connectTimeout: 1s, maxConnections: 10, tcpKeepalive: { time: 90s } }
          redis:
            mode: CLUSTER
            discoveryEndpoints: [cache-0.shop.svc.cluster.local, '10.0.0.1:6380', '[2001:db8::1]:6380']
            auth: { secret: { name: cache-password } }`,
} as const;

const secret = { name: 'cache-password' };
const auth = 'spec.settings.auth';
const pool = 'spec.trafficPolicy.connectionPool';
const everyKey = { route: { host: 'cache.shop.svc.cluster.local' } };

export const redisRows: readonly (readonly [
  kind: keyof typeof redisManifests,
  path: string,
  value: unknown,
  code: string,
  at?: string,
])[] = [
  ['RedisService', 'spec.host', ['a b'], 'ISTH0201', 'spec.host[0]'],
  ['RedisService', 'spec.host', [], 'ISTH0105'],
  ['RedisService', 'spec.settings.opTimeout', '0s', 'ISTH0208'],
  ['RedisService', 'spec.settings.readPolicy', 'SOMETIMES', 'ISTH0105'],
  ['RedisService', auth, { secret, plain: { password: 'x' } }, 'ISTH0206'],
  ['RedisService', auth, {}, 'ISTH0214'],
  ['RedisService', auth, { plain: { password: 'x' } }, 'ISTH0244', `${auth}.plain.password`],
  ['RedisService', auth, { plain: { password: '' } }, 'ISTH0214', `${auth}.plain.password`],
  ['RedisService', auth, { secret: { name: 'A' } }, 'ISTH0116', `${auth}.secret.name`],
  ['RedisService', `${auth}.secret.passwordField`, '../../tokens/istio-token', 'ISTH0116', 'secret.passwordField'],
  ['RedisService', `${auth}.secret.usernameField`, '..', 'ISTH0116', 'secret.usernameField'],
  ['RedisService', 'spec.redis', [everyKey, everyKey], 'ISTH0218', 'spec.redis[1]'],
  ['RedisService', 'spec.redis.0.route.host', '*.shop', 'ISTH0201', 'spec.redis[0].route.host'],
  ['RedisService', 'spec.redis.0.mirror.0.route.host', 'a b', 'ISTH0201', 'spec.redis[0].mirror[0].route.host'],
  ['RedisService', 'spec.faults', [{ type: 'ERROR' }], 'ISTH0214', 'spec.faults[0].percentage'],
  ['RedisService', 'spec.faults.0.percentage.value', 101, 'ISTH0105', 'spec.faults[0].percentage.value'],
  ['RedisDestination', 'spec.host', 'a b', 'ISTH0201'],
  ['RedisDestination', `${pool}.redis.discoveryEndpoints`, ['a:0'], 'ISTH0202', `${pool}.redis.discoveryEndpoints[0]`],
  [
    'RedisDestination',
    `${pool}.redis.discoveryEndpoints`,
    ['[10.0.0.1]:1'],
    'ISTH0202',
    `${pool}.redis.discoveryEndpoints[0]`,
  ],
  ['RedisDestination', `${pool}.redis.auth`, {}, 'ISTH0214'],
  [
    'RedisDestination',
    `${pool}.redis.auth.secret.passwordField`,
    '/var/run/secrets/tokens/istio-token',
    'ISTH0116',
    'secret.passwordField',
  ],
  ['RedisDestination', `${pool}.tcp.connectTimeout`, '0s', 'ISTH0208'],
];
