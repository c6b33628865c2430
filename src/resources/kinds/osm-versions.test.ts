import { describe, expect, test } from 'vitest';
import { type FixtureKind, fixtureKinds, goodManifest, spoiltManifest } from '../manifest-fixture.ts';
import { osmManifests } from '../osm-manifest-fixture.ts';
import { createResourceReader } from '../reader.ts';

const reader = createResourceReader();

/** The hub content of a manifest that is taken, and the codes of its findings. */
function hubOf(value: unknown): { readonly spec: unknown; readonly codes: readonly string[] } {
  const { resource, findings } = reader.read(value);
  expect(resource).toBeDefined();
  const codes = findings.map(({ code }) => code);
  return { spec: resource?.spec, codes };
}

const meshConfigDefaults = {
  traffic: {
    enableEgress: false,
    enablePermissiveTrafficPolicyMode: false,
    outboundIPRangeExclusionList: [],
    outboundIPRangeInclusionList: [],
    outboundPortExclusionList: [],
    inboundPortExclusionList: [],
    networkInterfaceExclusionList: [],
  },
  sidecar: {
    tlsMinProtocolVersion: 'TLS_AUTO',
    tlsMaxProtocolVersion: 'TLS_AUTO',
    cipherSuites: [],
    ecdhCurves: [],
    localProxyMode: 'Localhost',
  },
  serviceCertValidityDuration: 86_400_000,
  features: { egressPolicy: true, ingressBackendPolicy: true, retryPolicy: false, activeHealthChecks: false },
};

const rateLimiter = { host: 'ratelimiter.rls.svc.cluster.local', port: 8081 };

const hubs: readonly (readonly [FixtureKind, unknown])[] = [
  [
    'Egress',
    {
      sources: [{ namespace: 'curl', name: 'curl' }],
      hosts: ['httpbin.org', '*.example.com', '192.0.2.1'],
      ipAddresses: ['192.0.2.0/24', '2001:db8::/32'],
      ports: [
        { number: 80, protocol: 'http' },
        { number: 443, protocol: 'https' },
        { number: 3306, protocol: 'tcp-server-first' },
      ],
      routeGroups: ['httpbin-routes'],
      upstreamTrafficSetting: 'httpbin',
    },
  ],
  [
    'IngressBackend',
    {
      backends: [
        { name: 'bookstore', port: 14_001, tls: { validatesClients: true, sniHosts: ['bookstore.example.com'] } },
      ],
      sources: [
        { kind: 'Service', namespace: 'ingress', name: 'controller' },
        { kind: 'AuthenticatedPrincipal', name: 'controller.ingress.cluster.local' },
        { kind: 'IPRange', range: '10.0.0.0/8' },
      ],
      routeGroups: [],
    },
  ],
  [
    'Retry',
    {
      source: { namespace: 'curl', name: 'curl' },
      destinations: [{ namespace: 'httpbin', name: 'httpbin' }],
      retryOn: ['5xx', 'connect-failure'],
      perTryTimeout: 1000,
      numRetries: 5,
      retryBackoffBaseInterval: 1000,
    },
  ],
  [
    'UpstreamTrafficSetting',
    {
      host: 'bookstore.bookstore.svc.cluster.local',
      connections: {
        maxConnections: 100,
        connectTimeout: 2000,
        maxRequests: 50,
        maxRequestsPerConnection: 10,
        maxPendingRequests: 5,
        maxRetries: 3,
      },
      localTcp: { count: 10, per: 1000, burst: 5 },
      localHttp: { count: 3, per: 60_000, burst: 0, status: 503, headers: [{ name: 'x-limited', value: 'true' }] },
      globalTcp: {
        service: { ...rateLimiter, domain: 'tcp', timeout: 20, failOpen: true },
        descriptors: [[{ key: 'a', value: 'b' }]],
      },
      globalHttp: {
        service: { ...rateLimiter, domain: 'http', timeout: 100, failOpen: false },
        descriptors: [
          [
            { kind: 'genericKey', key: 'generic_key', value: 'a' },
            { kind: 'remoteAddress' },
            { kind: 'requestHeader', name: 'x-user', key: 'user' },
            {
              kind: 'headerValueMatch',
              key: 'header_match',
              value: 'get',
              expectMatch: true,
              headers: [{ name: 'x-method', exact: 'GET' }],
            },
          ],
        ],
        enableXRateLimitHeaders: true,
        status: 429,
      },
      httpRoutes: [
        {
          path: '/books.*',
          local: { count: 1, per: 3_600_000, burst: 1, status: 429, headers: [] },
          descriptors: [[{ kind: 'genericKey', key: 'k', value: 'v' }]],
        },
      ],
    },
  ],
  [
    'Telemetry',
    {
      selector: { app: 'bookstore' },
      accessLog: {
        format: '[%START_TIME%] %RESPONSE_CODE%',
        openTelemetry: {
          extensionService: { namespace: 'otel', name: 'collector' },
          attributes: { cluster: 'one' },
        },
      },
    },
  ],
  ['ExtensionService', { host: 'collector.otel.svc.cluster.local', port: 4317, protocol: 'h2c', connectTimeout: 2000 }],
  ['ExtensionService v1alpha1', { host: '192.0.2.1', port: 4317, protocol: '' }],
  [
    'OsmMeshConfig',
    {
      traffic: {
        ...meshConfigDefaults.traffic,
        enablePermissiveTrafficPolicyMode: true,
        outboundIPRangeExclusionList: ['10.0.0.0/8'],
        outboundPortExclusionList: [6379],
        networkInterfaceExclusionList: ['net1'],
      },
      sidecar: {
        ...meshConfigDefaults.sidecar,
        tlsMinProtocolVersion: 'TLSv1_2',
        tlsMaxProtocolVersion: 'TLSv1_3',
        localProxyMode: 'PodIP',
      },
      tracing: { address: 'jaeger.osm-system.svc.cluster.local', port: 9411, endpoint: '/api/v2/spans' },
      serviceCertValidityDuration: 43_200_000,
      features: { ...meshConfigDefaults.features, egressPolicy: true },
    },
  ],
  ['OsmMeshConfig v1alpha1', meshConfigDefaults],
  [
    'MeshRootCertificate',
    {
      trustDomain: 'cluster.local',
      role: 'passive',
      spiffeEnabled: true,
      provider: { kind: 'tresor', secret: { namespace: 'osm-system', name: 'osm-ca-bundle' } },
    },
  ],
  [
    'MeshRootCertificate v1alpha1',
    {
      trustDomain: 'cluster.local',
      role: 'active',
      spiffeEnabled: false,
      provider: { kind: 'certManager', issuerName: 'osm-ca', issuerKind: 'Issuer', issuerGroup: 'cert-manager.io' },
    },
  ],
];

test.each(hubs)('a published %s gets into the hub without a loss, and is said to be not in force yet', (kind, spec) => {
  expect(hubOf(goodManifest(kind))).toEqual({ spec, codes: [] });
});

test('every published kind and version is among these', () => {
  const kinds = Object.keys(osmManifests);
  expect(hubs.map(([kind]) => kind)).toEqual(fixtureKinds.filter((kind) => kinds.includes(kind)));
});

test('the MeshConfig of Open Service Mesh is another object than that of isthmus, whatever it is named', () => {
  const ours = goodManifest('MeshConfig');
  const theirs = spoiltManifest('OsmMeshConfig', 'metadata.name', 'mesh');
  expect(reader.read(ours).key).toBe('MeshConfig//mesh');
  expect(reader.read(theirs).key).toBe('OsmMeshConfig/osm-system/mesh');
});

describe('an IngressBackend', () => {
  const https = (skipClientCertValidation: boolean) => ({
    name: 'bookstore',
    port: { number: 443, protocol: 'https' },
    tls: { skipClientCertValidation },
  });
  const service = { kind: 'Service', namespace: 'ingress', name: 'controller' };
  const principal = { kind: 'AuthenticatedPrincipal', name: 'a.b.cluster.local' };
  const policy = (backend: object, sources: readonly object[]) => ({
    ...goodManifest('IngressBackend'),
    spec: { backends: [backend], sources },
  });

  test('that validates its clients is refused unless a source says whose certificates it takes', () => {
    const { resource, findings } = reader.read(policy(https(true), [service]));
    expect([resource?.kind, findings.map(({ code }) => code)]).toEqual(['IngressBackend', []]);
    const refused = reader.read(policy(https(false), [service]));
    expect(refused.resource).toBeUndefined();
    expect(refused.findings.map(({ code }) => code)).toContain('ISTH0214');
    const { tls: _, ...unsaid } = https(false);
    expect(reader.read(policy(unsaid, [service])).resource).toBeUndefined();
    expect(hubOf(policy(https(false), [service, principal])).codes).toEqual([]);
  });

  test('whose principals nobody checks says so', () => {
    expect(hubOf(policy(https(true), [service, principal])).codes).toEqual(['ISTH0229']);
  });

  test('of plain text says that server names narrow nothing', () => {
    const plain = { name: 'a', port: { number: 80, protocol: 'http' }, tls: { sniHosts: ['a.example'] } };
    expect(hubOf(policy(plain, [service]))).toMatchObject({
      spec: { backends: [{ name: 'a', port: 80 }] },
      codes: ['ISTH0229'],
    });
  });
});

describe('what is empty', () => {
  test('closes: an Egress without sources or ports, an IngressBackend without backends or sources', () => {
    const paths = [
      ['Egress', 'sources'],
      ['Egress', 'ports'],
      ['IngressBackend', 'backends'],
      ['IngressBackend', 'sources'],
    ] as const;
    for (const [kind, field] of paths) {
      expect(hubOf(spoiltManifest(kind, `spec.${field}`, []))).toMatchObject({
        spec: { [field]: [] },
        codes: ['ISTH0224'],
      });
    }
  });

  test('sets nothing, in a Telemetry', () => {
    expect(hubOf(spoiltManifest('Telemetry', 'spec', {}))).toEqual({ spec: { selector: {} }, codes: [] });
  });
});

test('a Retry has the published defaults, and either name of its interval', () => {
  const retryOn = { retryOn: 'reset' };
  const spec = (policy: object) => hubOf(spoiltManifest('Retry', 'spec.retryPolicy', policy)).spec;
  expect(spec(retryOn)).toMatchObject({ numRetries: 1, retryBackoffBaseInterval: 25 });
  expect(spec({ ...retryOn, retryBackoffInterval: '1.5s' })).toMatchObject({ retryBackoffBaseInterval: 1500 });
});

test('a token that stands in a MeshRootCertificate gets nowhere', () => {
  const vault = { host: 'vault.example', role: 'osm', protocol: 'https', token: 's.ecret' };
  const reading = reader.read(spoiltManifest('MeshRootCertificate v1alpha1', 'spec.provider', { vault }));
  expect(reading.resource?.spec).toMatchObject({ provider: { kind: 'vault', host: 'vault.example', port: 8200 } });
  expect(JSON.stringify(reading)).not.toContain('s.ecret');
});
