import { describe, expect, test } from 'vitest';
import { fixtureKinds, goodManifest, kindOf, spoiltManifest } from './manifest-fixture.ts';
import { createResourceReader, type ValueSource } from './reader.ts';

const reader = createResourceReader();
const place = { file: 'mesh.yaml', line: 7, column: 1 };

/** The spec that a good manifest becomes. */
function specOf(value: unknown): unknown {
  const { resource, findings } = reader.read(value);
  expect(findings.filter((one) => one.severity !== 'info')).toEqual([]);
  return resource?.spec;
}

describe('a good manifest', () => {
  test.each(fixtureKinds)(
    'of kind %s becomes a resource, without a finding but that it is not in force yet',
    (kind) => {
      const { resource, findings, key, object } = reader.read(goodManifest(kind), { place });
      expect(findings).toEqual([]);
      expect(resource).toMatchObject({ kind: kindOf(kind), key, metadata: { name: object.name, place } });
    },
  );

  test('that is frozen to its depth is read, and not written to', () => {
    const freeze = (value: unknown): void => {
      if (typeof value !== 'object' || value === null) return;
      Object.freeze(value);
      Object.values(value).forEach(freeze);
    };
    for (const kind of fixtureKinds) {
      const value = goodManifest(kind);
      freeze(value);
      expect(reader.read(value).resource?.kind).toBe(kindOf(kind));
    }
  });

  test('keeps its namespace; without one it is in the default one; what belongs to the mesh has none', () => {
    const withoutNamespace = spoiltManifest('MetaRouter', 'metadata.namespace', undefined);
    expect(reader.read(goodManifest('MetaRouter')).key).toBe('MetaRouter/shop/orders');
    expect(reader.read(withoutNamespace).key).toBe('MetaRouter/default/orders');
    expect(createResourceReader({ defaultNamespace: 'team' }).read(withoutNamespace).key).toBe(
      'MetaRouter/team/orders',
    );
    expect(reader.read(spoiltManifest('MeshConfig', 'metadata.namespace', 'shop')).key).toBe('MeshConfig//mesh');
    expect(reader.read(spoiltManifest('ApplicationProtocol', 'metadata.namespace', undefined)).key).toBe(
      'ApplicationProtocol//orders',
    );
  });

  test('says when it was created, if an API server wrote that', () => {
    const { resource } = reader.read(spoiltManifest('Service', 'metadata.creationTimestamp', '2026-11-20T10:00:00Z'));
    expect(resource?.metadata.created).toBe(Date.UTC(2026, 10, 20, 10));
    expect(reader.read(spoiltManifest('Service', 'metadata.creationTimestamp', null)).findings).toEqual([]);
  });
});

describe('defaults', () => {
  test('of a MetaRouter: one token a fill, 20 ms for the rate limit service, requests pass when it fails', () => {
    expect(specOf(goodManifest('MetaRouter'))).toMatchObject({
      localRateLimit: {
        tokenBucket: { maxTokens: 10, tokensPerFill: 5, fillInterval: 60_000 },
        conditions: [{ tokenBucket: { maxTokens: 2, tokensPerFill: 1, fillInterval: 100 } }],
      },
      globalRateLimit: { requestTimeout: 20, denyOnFail: false },
    });
  });

  test('of a MetaRouter: null, {} and regex "*" all mean that the attribute is present', () => {
    const attributes = { a: null, b: {}, c: { regex: '*' }, d: { regex: '.*' } };
    expect(specOf(spoiltManifest('MetaRouter', 'spec.routes.0.match.attributes', attributes))).toMatchObject({
      routes: [{ match: { attributes: { a: {}, b: {}, c: {}, d: { regex: '.*' } } } }, {}],
    });
  });

  test('of a ServiceEntry: external, resolution NONE, no ports', () => {
    const { resource } = reader.read(spoiltManifest('ServiceEntry', 'spec', { hosts: ['a.b.'] }));
    expect(resource?.spec).toEqual({ hosts: ['a.b'], ports: [], location: 'MESH_EXTERNAL', resolution: 'NONE' });
  });

  test('of a Service: TCP, ClusterIP, one name for its addresses', () => {
    expect(specOf(goodManifest('Service'))).toEqual({
      type: 'ClusterIP',
      clusterIPs: ['10.96.0.1'],
      selector: { app: 'orders' },
      publishNotReadyAddresses: false,
      ports: [
        { name: 'tcp-metaprotocol-orders', port: 8080, protocol: 'TCP', targetPort: 'rpc' },
        { name: 'dns', port: 8080, protocol: 'UDP' },
      ],
    });
  });

  test('of an EndpointSlice of nothing: an API server gives its lists as null', () => {
    const manifest = { ...goodManifest('EndpointSlice'), endpoints: null, ports: null };
    expect(specOf(manifest)).toMatchObject({ endpoints: [], ports: [] });
  });

  test('of an EndpointSlice: unknown is ready and serving, not terminating; ports without a number are left out', () => {
    expect(specOf(goodManifest('EndpointSlice'))).toEqual({
      addressType: 'IPv4',
      serviceName: 'orders',
      endpoints: [
        {
          addresses: ['10.0.0.1'],
          conditions: { ready: false, serving: false, terminating: true },
          zone: 'a',
          targetRef: { kind: 'Pod', name: 'orders-1', namespace: 'shop' },
        },
        { addresses: ['10.0.0.2'], conditions: { ready: true, serving: true, terminating: false } },
      ],
      ports: [{ name: 'rpc', port: 9090, protocol: 'TCP' }],
    });
  });

  test('of a MeshConfig: all of it, from its CRD', () => {
    const defaults = {
      trustDomain: 'cluster.local',
      clusterDomain: 'cluster.local',
      rootNamespace: 'isthmus-system',
      osmNamespace: 'osm-system',
      virtualIps: { ipv4: ['240.241.0.0/16'], ipv6: ['2001:2:1::/48'], quarantine: 86_400_000 },
      accessLog: { path: '', encoding: 'TEXT' },
      idleTimeout: 0,
      access: {},
      certificates: { settle: 60_000 },
      trustBundles: [],
    };
    expect(specOf(spoiltManifest('MeshConfig', 'spec', undefined))).toEqual(defaults);
    expect(specOf(spoiltManifest('MeshConfig', 'spec', null))).toEqual(defaults);
    expect(specOf(spoiltManifest('MeshConfig', 'spec.virtualIps', { ipv6: [] }))).toMatchObject({
      virtualIps: { ipv4: ['240.241.0.0/16'], ipv6: [] },
    });
  });

  test('of a DestinationRule: durations are milliseconds, those of TCP seconds; policies of ports and subsets are kept', () => {
    expect(specOf(goodManifest('DestinationRule'))).toMatchObject({
      trafficPolicy: {
        connectionPool: {
          tcp: { connectTimeout: 1500, tcpKeepalive: { time: 7200 } },
        },
        portLevelSettings: [{ port: { number: 8080 }, loadBalancer: { simple: 'RANDOM' } }],
      },
      subsets: [{ name: 'v1' }, { name: 'v2', trafficPolicy: { loadBalancer: { simple: 'ROUND_ROBIN' } } }],
    });
  });
});

describe('an apiVersion', () => {
  const group = { metadata: { name: 'the-routes', namespace: 'shop' }, matches: [] };
  const said = (value: unknown) => {
    const { object, findings } = reader.read(value);
    return [object, findings.map(({ code, severity, message, remedy }) => ({ code, severity, message, remedy }))];
  };

  test('that is missing is asked for by the name of the object, with those of its kind', () => {
    expect(said({ kind: 'HTTPRouteGroup', ...group })).toEqual([
      { kind: 'HTTPRouteGroup', namespace: 'shop', name: 'the-routes' },
      [
        {
          code: 'ISTH0109',
          severity: 'error',
          message: 'apiVersion is missing, or no text.',
          remedy: 'Add apiVersion: specs.smi-spec.io/v1alpha4 (or v1alpha3, v1alpha2, v1alpha1).',
        },
      ],
    ]);
    expect(said(group)).toMatchObject([
      { kind: 'Document', namespace: 'shop', name: 'the-routes' },
      [{ remedy: 'Add its apiVersion.' }, { remedy: 'Add its kind.' }],
    ]);
  });

  test('without the group of its kind is a warning that names the group', () => {
    expect(said({ apiVersion: 'v1alpha1', kind: 'HTTPRouteGroup', ...group })[1]).toMatchObject([
      { code: 'ISTH0120', severity: 'warning', remedy: 'Did you mean apiVersion: specs.smi-spec.io/v1alpha1?' },
    ]);
  });

  test('of another group of the mesh is an error that names the right one', () => {
    expect(said({ apiVersion: 'specs.smi-spec.io/v1alpha3', kind: 'TrafficTarget', ...group })[1]).toMatchObject([
      {
        code: 'ISTH0101',
        remedy: 'Did you mean apiVersion: access.smi-spec.io/v1alpha3 (or v1alpha4, v1alpha2, v1alpha1)?',
      },
    ]);
  });
});

test('a field that a later version has is refused with the version to write', () => {
  const { findings } = reader.read(spoiltManifest('TrafficSplit v1alpha1', 'spec.matches', []));
  expect(findings).toMatchObject([
    { code: 'ISTH0118', remedy: 'Write apiVersion: split.smi-spec.io/v1alpha4 (or v1alpha3), which has matches.' },
  ]);
});

describe('an unknown field', () => {
  test('is a warning that names the field meant; the rest of the object is in force, without the field', () => {
    const { findings, resource } = reader.read(spoiltManifest('ServiceEntry', 'spec.endpoints.0.service_account', 'x'));
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatchObject({
      code: 'ISTH0102',
      severity: 'warning',
      object: { kind: 'ServiceEntry', namespace: 'shop', name: 'orders' },
      path: 'spec.endpoints[0].service_account',
      remedy: 'Did you mean serviceAccount?',
    });
    expect(resource).toEqual(reader.read(goodManifest('ServiceEntry')).resource);
  });

  test('named like something every object inherits is no exception', () => {
    const value: unknown = JSON.parse(
      '{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"a","__proto__":{"name":"b"}},"constructor":1}',
    );
    const { findings, resource } = reader.read(value);
    expect(findings.map((one) => [one.code, one.path])).toEqual([
      ['ISTH0102', 'constructor'],
      ['ISTH0102', 'metadata.__proto__'],
    ]);
    expect(resource?.metadata).toEqual({ namespace: '', name: 'a', labels: {}, annotations: {} });
  });
});

test('a null counts as absent, as with an API server, but for values of maps and lists', () => {
  const nulls = { hosts: ['a.b'], ports: [{ number: 1, name: 'a', protocol: null }], endpoints: null, exportTo: null };
  expect(specOf(spoiltManifest('ServiceEntry', 'spec', nulls))).toEqual({
    hosts: ['a.b'],
    ports: [{ number: 1, name: 'a' }],
    location: 'MESH_EXTERNAL',
    resolution: 'NONE',
  });
  expect(reader.read(spoiltManifest('ServiceEntry', 'spec', { hosts: null })).findings[0]?.code).toBe('ISTH0104');
});

test('published fields that nothing reads yet are one info an object, which lists them all', () => {
  const policy = {
    tls: { mode: 'ISTIO_MUTUAL' },
    loadBalancer: { warmupDurationSecs: '5s' },
    connectionPool: { http: { http2MaxRequests: 1000, useClientProtocol: true } },
    portLevelSettings: [{ port: { number: 80 }, tls: {} }],
  };
  const { findings, resource } = reader.read(spoiltManifest('DestinationRule', 'spec.trafficPolicy', policy));
  expect(findings.map((one) => [one.code, one.severity, one.message])).toEqual([
    [
      'ISTH0114',
      'info',
      'Nothing reads spec.trafficPolicy.tls, spec.trafficPolicy.connectionPool.http.useClientProtocol, ' +
        'spec.trafficPolicy.loadBalancer.warmupDurationSecs, spec.trafficPolicy.portLevelSettings[].tls yet.',
    ],
  ]);
  expect(resource?.kind).toBe('DestinationRule');
});

describe('a refused object', () => {
  test('still has its key, so that its last good version can be kept', () => {
    const refused = [
      spoiltManifest('ServiceEntry', 'spec.hosts', ['*']),
      spoiltManifest('ServiceEntry', 'spec.hosts', 5),
      spoiltManifest('ServiceEntry', 'spec.hosts', [Number.NaN]),
    ];
    for (const value of refused) {
      const { key, resource } = reader.read(value);
      expect([key, resource]).toEqual(['ServiceEntry/shop/orders', undefined]);
    }
  });

  test('tells each of its mistakes where it stands', () => {
    const source: ValueSource = { place, placeOf: (path) => ({ ...place, line: path.length }) };
    const bad = { hosts: ['a b', 'a.b'], ports: [{ number: 1, name: '_' }] };
    const { findings } = reader.read(spoiltManifest('ServiceEntry', 'spec', bad), source);
    expect(findings.map((one) => [one.code, one.path, one.place?.line])).toEqual([
      ['ISTH0201', 'spec.hosts[0]', 13],
      ['ISTH0203', 'spec.ports[0].name', 18],
    ]);
  });

  test('gives at most a hundred findings, and says that there are more', () => {
    const hosts = Array.from({ length: 200 }, (_, index) => `_${index}`);
    const { findings } = reader.read(spoiltManifest('ServiceEntry', 'spec.hosts', hosts));
    expect(findings).toHaveLength(101);
    expect(findings.at(-1)).toMatchObject({
      code: 'ISTH0115',
      message: 'There are 100 more findings about this object.',
    });
  });
});

test('places are looked up for findings only', () => {
  const asked: string[] = [];
  const placeOf = (path: string) => {
    asked.push(path);
    return undefined;
  };
  reader.read(goodManifest('ServiceEntry'), { place, placeOf });
  expect(asked).toEqual([]);
  const { findings } = reader.read(spoiltManifest('ServiceEntry', 'spec.hosts', ['*']), { place, placeOf });
  expect(asked).toEqual(['spec.hosts[0]']);
  expect(findings[0]?.place).toEqual(place);
});

test('an exported registry among the manifests is told to stand in a folder of its own', () => {
  const placeOf = () => undefined;
  const of = (value: unknown) =>
    reader.readAll(value, { placeOf }).flatMap(({ findings }) => findings.map(({ code, message }) => [code, message]));
  expect(of({ services: [] })).toEqual([['ISTH0109', 'The document is what a registry holds, not a manifest.']]);
  expect(of({ services: {} })).toHaveLength(2);
});

describe('a List', () => {
  test('is read item by item; a bad item harms no other, and its places are those inside the List', () => {
    const items = [goodManifest('Service'), spoiltManifest('ServiceEntry', 'spec.hosts', ['*']), null];
    const asked: string[] = [];
    const placeOf = (path: string) => {
      asked.push(path);
      return undefined;
    };
    const readings = reader.readAll({ apiVersion: 'v1', kind: 'List', items }, { placeOf });
    expect(readings.map(({ key, resource, findings }) => [key, resource?.kind, findings[0]?.code])).toEqual([
      ['Service/shop/orders', 'Service', undefined],
      ['ServiceEntry/shop/orders', undefined, 'ISTH0201'],
      [undefined, undefined, 'ISTH0109'],
    ]);
    expect(asked).toEqual(['items[1].spec.hosts[0]', 'items[2]']);
  });

  test('may be typed, as an API server answers', () => {
    const list = { apiVersion: 'v1', kind: 'ServiceList', metadata: {}, items: [goodManifest('Service')] };
    expect(reader.readAll(list).map(({ key }) => key)).toEqual(['Service/shop/orders']);
  });

  test('without items is a mistake, and so is a List in a List', () => {
    const empty = { apiVersion: 'v1', kind: 'List', items: [] };
    expect(reader.readAll(empty)).toEqual([]);
    expect(reader.readAll({ ...empty, items: {} })[0]?.findings[0]?.code).toBe('ISTH0101');
    expect(reader.readAll({ ...empty, items: [empty] })[0]?.findings[0]?.code).toBe('ISTH0101');
  });
});

test('a ProtocolCodec that breaks its schema is not compiled; one that does not compile is refused', () => {
  const compiled: string[] = [];
  const strict = createResourceReader({
    checkCodec: (_, name) => {
      compiled.push(name);
      return [{ path: 'frame.length.parts[0].offset', message: 'No.', remedy: 'Do not.' }];
    },
  });
  expect(strict.read(spoiltManifest('ProtocolCodec', 'spec.frame', 5)).resource).toBeUndefined();
  expect(compiled).toEqual([]);
  const { findings, resource } = strict.read(goodManifest('ProtocolCodec'));
  expect(compiled).toEqual(['orders-codec']);
  expect(findings[0]).toMatchObject({
    code: 'ISTH0601',
    path: 'spec.frame.length.parts[0].offset',
    message: 'No.',
    remedy: 'Do not.',
  });
  expect(resource).toBeUndefined();
});
