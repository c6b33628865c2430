import { expect, test } from 'vitest';
import { goodManifest, spoiltManifest } from '../manifest-fixture.ts';
import { createResourceReader } from '../reader.ts';

const reader = createResourceReader();
const specOf = (value: unknown): unknown => reader.read(value).resource?.spec;

test('a VirtualService says of each part what is written in it and nothing can act on', () => {
  const nothing = { set: {}, add: {}, remove: [] };
  const headers = { request: { ...nothing, set: { a: 'b' } }, response: nothing };
  expect(specOf(goodManifest('VirtualService'))).toEqual({
    hosts: ['orders.shop.mesh'],
    gateways: ['mesh', 'shop/edge'],
    http: [
      {
        name: 'beta',
        match: [
          {
            uri: { prefix: '/v2' },
            method: { exact: 'GET' },
            headers: { user: { regex: 'b.*' } },
            ignoresUriCase: true,
            withoutHeaders: {},
            queryParams: {},
            sourceLabels: {},
            gateways: [],
            unread: [],
          },
        ],
        route: [
          { destination: { host: 'orders.shop.mesh', subset: 'v1', port: 8080 }, weight: 90, unread: [] },
          { destination: { host: 'orders.shop.mesh', subset: 'v2' }, weight: 10, unread: [], headers },
        ],
        timeout: 5000,
        fault: { abort: { percentage: 1, httpStatus: 500 } },
        corsPolicy: {
          origins: [{ exact: 'https://a.example' }],
          methods: [],
          headers: [],
          exposedHeaders: [],
          credentials: true,
        },
        mirrors: [],
        unread: ['rewrite.uriRegexRewrite'],
        rewrite: {},
      },
      { match: [], route: [], redirect: { authority: 'elsewhere.mesh', redirectCode: 301 }, mirrors: [], unread: [] },
    ],
    tls: [
      {
        match: [
          {
            sniHosts: ['orders.shop.mesh'],
            destinationSubnets: [],
            port: 443,
            sourceLabels: {},
            gateways: [],
            unread: [],
          },
        ],
        route: [{ destination: { host: 'orders.shop.mesh' }, unread: [] }],
      },
    ],
    tcp: [
      {
        match: [
          {
            sniHosts: [],
            destinationSubnets: ['10.0.0.0/8'],
            port: 8080,
            sourceLabels: {},
            gateways: [],
            unread: ['sourceSubnet'],
          },
        ],
        route: [{ destination: { host: 'orders.shop.mesh' }, unread: [] }],
      },
    ],
    exportTo: ['.'],
  });
});

test('a VirtualService without gateways is for the mesh', () => {
  expect(specOf(spoiltManifest('VirtualService', 'spec', { hosts: ['a.b'] }))).toEqual({
    hosts: ['a.b'],
    gateways: ['mesh'],
    http: [],
    tls: [],
    tcp: [],
  });
});

const routeOf = (route: object): unknown =>
  specOf(spoiltManifest('VirtualService', 'spec', { hosts: ['a.b'], http: [route] }));

test('a mirror without a percentage gets everything, one of 0 nothing', () => {
  const destination = { host: 'b.b' };
  const mirrored = (...shares: readonly number[]) => ({
    http: [{ mirrors: shares.map((percentage) => ({ percentage, destination })) }],
  });
  expect(routeOf({ mirror: destination })).toMatchObject(mirrored(100));
  expect(routeOf({ mirror: destination, mirrorPercentage: { value: 0.5 } })).toMatchObject(mirrored(0.5));
  expect(routeOf({ mirror: destination, mirror_percent: 7 })).toMatchObject(mirrored(7));
  expect(routeOf({ mirror: destination, mirrorPercentage: {} })).toMatchObject({ http: [{ mirrors: [] }] });
  const both = { mirror: destination, mirrors: [{ destination }, { destination, percentage: { value: 0 } }] };
  expect(routeOf(both)).toMatchObject(mirrored(100, 100));
});

test('faults without a percentage are for no request, and retries without attempts for none', () => {
  const fault = { delay: { fixedDelay: '1s' }, abort: { httpStatus: 500 } };
  expect(routeOf({ fault, retries: { retryOn: ' 5xx, ,503' } })).toMatchObject({
    http: [{ fault: {}, retries: { attempts: 0, retryOn: ['5xx', '503'], retryIgnorePreviousHosts: true } }],
  });
});

test('policies without a spec are those that say nothing', () => {
  expect(specOf(spoiltManifest('AuthorizationPolicy', 'spec', undefined))).toEqual({
    action: 'ALLOW',
    rules: [],
    targetRefs: [],
  });
  expect(specOf(spoiltManifest('PeerAuthentication', 'spec', undefined))).toEqual({ mtls: 'UNSET', portLevelMtls: [] });
  expect(specOf(spoiltManifest('RequestAuthentication', 'spec', undefined))).toEqual({ jwtRules: [], targetRefs: [] });
  expect(specOf(spoiltManifest('Sidecar', 'spec', {}))).toEqual({ egress: [], unread: [] });
});

test('conditions of an AuthorizationPolicy that are empty lists are none', () => {
  expect(specOf(goodManifest('AuthorizationPolicy'))).toMatchObject({
    rules: [
      {
        from: [{ principals: ['cluster.local/ns/shop/sa/buyer'], notNamespaces: ['town'] }],
        to: [{ methods: ['GET'], notPaths: ['/health'] }],
        when: [{ key: 'request.headers[user]', values: ['x'], notValues: [] }],
      },
    ],
  });
});

test('a RequestAuthentication that cannot be read takes no token where one is looked for, as far as that can be read', () => {
  const rules = [
    {
      issuer: 'a',
      timeout: 'soon',
      fromHeaders: [{ name: 'x-token', prefix: 'JWT ' }, { name: 'a b' }],
      fromParams: [1, 't'],
    },
    { fromCookies: ['c'] },
    'rule',
  ];
  expect(specOf(spoiltManifest('RequestAuthentication', 'spec', { jwtRules: rules }))).toMatchObject({
    selector: { matchLabels: {} },
    targetRefs: [],
    jwtRules: [
      {
        issuer: '',
        fromHeaders: [
          { name: 'Authorization', prefix: 'Bearer ' },
          { name: 'x-token', prefix: 'JWT ' },
        ],
        fromParams: ['access_token', 't'],
        fromCookies: ['c'],
      },
    ],
  });
  expect(specOf(spoiltManifest('RequestAuthentication', 'spec.jwtRules', 'none'))).not.toHaveProperty(
    'jwtRules.0.jwks',
  );
});

test('a RequestAuthentication may leave the issuer to whoever has the key, where it says where keys are', () => {
  const jwksUri = 'http://shop.mesh/keys';
  expect(specOf(spoiltManifest('RequestAuthentication', 'spec.jwtRules', [{ jwksUri }]))).toMatchObject({
    jwtRules: [{ issuer: '', jwksUri }],
  });
});

test('a policy that cannot be read is for those whom it names: gateways, or workloads of which it need not know all labels', () => {
  const targetRefs = [{ kind: 'Gateway', name: 'edge', group: 'gateway.networking.k8s.io' }];
  const scopeOf = (spec: object) => specOf(spoiltManifest('AuthorizationPolicy', 'spec', { action: 'MAYBE', ...spec }));
  expect(scopeOf({ targetRefs })).toMatchObject({ targetRefs: [{ kind: 'Gateway', name: 'edge' }] });
  expect(scopeOf({ targetRefs })).not.toHaveProperty('selector');
  const all = { selector: { matchLabels: {} }, targetRefs: [] };
  expect(scopeOf({ targetRefs, selector: {} })).toMatchObject(all);
  expect(scopeOf({ targetRefs: [{ kind: 1 }] })).toMatchObject(all);
  expect(scopeOf({ selector: { matchLabels: { app: 'a', b: 1 } } })).toMatchObject({
    selector: { matchLabels: { app: 'a' } },
  });
});

test('of a ServiceEntry the addresses are held that Istio gave to it, and no mistake is found in what nobody wrote', () => {
  const given = { value: '240.240.0.9', host: 'A.' };
  const addresses = [given, { value: '240.240.0.8' }, given, { value: 'none' }, { host: 'b' }];
  const read = reader.read(spoiltManifest('ServiceEntry', 'status', { addresses, conditions: [] }));
  expect([read.resource?.spec, read.findings]).toMatchObject([
    { allocated: [{ address: '240.240.0.8' }, { address: '240.240.0.9', host: 'a' }] },
    [],
  ]);
  expect(specOf(goodManifest('ServiceEntry'))).not.toHaveProperty('allocated');
});

test('of a Pod its identity, addresses and state are held, and nothing else', () => {
  expect(specOf(goodManifest('Pod'))).toEqual({
    serviceAccount: 'orders',
    hostNetwork: false,
    ips: ['10.0.0.1', '2001:db8::1'],
    phase: 'Running',
    ready: true,
  });
  expect(specOf(spoiltManifest('Pod', 'status', undefined))).toMatchObject({ ips: [], phase: 'Unknown', ready: false });
  expect(specOf(spoiltManifest('Pod', 'spec', { containers: [] }))).toMatchObject({ serviceAccount: 'default' });
});
