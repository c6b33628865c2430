import { describe, expect, test } from 'vitest';
import { encode, type envoy } from '../../../xds-api/messages.ts';
import { readNode } from './node.ts';

type Node = envoy.config.core.v3.Node;
const read = (node: Node) => readNode(encode('envoy.config.core.v3.Node', node));
const metadata = (
  values: Readonly<Record<string, string>>,
  labels: Readonly<Record<string, string>> = {},
): Node['metadata'] => ({
  fields: {
    ...textFields(values),
    LABELS: { structValue: { fields: textFields(labels) } },
  },
});
const textFields = (values: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(values).map(([key, stringValue]) => [key, { stringValue }]));

const metaFilter = { category: 'envoy.filters.network', name: 'aeraki.meta_protocol_proxy' };

describe('how connections come to a proxy', () => {
  test.each([
    ['REDIRECT', 'envoy', 'redirect'],
    ['TPROXY', 'envoy', 'tproxy'],
    ['NONE', 'envoy', undefined],
    ['sideways', 'envoy', undefined],
    ['REDIRECT', 'isthmus-metaproxy', undefined],
  ])('is as an Envoy says: %s of %s', (mode, userAgentName, interception) => {
    const reading = read({ id: 'a', userAgentName, metadata: metadata({ INTERCEPTION_MODE: mode }) });
    expect(reading).toMatchObject({ kind: 'accepted' });
    expect(reading.kind === 'accepted' ? reading.node.interception : 'refused').toBe(interception);
  });
});

describe('where a proxy is', () => {
  test('is as its node says, if that is anywhere', () => {
    const placed = (locality: Node['locality']) => {
      const reading = read({ id: 'a', userAgentName: 'envoy', ...(locality === undefined ? {} : { locality }) });
      return reading.kind === 'accepted' ? reading.node.locality : 'refused';
    };
    expect(placed({ region: 'eu', zone: 'a', subZone: 'rack' })).toEqual({ region: 'eu', zone: 'a', subzone: 'rack' });
    expect(placed({ zone: 'a'.repeat(1000) })).toEqual({ region: '', zone: 'a'.repeat(253), subzone: '' });
    expect([placed({ subZone: 'rack' }), placed(undefined)]).toEqual([undefined, undefined]);
  });
});

describe('a sidecar of istiod', () => {
  const agents = { id: 'a', userAgentName: 'envoy', metadata: metadata({ ISTIO_VERSION: '1.18.2' }) };
  const kind = (...parameters: Parameters<typeof readNode>) => {
    const reading = readNode(...parameters);
    return reading.kind === 'accepted' ? reading.node.kind : 'refused';
  };
  const bytes = (node: Node) => encode('envoy.config.core.v3.Node', node);

  test('is known by the node of its agent where it asks for routes alone, and is one of ours elsewhere', () => {
    expect(kind(bytes(agents), { isForRoutes: true })).toBe('istio-sidecar');
    expect(kind(bytes(agents))).toBe('envoy');
    expect(kind(bytes({ id: 'a', userAgentName: 'envoy' }), { isForRoutes: true })).toBe('envoy');
  });

  test('is whoever comes where only those come, whatever the node says', () => {
    const posing = { id: 'a', userAgentName: 'envoy', metadata: metadata({ ISTHMUS_PROXY_KIND: 'metaproxy' }) };
    expect(kind(bytes(posing), { isIstios: true })).toBe('istio-sidecar');
  });
});

describe('the kind of a proxy', () => {
  test.each<[string, Node, string]>([
    ['Envoy', { userAgentName: 'envoy', extensions: [{ category: 'envoy.filters.network', name: 'tcp' }] }, 'envoy'],
    ['Envoy with the MetaProtocol filter', { userAgentName: 'envoy', extensions: [metaFilter] }, 'envoy-meta'],
    [
      'Envoy whose filter goes by its type',
      {
        userAgentName: 'envoy',
        extensions: [
          {
            category: 'envoy.filters.network',
            name: 'x',
            typeUrls: ['aeraki.meta_protocol_proxy.v1alpha.MetaProtocolProxy'],
          },
        ],
      },
      'envoy-meta',
    ],
    [
      'Envoy with an HTTP filter of that name',
      { userAgentName: 'envoy', extensions: [{ ...metaFilter, category: 'envoy.filters.http' }] },
      'envoy',
    ],
    ['metaproxy', { userAgentName: 'isthmus-metaproxy' }, 'metaproxy'],
    ['gRPC in Go', { userAgentName: 'gRPC Go' }, 'grpc'],
    ['gRPC in C', { userAgentName: 'grpc-c++/1.60' }, 'grpc'],
    [
      'one that states it',
      { userAgentName: 'curl', metadata: metadata({ ISTHMUS_PROXY_KIND: 'metaproxy' }) },
      'metaproxy',
    ],
    [
      'one that states otherwise than it seems',
      { userAgentName: 'envoy', metadata: metadata({ ISTHMUS_PROXY_KIND: 'envoy-meta' }) },
      'envoy-meta',
    ],
  ])('%s', (_name, node, kind) => {
    expect(read({ id: 'a', ...node })).toMatchObject({ kind: 'accepted', node: { kind } });
  });

  test.each<[string, Node]>([
    ['is not told', {}],
    ['is unheard of', { userAgentName: 'envoy-mobile' }],
    ['is stated wrongly', { userAgentName: 'envoy', metadata: metadata({ ISTHMUS_PROXY_KIND: 'Envoy' }) }],
  ])('that %s is refused', (_name, node) => {
    expect(read({ id: 'a', ...node })).toMatchObject({
      kind: 'refused',
      id: 'a',
      reason: expect.stringContaining('ISTHMUS_PROXY_KIND'),
    });
  });
});

describe('who a proxy is', () => {
  const accepted = (node: Node) => {
    const reading = read({ userAgentName: 'envoy', ...node });
    if (reading.kind === 'refused') throw new Error(reading.reason);
    return reading.node;
  };

  test("is read from Istio's form of the node id", () => {
    expect(accepted({ id: 'sidecar~10.1.2.3~web-1.v2.shop~shop.svc.cluster.local' })).toEqual({
      id: 'sidecar~10.1.2.3~web-1.v2.shop~shop.svc.cluster.local',
      kind: 'envoy',
      namespace: 'shop',
      workload: 'web-1.v2',
      addresses: ['10.1.2.3'],
      labels: {},
      serviceAccount: '',
      extensions: [],
    });
  });

  test('is read from the metadata, which is more exact', () => {
    const node = accepted({
      id: 'router~10.1.2.3~gw-1.edge~edge.svc.cluster.local',
      metadata: metadata(
        {
          NAMESPACE: 'real',
          SERVICE_ACCOUNT: 'gateway',
          WORKLOAD_NAME: 'gw',
          NAME: 'gw-1',
          INSTANCE_IPS: '10.1.2.3, fd00::1,not an address,,10.9.9.9',
        },
        { app: 'gw', 'topology.istio.io/network': 'n1' },
      ),
    });
    expect(node).toMatchObject({ namespace: 'real', workload: 'gw', addresses: ['10.1.2.3', 'fd00::1', '10.9.9.9'] });
    expect(node.serviceAccount).toBe('gateway');
    expect(node.labels).toEqual({ app: 'gw', 'topology.istio.io/network': 'n1' });
  });

  test('is the id itself, in the namespace default, when nothing else is told', () => {
    expect(accepted({ id: 'checkout-1' })).toMatchObject({
      namespace: 'default',
      workload: 'checkout-1',
      addresses: [],
    });
    expect(accepted({ id: 'a~b' })).toMatchObject({ namespace: 'default', workload: 'a~b', addresses: [] });
    expect(accepted({ id: 'sidecar~no-ip~web.shop~d' })).toMatchObject({ namespace: 'shop', addresses: [] });
  });

  test('keeps extensions by name, once each', () => {
    const extensions = ['b', 'a', 'b', ''].map((name) => ({ name }));
    expect(accepted({ id: 'a', extensions }).extensions).toEqual(['b', 'a']);
  });

  test('has labels as text, whatever their keys', () => {
    const labels = JSON.parse('{"__proto__": "x", "constructor": "y"}');
    const node = accepted({ id: 'a', metadata: metadata({}, labels) });
    expect(Object.getPrototypeOf(node.labels)).toBe(Object.prototype);
    expect(node.labels.constructor).toBe('y');
  });
});

describe('a node message is refused', () => {
  test('without an id', () => {
    expect(read({ userAgentName: 'envoy' })).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining('Set node.id'),
    });
  });

  test('with an id of absurd length, of which little is repeated', () => {
    const reading = read({ id: 'x'.repeat(5000), userAgentName: 'envoy' });
    expect(reading.kind).toBe('refused');
    expect(JSON.stringify(reading).length).toBeLessThan(500);
  });

  test('when it is malformed', () => {
    expect(readNode(Buffer.from([0x0a, 0xff]))).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining('malformed'),
    });
  });

  test('when its metadata is a bomb of nested structs', () => {
    let value: Uint8Array = encode('google.protobuf.Value', { stringValue: 'x' });
    for (let depth = 0; depth < 2000; depth++) {
      const list = Buffer.concat([Buffer.from([0x0a]), lengthOf(value), value]);
      value = Buffer.concat([Buffer.from([0x32]), lengthOf(list), list]);
    }
    const entry = Buffer.concat([Buffer.from([0x0a, 1, 0x61, 0x12]), lengthOf(value), value]);
    const struct = Buffer.concat([Buffer.from([0x0a]), lengthOf(entry), entry]);
    const bytes = Buffer.concat([Buffer.from([0x0a, 1, 0x61, 0x1a]), lengthOf(struct), struct]);
    expect(readNode(bytes)).toMatchObject({ kind: 'refused' });
  });
});

function lengthOf(bytes: Uint8Array): Buffer {
  const digits: number[] = [];
  let rest = bytes.length;
  for (; rest >= 0x80; rest >>>= 7) digits.push((rest & 0x7f) | 0x80);
  return Buffer.from([...digits, rest]);
}
