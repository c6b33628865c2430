import { describe, expect, it } from 'vitest';
import { Engine } from '../../collections/engine.ts';
import { routeGroup, trafficTarget } from '../../mesh/access/access-fixture.ts';
import { destinationRule, meshConfig, serviceEntry, sidecar } from '../../mesh/mesh-fixture.ts';
import { retry } from '../../mesh/openservicemesh/osm-policy-fixture.ts';
import { trafficSplit } from '../../mesh/routing/traffic-split-fixture.ts';
import { formatObject } from '../../model/finding.ts';
import type { ProxyNode } from '../../model/proxy.ts';
import type { AnyResource } from '../../resources/kinds.ts';
import { BatchSink } from '../../sources/batch-sink.ts';
import { setStates } from '../../sources/resource-tables.ts';
import { typeUrl } from '../../xds-api/messages.ts';
import { buildPipeline } from '../pipeline.ts';
import { resourceOrigins } from './resource-origins.ts';

const books = serviceEntry('shop/books', {
  hosts: ['books.shop.mesh'],
  addresses: ['10.1.0.1'],
  ports: [{ number: 80, name: 'http-web', protocol: 'HTTP', targetPort: 8080 }],
  endpoints: [{ address: '10.0.0.1', serviceAccount: 'books' }],
});
const policies: readonly AnyResource[] = [
  meshConfig('isthmus-system/mesh', { access: { mode: 'Enforced' } }),
  routeGroup('shop/good', { name: 'a', pathRegex: '/a' }),
  routeGroup('shop/bad', { name: 'b', headers: [{ name: 'x', regex: 'b{1,60}' }] }),
  ...['good', 'bad'].map((name) =>
    trafficTarget(`shop/${name}`, [{ kind: 'HTTPRouteGroup', name }], {
      destination: { kind: 'ServiceAccount', namespace: 'shop', name: 'books' },
    }),
  ),
];

function originsWith(...objects: readonly AnyResource[]) {
  const engine = new Engine();
  const pipeline = buildPipeline(engine, { everyAddress: true });
  engine.batch(() => {
    setStates(pipeline.sourced, 'live');
    const sink = new BatchSink(pipeline.sourced);
    for (const object of objects) sink.set(object);
    pipeline.proxyKinds.set('envoy');
  });
  const origins = resourceOrigins(pipeline);
  return (name: string, words = '') => origins({ typeUrl: typeOf(name), name }, words, proxy).map(formatObject);
}

/** Beside the workload, which may call whatever it is told of. */
const proxy: ProxyNode = {
  id: 'books',
  kind: 'envoy',
  namespace: 'shop',
  workload: 'books',
  addresses: ['10.0.0.1'],
  labels: {},
  serviceAccount: 'books',
  identity: 'spiffe://cluster.local/ns/shop/sa/books',
  extensions: [],
};

function typeOf(name: string): string {
  if (name.startsWith('outbound|')) return typeUrl('envoy.config.cluster.v3.Cluster');
  return typeUrl(
    /^[\d.]+_\d+$/.test(name) ? 'envoy.config.listener.v3.Listener' : 'envoy.config.route.v3.RouteConfiguration',
  );
}

describe('what a refused resource comes of', () => {
  const all = ['TrafficTarget shop/bad', 'TrafficTarget shop/good'];

  it('is the policies for the port of the workload', () => {
    const origins = originsWith(books, ...policies);
    expect(origins('inbound|8080||10.0.0.1')).toEqual(all);
    expect(origins('10.0.0.1_8080', 'cannot bind')).toEqual(all);
  });

  it('is the one policy whose expression the proxy quotes', () => {
    const origins = originsWith(books, ...policies);
    expect(origins('inbound|8080||10.0.0.1', "regex 'b{1,60}' RE2 program size of 184")).toEqual([
      'TrafficTarget shop/bad',
    ]);
    expect(origins('inbound|8080||10.0.0.1', "regex '(?:/a).*' is too large")).toEqual(['TrafficTarget shop/good']);
  });

  it('is who declared the host, where no policy is for it', () => {
    const origins = originsWith(books);
    const declared = ['ServiceEntry shop/books'];
    for (const name of ['outbound|80||books.shop.mesh', '10.1.0.1_80', '10.0.0.1_8080'])
      expect(origins(name)).toEqual(declared);
  });

  it('is the rule for connections, where a cluster is refused', () => {
    const rule = destinationRule('shop/pool', { host: 'books.shop.mesh', trafficPolicy: {} });
    const origins = originsWith(books, rule);
    expect(origins('outbound|80||books.shop.mesh')).toEqual(['DestinationRule shop/pool']);
    expect(origins('10.1.0.1_80')).toEqual(['ServiceEntry shop/books']);
  });

  it('is not a Retry or a split of requests, where a listener is refused, which holds none of them', () => {
    const policed = [
      retry('shop/again', 'shop/web', ['shop/books.shop.mesh']),
      trafficSplit('shop/canary', 'books.shop.mesh', { 'books.shop.mesh': 1 }),
    ];
    const origins = originsWith(books, ...policed);
    expect(origins('10.1.0.1_80', 'cannot bind')).toEqual(['ServiceEntry shop/books']);
    expect(origins('books.shop.mesh:80')).toEqual(['TrafficSplit shop/canary', 'Retry shop/again']);
  });

  it('is of the namespace that the Sidecar of the workload names, where others declare the host as well', () => {
    const objects = ['attic', 'pay'].map((namespace) =>
      serviceEntry(`${namespace}/stock`, { hosts: ['stock.mesh'], ports: [{ number: 80, name: 'tcp' }] }),
    );
    const egress = [{ hosts: ['pay/stock.mesh'], unread: [] }];
    expect(originsWith(...objects)('outbound|80||stock.mesh')).toEqual(['ServiceEntry attic/stock']);
    const scoped = originsWith(...objects, sidecar('shop/default', { egress }));
    expect(scoped('outbound|80||stock.mesh')).toEqual(['ServiceEntry pay/stock']);
  });

  it('is nothing for a name that nothing has', () => {
    const origins = originsWith(books, ...policies);
    for (const name of ['', 'default', 'outbound|80||gone.shop.mesh', '10.9.9.9_1']) expect(origins(name)).toEqual([]);
  });
});
