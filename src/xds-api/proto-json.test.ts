import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { arbitraryMessage } from './arbitrary-message.ts';
import { decode, encode, type MessageName, messageType, pack } from './messages.ts';
import { fromJson, ProtoJsonError, toJson, unwrapAny } from './proto-json.ts';

const LISTENER = 'envoy.config.listener.v3.Listener';
const CLUSTER = 'envoy.config.cluster.v3.Cluster';
const META = 'aeraki.meta_protocol_proxy.v1alpha.MetaProtocolProxy';

const refusal = (name: MessageName, json: unknown): string => {
  try {
    fromJson(name, json);
  } catch (error) {
    if (error instanceof ProtoJsonError) return error.message;
    throw error;
  }
  return 'accepted';
};

describe('toJson', () => {
  it('writes keys in order of field number and leaves defaults out', () => {
    const bytes = encode(CLUSTER, {
      lbPolicy: 3,
      name: 'c',
      altStatName: '',
      connectTimeout: { seconds: 1, nanos: 500_000_000 },
      type: 3,
      dnsResolvers: [],
    });
    expect(JSON.stringify(toJson(CLUSTER, decode(CLUSTER, bytes)))).toBe(
      '{"name":"c","type":"EDS","connectTimeout":"1.500s","lbPolicy":"RANDOM"}',
    );
  });

  it('keeps the default of a oneof member, which says something', () => {
    expect(toJson(CLUSTER, { type: 0 })).toEqual({ type: 'STATIC' });
  });

  it('unrolls an Any of a known type, and keeps the bytes of others', () => {
    const config = pack('aeraki.meta_protocol_proxy.filters.istio_stats.v1alpha.IstioStats', {
      destinationService: 'a.b',
    });
    const alien = { type_url: 'type.googleapis.com/some.Alien', value: Buffer.from([8, 1]) };
    const json = toJson(META, { metaProtocolFilters: [{ name: 'x', config }, { config: alien }] });
    expect(json).toEqual({
      metaProtocolFilters: [
        { name: 'x', config: { '@type': config.type_url, destinationService: 'a.b' } },
        { config: { '@type': alien.type_url, value: 'CAE=' } },
      ],
    });
    expect(encode(META, fromJson(META, json))).toEqual(
      encode(META, { metaProtocolFilters: [{ name: 'x', config }, { config: alien }] }),
    );
  });

  it('writes an Any whose bytes do not fit its type as bytes, and one nested without end too', () => {
    const broken = { type_url: `type.googleapis.com/${CLUSTER}`, value: Buffer.from([0x0a, 0x7f]) };
    expect(toJson('google.protobuf.Any', broken)).toEqual({ '@type': broken.type_url, value: 'Cn8=' });
    let any = pack('google.protobuf.Duration', { seconds: 1 });
    for (let i = 0; i < 2000; i += 1) any = pack('google.protobuf.Any', any);
    expect(() => toJson('google.protobuf.Any', any)).not.toThrow();
  });
});

describe('fromJson', () => {
  it('reads camelCase and snake_case alike, and numbers for enums', () => {
    const camel = { name: 'l', statPrefix: 's', filterChains: [{ filters: [{ name: 'f' }] }], trafficDirection: 1 };
    const snake = {
      name: 'l',
      stat_prefix: 's',
      filter_chains: [{ filters: [{ name: 'f' }] }],
      traffic_direction: 'INBOUND',
    };
    expect(encode(LISTENER, fromJson(LISTENER, snake))).toEqual(encode(LISTENER, fromJson(LISTENER, camel)));
  });

  it('reads durations, times, wrappers, free JSON and 64-bit integers', () => {
    const json = {
      cleanupInterval: '-0.000000001s',
      perConnectionBufferLimitBytes: 0,
      ringHashLbConfig: { minimumRingSize: '1024' },
      metadata: { filterMetadata: { 'envoy.lb': { a: 1, b: [true, null, 'x'], c: { d: {} } } } },
    };
    expect(toJson(CLUSTER, decode(CLUSTER, encode(CLUSTER, fromJson(CLUSTER, json))))).toEqual(json);
    const time = fromJson('google.protobuf.Timestamp', '2026-11-20T10:00:00.5+02:00');
    expect(toJson('google.protobuf.Timestamp', time)).toBe('2026-11-20T08:00:00.500Z');
  });

  it.each([
    [
      { filter_chains: [{ filters: [{ nam: 'f' }] }] },
      'filter_chains[0].filters[0].nam: envoy.config.listener.v3.Filter has no such field',
    ],
    [{ filterChains: {} }, 'filterChains: must be a list'],
    [{ filterChains: [null] }, 'filterChains[0]: must not be null'],
    [{ name: 5 }, 'name: must be a string, not 5'],
    [{ statPrefix: 'a', stat_prefix: 'b' }, 'stat_prefix: written twice, in camelCase and in snake_case'],
    [{ address: { pipe: {}, socketAddress: {} } }, 'address.socketAddress: cannot be set together with pipe'],
    [
      { address: { socketAddress: { portValue: -1 } } },
      'address.socketAddress.portValue: must be an integer from 0 to 4294967295, not -1',
    ],
    [{ trafficDirection: 'UP' }, 'trafficDirection: must be one of UNSPECIFIED, INBOUND, OUTBOUND, not "UP"'],
    [{ listenerFiltersTimeout: '5' }, 'listenerFiltersTimeout: must be a duration in seconds such as "1.5s", not "5"'],
    [{ useOriginalDst: 'yes' }, 'useOriginalDst: must be true or false, not "yes"'],
    [{ toString: 1 }, 'toString: envoy.config.listener.v3.Listener has no such field'],
    [[], 'must be an object, not a list'],
    [
      { filterChains: [{ filters: [{ typedConfig: { name: 'x' } }] }] },
      'filterChains[0].filters[0].typedConfig: must have "@type", the type URL',
    ],
    [
      { filterChains: [{ filters: [{ typedConfig: { '@type': 'a/b.C', x: 1 } }] }] },
      'filterChains[0].filters[0].typedConfig: of type a/b.C, which is unknown here',
    ],
  ])('refuses %j and names the place', (json, message) => {
    expect(refusal(LISTENER, json)).toBe(message);
  });

  it('collects unknown fields and types when asked to', () => {
    const unknown: string[] = [];
    const json = { name: 'l', wrong: 1, filterChains: [{ filters: [{ typedConfig: { '@type': 'a/b.C', x: 1 } }] }] };
    const listener = fromJson(LISTENER, json, { onUnknown: (path, what) => unknown.push(`${what} ${path}`) });
    expect(unknown).toEqual(['field wrong', 'type filterChains[0].filters[0].typedConfig']);
    expect(toJson(LISTENER, listener)).toEqual({
      name: 'l',
      filterChains: [
        {
          filters: [
            {
              typedConfig: {
                '@type': 'type.googleapis.com/xds.type.v3.TypedStruct',
                typeUrl: 'a/b.C',
                value: { x: 1 },
              },
            },
          ],
        },
      ],
    });
  });

  it('refuses nesting without end instead of overflowing', () => {
    let json: unknown = {};
    for (let i = 0; i < 10_000; i += 1) json = { a: json };
    expect(refusal('google.protobuf.Struct', json)).toContain('nested deeper than');
    let matcher: unknown = {};
    for (let i = 0; i < 10_000; i += 1) matcher = { notMatch: matcher };
    expect(refusal('envoy.config.listener.v3.ListenerFilterChainMatchPredicate', matcher)).toContain('nested deeper');
  });

  it('keeps a key named __proto__ a key', () => {
    const json: unknown = JSON.parse('{"filterMetadata":{"__proto__":{"__proto__":"x"}}}');
    const bytes = encode('envoy.config.core.v3.Metadata', fromJson('envoy.config.core.v3.Metadata', json));
    expect(
      JSON.stringify(toJson('envoy.config.core.v3.Metadata', decode('envoy.config.core.v3.Metadata', bytes))),
    ).toBe(JSON.stringify(json));
  });

  it('accepts free JSON only as deep as it can be decoded again', () => {
    const read = (depth: number) => {
      let json: unknown = 'leaf';
      for (let i = 0; i < depth; i += 1) json = i % 2 === 0 ? [json] : { a: json };
      return fromJson(CLUSTER, { metadata: { filterMetadata: { m: json } } });
    };
    expect(() => decode(CLUSTER, encode(CLUSTER, read(40)))).not.toThrow();
    expect(() => read(42)).toThrow(ProtoJsonError);
  });
});

describe('any message', () => {
  it.each([LISTENER, CLUSTER, META, 'envoy.config.route.v3.RouteConfiguration', 'envoy.admin.v3.ConfigDump'] as const)(
    'survives JSON: %s',
    (name) => {
      fc.assert(
        fc.property(arbitraryMessage(messageType(name), 4), (generated) => {
          const bytes = messageType(name).encode(generated).finish();
          const message = fromJson(name, toJson(name, decode(name, bytes)));
          expect(Buffer.from(encode(name, message)).toString('hex')).toBe(Buffer.from(bytes).toString('hex'));
        }),
        { numRuns: 150 },
      );
    },
  );
});

describe('unwrapAny', () => {
  const value = {
    stat_prefix: 's',
    metaProtocolFilters: [
      {
        name: 'r',
        config: { '@type': 'type.googleapis.com/aeraki.meta_protocol_proxy.filters.router.v1alpha.Router' },
      },
    ],
  };

  it.each(['udpa.type.v1.TypedStruct', 'xds.type.v3.TypedStruct'] as const)(
    'resolves a %s of either key style',
    (wrapper) => {
      const struct = fromJson(wrapper, { typeUrl: `type.googleapis.com/${META}`, value });
      const any = unwrapAny(pack(wrapper, struct));
      expect(any).toEqual(pack(META, fromJson(META, value)));
    },
  );

  it('leaves alone what it cannot resolve', () => {
    const unknown = pack('xds.type.v3.TypedStruct', { typeUrl: 'a/b.C' });
    const plain = pack(CLUSTER, { name: 'c' });
    expect(unwrapAny(unknown)).toBe(unknown);
    expect(unwrapAny(plain)).toBe(plain);
    expect(unwrapAny({})).toEqual({});
  });

  it('refuses a struct that does not fit its type', () => {
    const any = pack('xds.type.v3.TypedStruct', {
      typeUrl: `type.googleapis.com/${META}`,
      value: fromJson('google.protobuf.Struct', { stat_prefix: 1 }),
    });
    expect(() => unwrapAny(any)).toThrow(ProtoJsonError);
  });
});
