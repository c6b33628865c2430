/**
 * The field numbers that deployed proxies read, against the bytes themselves: nothing of the descriptor that wrote
 * them is used to read them. The numbers are those of MetaProtocol's published API.
 */
import { describe, expect, it } from 'vitest';
import { translateInbound } from '../inbound.ts';
import { translateOutbound } from '../outbound.ts';
import {
  destination,
  HOST,
  inboundPort,
  meshService,
  metaPort,
  OUTBOUND,
  route,
  routeTable,
  settings,
  thrift,
} from '../translation-fixture.ts';
import { httpRoutes } from './http-routes.ts';
import { metaRoutes } from './routes.ts';

/** Field number -> its values in order: bytes of length-delimited fields, numbers of varints. */
type Fields = ReadonlyMap<number, readonly (Buffer | number)[]>;

function fieldsOf(bytes: Buffer | number | undefined): Fields {
  if (!Buffer.isBuffer(bytes)) throw new TypeError('not a length-delimited field');
  const fields = new Map<number, (Buffer | number)[]>();
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++] ?? 0;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    const wire = tag & 7;
    if (wire !== 0 && wire !== 2) throw new RangeError(`wire type ${wire}`);
    let value: Buffer | number = varint();
    if (wire === 2) {
      value = bytes.subarray(at, at + value);
      at += value.length;
    }
    fields.set(tag >>> 3, [...(fields.get(tag >>> 3) ?? []), value]);
  }
  return fields;
}

/** Follows field numbers down: the first value of each. */
function dig(bytes: Uint8Array | undefined, ...path: readonly number[]): Buffer | number | undefined {
  let value: Buffer | number | undefined = Buffer.from(bytes ?? []);
  for (const number of path) value = fieldsOf(value).get(number)?.[0];
  return value;
}

const text = (bytes: Uint8Array | undefined, ...path: readonly number[]) => String(dig(bytes, ...path));
const numbers = (bytes: Buffer | number | undefined) => [...fieldsOf(bytes).keys()];
/** All values of a repeated message. */
const children = (bytes: Uint8Array, number: number) =>
  (fieldsOf(Buffer.from(bytes)).get(number) ?? []).map((value) => Buffer.from(Buffer.isBuffer(value) ? value : []));
/** The bytes of a message inside another. */
const inner = (bytes: Uint8Array | undefined, ...path: readonly number[]): Buffer => {
  const value = dig(bytes, ...path);
  return Buffer.isBuffer(value) ? value : Buffer.alloc(0);
};

/** Listener: filter_chains 3 {filters 3 {name 1, typed_config 4 {type_url 1, value 2}}}. */
function proxyBytes(listener: Uint8Array | undefined): Buffer {
  expect(text(listener, 3, 3, 4, 1)).toBe('type.googleapis.com/aeraki.meta_protocol_proxy.v1alpha.MetaProtocolProxy');
  return inner(listener, 3, 3, 4, 2);
}

const multiplexed = { ...thrift, protocol: { ...thrift.protocol, multiplexing: true } };
const logged = { ...settings, accessLog: { path: '/log', encoding: 'TEXT' as const }, idleTimeoutMs: 2500 };

describe('the bytes of MetaProtocolProxy', () => {
  const service = meshService({ ports: [metaPort({ codec: multiplexed })] });
  const outbound = proxyBytes(translateOutbound('envoy-meta', service, logged).resources[0]?.resource.body);

  it('hold both generations of the codec, and its routes by RDS', () => {
    expect(numbers(outbound)).toEqual([1, 2, 3, 5, 6, 8, 11, 12]);
    expect(text(outbound, 1)).toBe(OUTBOUND);
    expect(text(outbound, 2)).toBe('thrift');
    expect(numbers(dig(outbound, 3, 1))).toEqual([3, 6]);
    expect(dig(outbound, 3, 1, 6)).toBe(2);
    expect(text(outbound, 3, 2)).toBe(`${HOST}_9090`);
    expect(text(outbound, 5, 1)).toBe('aeraki.meta_protocol.codec.thrift');
    expect(text(outbound, 8, 1)).toBe('envoy.access_loggers.file');
    expect([dig(outbound, 11, 1), dig(outbound, 11, 2)]).toEqual([2, 500_000_000]);
    expect(text(outbound, 12, 1)).toBe('thrift');
    expect(text(outbound, 12, 2, 1)).toBe('aeraki.meta_protocol.codec.thrift');
    expect(dig(outbound, 12, 3)).toBe(1);
  });

  it('hold filters with a name and a field called config', () => {
    const filters = children(outbound, 6);
    expect(filters.map((filter) => text(filter, 1))).toEqual([
      'aeraki.meta_protocol.filters.metadata_exchange',
      'aeraki.meta_protocol.filters.istio_stats',
      'aeraki.meta_protocol.filters.router',
    ]);
    expect(text(filters[1], 2, 1)).toBe(
      'type.googleapis.com/aeraki.meta_protocol_proxy.filters.istio_stats.v1alpha.IstioStats',
    );
    expect(text(filters[1], 2, 2, 1)).toBe(HOST);
  });

  it('hold inline routes and rate limits before a workload', () => {
    const match = [{ property: 'method', match: { kind: 'exact', value: 'pay' } as const }];
    const bucket = { maxTokens: 5, tokensPerFill: 3, fillIntervalMs: 60_000 };
    const inbound = inboundPort({
      localRateLimit: { bucket, conditions: [{ match, bucket }] },
      globalRateLimit: {
        match,
        domain: 'd',
        timeoutMs: 1000,
        denyOnFail: true,
        cluster: 'limits',
        descriptors: [{ property: 'method', descriptorKey: 'k' }],
      },
    });
    const bytes = proxyBytes(translateInbound('envoy-meta', inbound, settings).resources[0]?.resource.body);
    expect(numbers(bytes)).toEqual([1, 2, 4, 5, 6, 12]);
    expect(text(bytes, 4, 1)).toBe('inbound|8080||');
    expect(numbers(dig(bytes, 4, 2))).toEqual([3]);
    expect(text(bytes, 4, 2, 3, 1)).toBe('inbound|8080||');

    const [local, global] = children(bytes, 6);
    const limit = inner(local, 2, 2);
    expect(numbers(limit)).toEqual([1, 2, 3]);
    expect([dig(limit, 2, 1), dig(limit, 2, 2, 1), dig(limit, 2, 3, 1)]).toEqual([5, 3, 60]);
    expect(text(limit, 3, 1, 1, 1)).toBe('method');
    expect(text(limit, 3, 1, 1, 4)).toBe('pay');
    expect(dig(limit, 3, 2, 1)).toBe(5);

    expect(text(global, 2, 1)).toBe(
      'type.googleapis.com/aeraki.meta_protocol_proxy.filters.ratelimit.v1alpha.RateLimit',
    );
    const remote = inner(global, 2, 2);
    expect(numbers(remote)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(text(remote, 2)).toBe('d');
    expect(dig(remote, 3, 1)).toBe(1);
    expect(dig(remote, 4)).toBe(1);
    // RateLimitServiceConfig.grpc_service 2, GrpcService.envoy_grpc 1, EnvoyGrpc.cluster_name 1.
    expect(text(remote, 5, 2, 1, 1)).toBe('limits');
    expect([text(remote, 6, 1), text(remote, 6, 2)]).toEqual(['method', 'k']);
  });
});

const table = routeTable(
  route({
    name: 'r',
    match: [
      { property: 'a', match: { kind: 'exact', value: 'x' } },
      { property: 'b', match: { kind: 'prefix', value: 'y' } },
      { property: 'c', match: { kind: 'regex', value: 'z' } },
      { property: 'd', match: { kind: 'present' } },
    ],
    destinations: [
      { destination: destination('v1'), weight: 60 },
      { destination: destination('v2'), weight: 40 },
    ],
    mirror: { destination: destination('v3'), percentage: 50 },
    requestMutation: [{ key: 'k', value: 'v' }],
    responseMutation: [{ key: 'l', value: 'w' }],
    hashProperties: ['h'],
  }),
);

describe('the bytes of routes', () => {
  it('are MetaProtocol RouteConfiguration in their own form', () => {
    const { body, typeUrl } = metaRoutes(table);
    expect(typeUrl).toBe('type.googleapis.com/aeraki.meta_protocol_proxy.config.route.v1alpha.RouteConfiguration');
    expect(numbers(Buffer.from(body))).toEqual([1, 2]);
    expect(numbers(dig(body, 2))).toEqual([1, 2, 3, 19, 20]);
    expect(children(inner(body, 2, 2), 1).map((header) => numbers(header))).toEqual([
      [1, 13],
      [1, 13],
      [1, 13],
      [1, 7],
    ]);
    expect(numbers(dig(body, 2, 3))).toEqual([2, 10, 11]);
    expect([text(body, 2, 3, 2, 1, 1), dig(body, 2, 3, 2, 1, 2, 1)]).toEqual([`outbound|9090|v1|${HOST}`, 60]);
    expect(text(body, 2, 3, 10)).toBe('h');
    expect(text(body, 2, 3, 11, 1)).toBe(`outbound|9090|v3|${HOST}`);
    expect([dig(body, 2, 3, 11, 2, 1, 1), dig(body, 2, 3, 11, 2, 1, 2)]).toEqual([500_000, 2]);
    expect([text(body, 2, 19, 1), text(body, 2, 19, 2), text(body, 2, 20, 1)]).toEqual(['k', 'v', 'l']);
  });

  it('are HTTP RouteConfiguration with one virtual host as deployed proxies read them', () => {
    const { body, typeUrl } = httpRoutes(table, 'envoy-meta');
    expect(typeUrl).toBe('type.googleapis.com/envoy.config.route.v3.RouteConfiguration');
    expect([text(body, 1), text(body, 2, 1), text(body, 2, 2)]).toEqual([`${HOST}_9090`, 'dummy', '*']);
    const httpRoute = inner(body, 2, 3);
    expect(numbers(httpRoute)).toEqual([1, 2, 9, 10, 14]);
    expect(text(httpRoute, 1, 1)).toBe('/');
    expect(children(inner(httpRoute, 1), 6).map((header) => numbers(header))).toEqual([
      [1, 4],
      [1, 9],
      [1, 11],
      [1, 7],
    ]);
    expect(numbers(dig(httpRoute, 2))).toEqual([3, 15, 30]);
    expect(dig(httpRoute, 2, 3, 3, 1)).toBe(100);
    expect(text(httpRoute, 2, 15, 1, 1)).toBe('h');
    expect(text(httpRoute, 2, 30, 1)).toBe(`outbound|9090|v3|${HOST}`);
    expect([dig(httpRoute, 2, 30, 3, 1, 1), dig(httpRoute, 2, 30, 3, 1, 2)]).toEqual([500_000, 2]);
    expect([text(httpRoute, 9, 1, 1), text(httpRoute, 9, 1, 2), text(httpRoute, 10, 1, 1)]).toEqual(['k', 'v', 'l']);
    expect(text(httpRoute, 14)).toBe('r');
  });
});
