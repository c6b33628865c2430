import { describe, expect, test } from 'vitest';
import { type FixtureKind, goodManifest, spoiltManifest } from '../manifest-fixture.ts';
import { createResourceReader } from '../reader.ts';

const reader = createResourceReader();

/** The hub content of a manifest that is taken, and the codes of its findings. */
function hubOf(value: unknown): { readonly spec: unknown; readonly codes: readonly string[] } {
  const { resource, findings } = reader.read(value);
  expect(resource).toBeDefined();
  return { spec: resource?.spec, codes: findings.map(({ code }) => code) };
}

const bookstoreRoutes = {
  matches: [
    {
      name: 'books-bought',
      pathRegex: '/books-bought',
      methods: ['GET'],
      headers: [
        { name: 'user-agent', regex: '.*-http-client/*.*' },
        { name: 'client-app', regex: 'bookbuyer' },
      ],
    },
    { name: 'buy-a-book', pathRegex: '.*a-book.*new', methods: ['GET'], headers: [] },
    { name: 'update-books-bought', pathRegex: '/update-books-bought', methods: [], headers: [] },
    { name: 'everything', pathRegex: '', methods: [], headers: [] },
  ],
};

const account = (namespace: string, name: string) => ({ kind: 'ServiceAccount', namespace, name });

const bookstoreTarget = {
  destination: account('bookstore', 'bookstore'),
  rules: [
    { kind: 'HTTPRouteGroup', name: 'bookstore-routes', matches: ['buy-a-book', 'books-bought'] },
    { kind: 'TCPRoute', name: 'bookstore-port' },
  ],
  sources: [account('bookbuyer', 'bookbuyer'), account('bookstore', 'auditor')],
};

const split = (weights: readonly [number, number], matches: readonly string[]) => ({
  service: 'bookstore',
  backends: [
    { service: 'bookstore-v1', weight: weights[0] },
    { service: 'bookstore-v2.bookstore.svc.cluster.local', weight: weights[1] },
  ],
  matches,
});

const hubs: readonly (readonly [FixtureKind, unknown])[] = [
  ['HTTPRouteGroup', bookstoreRoutes],
  ['HTTPRouteGroup v1alpha3', bookstoreRoutes],
  ['HTTPRouteGroup v1alpha2', bookstoreRoutes],
  ['HTTPRouteGroup v1alpha1', bookstoreRoutes],
  ['TCPRoute', { ports: [3306, 6446] }],
  ['TCPRoute v1alpha3', { ports: [] }],
  ['TCPRoute v1alpha2', { ports: [] }],
  ['TCPRoute v1alpha1', { ports: [] }],
  ['UDPRoute', { ports: [989, 990] }],
  ['TrafficTarget', bookstoreTarget],
  [
    'TrafficTarget v1alpha4',
    {
      destination: { kind: 'IdentityBinding', namespace: 'bookstore', name: 'bookstore' },
      rules: [{ kind: 'UDPRoute', name: 'dns' }],
      sources: [{ kind: 'IdentityBinding', namespace: 'bookbuyer', name: 'bookbuyer' }],
    },
  ],
  ['TrafficTarget v1alpha2', { ...bookstoreTarget, port: 14_001 }],
  ['TrafficTarget v1alpha1', { ...bookstoreTarget, port: 14_001 }],
  [
    'IdentityBinding',
    {
      podLabels: { app: 'bookbuyer' },
      spiffeIdentities: ['spiffe://cluster.local/ns/bookbuyer/sa/bookbuyer', 'spiffe://federated.example/boundary/one'],
    },
  ],
  ['TrafficSplit', split([90, 10], ['firefox'])],
  ['TrafficSplit v1alpha3', split([0, 100], ['firefox'])],
  ['TrafficSplit v1alpha2', split([1000, 500], [])],
  ['TrafficSplit v1alpha1', split([2, 1], [])],
];

test.each(hubs)('a published %s gets into the hub without a loss', (fixture, spec) => {
  expect(hubOf(goodManifest(fixture))).toEqual({ spec, codes: [] });
});

test('an object written in two versions is one object', () => {
  expect(reader.read(goodManifest('TrafficTarget v1alpha1')).key).toBe(
    reader.read(goodManifest('TrafficTarget v1alpha4')).key,
  );
});

describe('what is absent or empty', () => {
  test('is no condition, in an HTTPRouteGroup: any path, any method, any header', () => {
    for (const value of [
      { name: 'a' },
      { name: 'a', pathRegex: '', methods: [], headers: {} },
      { name: 'a', pathRegex: null, methods: null, headers: null },
      { name: 'a', methods: ['*', 'GET'], headers: [] },
    ]) {
      expect(hubOf(spoiltManifest('HTTPRouteGroup', 'spec.matches', [value]))).toEqual({
        spec: { matches: [{ name: 'a', pathRegex: '', methods: [], headers: [] }] },
        codes: [],
      });
    }
  });

  test('means every port, in a TCPRoute and a UDPRoute', () => {
    for (const spec of [undefined, {}, { matches: {} }, { matches: { ports: [] } }, { matches: { name: 'a' } }]) {
      expect(hubOf(spoiltManifest('TCPRoute', 'spec', spec))).toEqual({ spec: { ports: [] }, codes: [] });
      expect(hubOf(spoiltManifest('UDPRoute', 'spec', spec))).toEqual({ spec: { ports: [] }, codes: [] });
    }
  });

  test('means every match of the group where a rule names none, and no match where its list is empty', () => {
    const rule = { kind: 'HTTPRouteGroup', name: 'a' };
    expect(hubOf(spoiltManifest('TrafficTarget', 'spec.rules', [rule]))).toMatchObject({
      spec: { rules: [rule] },
      codes: [],
    });
    expect(hubOf(spoiltManifest('TrafficTarget', 'spec.rules', [{ ...rule, matches: [] }]))).toMatchObject({
      spec: { rules: [{ ...rule, matches: [] }] },
      codes: ['ISTH0224'],
    });
  });

  test('closes, where it is the rules or the sources: taken with a warning, so that what was open can be closed', () => {
    for (const field of ['rules', 'sources']) {
      expect(hubOf(spoiltManifest('TrafficTarget', `spec.${field}`, []))).toMatchObject({
        spec: { [field]: [] },
        codes: ['ISTH0224'],
      });
    }
    expect(hubOf(spoiltManifest('IdentityBinding', 'spec.schemes', {}))).toEqual({
      spec: { spiffeIdentities: [] },
      codes: ['ISTH0224'],
    });
  });

  test('means every request, where a split names no groups', () => {
    for (const matches of [undefined, null, []]) {
      expect(hubOf(spoiltManifest('TrafficSplit', 'spec.matches', matches))).toMatchObject({
        spec: { matches: [] },
        codes: [],
      });
    }
  });
});

describe('a namespace that is not written', () => {
  test('is that of the object, or that in which the manifests are', () => {
    const anonymous = spoiltManifest('TrafficTarget v1alpha4', 'metadata.namespace', undefined);
    const { resource, findings } = createResourceReader({ defaultNamespace: 'team' }).read(anonymous);
    expect(findings).toEqual([]);
    expect(resource).toMatchObject({ metadata: { namespace: 'team' }, spec: { destination: { namespace: 'team' } } });
    expect(hubOf(spoiltManifest('TrafficTarget', 'spec.destination.namespace', ''))).toMatchObject({
      spec: { destination: { namespace: 'bookstore' } },
      codes: [],
    });
  });

  test('of another than the destination refuses the target, and says where it belongs', () => {
    const { resource, findings } = reader.read(
      spoiltManifest('TrafficTarget', 'spec.destination.namespace', 'bookbuyer'),
    );
    expect(resource).toBeUndefined();
    expect(findings).toMatchObject([{ code: 'ISTH0225', remedy: 'Move the TrafficTarget to namespace bookbuyer.' }]);
  });
});

describe('conditions on headers', () => {
  test.each([
    ['a map', { 'X-Version': '2', ':authority': 'books\\..*' }],
    ['a list of maps', [{ 'X-Version': '2' }, { Host: 'books\\..*' }]],
  ])('are read from %s, names in lower case, the authority as host', (_, headers) => {
    expect(hubOf(spoiltManifest('HTTPRouteGroup', 'spec.matches', [{ name: 'a', headers }]))).toMatchObject({
      spec: {
        matches: [
          {
            headers: [
              { name: 'x-version', regex: '2' },
              { name: 'host', regex: 'books\\..*' },
            ],
          },
        ],
      },
      codes: [],
    });
  });
});

describe('weights', () => {
  test.each<readonly [string, readonly (number | string)[], readonly number[]]>([
    ['quantities of one unit', ['900m', '100m'], [9, 1]],
    ['numbers and quantities', [1, '10m'], [100, 1]],
    ['powers of two', ['1Ki', '512'], [2, 1]],
    ['exponents', ['1e3', '5e2'], [2, 1]],
    ['fractions of a thousandth', ['1m', '500u'], [2, 1]],
    ['nothing for one of them', ['0', '500m'], [0, 1]],
    ['numbers', [90, 10], [9, 1]],
  ])('of v1alpha1 become the least whole numbers of their ratio: %s', (_, weights, expected) => {
    const backends = weights.map((weight, index) => ({ service: `v${index}`, weight }));
    expect(hubOf(spoiltManifest('TrafficSplit v1alpha1', 'spec.backends', backends))).toMatchObject({
      spec: { backends: expected.map((weight, index) => ({ service: `v${index}`, weight })) },
      codes: [],
    });
  });

  test('of a service that is named twice are added, whatever its name is written like', () => {
    const backends = [
      { service: 'v1', weight: 1 },
      { service: 'v2', weight: 2 },
      { service: 'V1.', weight: 3 },
    ];
    expect(hubOf(spoiltManifest('TrafficSplit', 'spec.backends', backends))).toMatchObject({
      spec: {
        backends: [
          { service: 'v1', weight: 4 },
          { service: 'v2', weight: 2 },
        ],
      },
      codes: ['ISTH0216'],
    });
  });

  test('that are all zero are taken, with a warning; the root may be its own backend', () => {
    const backends = [{ service: 'bookstore', weight: 0 }];
    expect(hubOf(spoiltManifest('TrafficSplit v1alpha2', 'spec.backends', backends))).toEqual({
      spec: { service: 'bookstore', backends, matches: [] },
      codes: ['ISTH0224'],
    });
  });

  test('that are fractions are refused in words that say what to write', () => {
    const { findings } = reader.read(spoiltManifest('TrafficSplit', 'spec.backends.0.weight', 0.5));
    expect(findings.map(({ message }) => message).join()).toContain('must be a whole number: multiply all weights');
  });
});

describe('an HTTPRouteGroup of a later version in the form of the earlier, as in the texts about traffic splits,', () => {
  test.each(['v1alpha3', 'v1alpha4'])('is read all the same: %s', (version) => {
    const old = goodManifest('HTTPRouteGroup v1alpha2');
    const { spec, codes } = hubOf({ ...old, apiVersion: `specs.smi-spec.io/${version}` });
    expect([spec, codes]).toEqual([bookstoreRoutes, ['ISTH0119']]);
  });

  test('and in its own form as well, is refused: one of the two would be left out', () => {
    const both = { ...goodManifest('HTTPRouteGroup v1alpha2'), ...goodManifest('HTTPRouteGroup') };
    const { resource, findings } = reader.read(both);
    expect(resource).toBeUndefined();
    expect(findings.map(({ code, severity }) => [code, severity])).toEqual([['ISTH0107', 'error']]);
  });
});

describe('an IdentityBinding', () => {
  test('as SMI prints it, with pods beside a service account, is taken', () => {
    const schemes = {
      podLabelSelectors: [{ matchLabels: { app: 'a' } }],
      spiffeIdentities: ['cluster.local/ns/default/sa/service-a'],
      serviceAccount: 'service-a',
    };
    expect(hubOf(spoiltManifest('IdentityBinding', 'spec.schemes', schemes))).toEqual({
      spec: {
        podLabels: { app: 'a' },
        spiffeIdentities: ['spiffe://cluster.local/ns/default/sa/service-a'],
        serviceAccount: 'service-a',
      },
      codes: [],
    });
  });

  test('may give its selector as the list of earlier drafts, and a service account', () => {
    const selectors = [{ name: 'pods', matchLabels: { app: 'a' } }];
    expect(hubOf(spoiltManifest('IdentityBinding', 'spec.schemes', { podLabelSelectors: selectors }))).toEqual({
      spec: { podLabels: { app: 'a' }, spiffeIdentities: [] },
      codes: [],
    });
    expect(hubOf(spoiltManifest('IdentityBinding', 'spec.schemes', { serviceAccount: 'buyer' }))).toEqual({
      spec: { serviceAccount: 'buyer', spiffeIdentities: [] },
      codes: [],
    });
  });
});
