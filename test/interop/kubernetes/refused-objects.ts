/**
 * Objects with one fault each that a rule of a CustomResourceDefinition names: what the API server says of them is what
 * `isthmus validate` says.
 */
interface RefusedObject {
  readonly fault: string;
  readonly object: object;
  /** What both say; validate may say more. */
  readonly says: string;
}

const registry = { type: 'Consul', addresses: ['consul.example.com:8500'] };
const route = (host: string, weight?: number): object => ({
  destination: { host },
  ...(weight === undefined ? {} : { weight }),
});
const bucket = { maxTokens: 10, fillInterval: '60s' };

export const refusedObjects: readonly RefusedObject[] = [
  {
    fault: 'a protocol whose name cannot stand in the name of a port',
    object: aeraki('ApplicationProtocol', { protocol: 'my-rpc', codec: 'my.codec' }),
    says: '"my-rpc" cannot stand in a port name: tcp-metaprotocol-<protocol>',
  },
  {
    fault: 'a MetaRouter that says nothing',
    object: router({}),
    says: 'There are neither routes nor rate limits',
  },
  {
    fault: 'weights of 90 percent',
    object: router({ routes: [{ route: [route('a.example.com', 40), route('b.example.com', 50)] }] }),
    says: 'The weights do not add up to 100',
  },
  {
    fault: 'a percentage of no mirror',
    object: router({ routes: [{ route: [route('a.example.com')], mirrorPercentage: { value: 5 } }] }),
    says: 'mirrorPercentage stands without a mirror',
  },
  {
    fault: 'a mirror of nothing',
    object: router({
      routes: [{ route: [route('a.example.com')], mirror: { host: 'b.example.com' }, mirrorPercentage: { value: 0 } }],
    }),
    says: 'A mirror of 0 percent mirrors nothing',
  },
  {
    fault: 'two forms of one match',
    object: router({
      routes: [{ match: { attributes: { method: { exact: 'a', regex: 'b' } } }, route: [route('a.example.com')] }],
    }),
    says: 'exact and regex exclude each other',
  },
  {
    fault: 'two forms of one match of a rate limit',
    object: router({
      localRateLimit: {
        conditions: [{ match: { attributes: { method: { exact: 'a', prefix: 'b' } } }, tokenBucket: bucket }],
      },
    }),
    says: 'exact and prefix exclude each other',
  },
  {
    fault: 'a rate limit without a limit',
    object: router({ localRateLimit: {} }),
    says: 'There is neither a tokenBucket nor a condition with one',
  },
  {
    fault: 'a range of the wrong family',
    object: ours('MeshConfig', { virtualIps: { ipv4: ['2001:2:1::/48'] } }),
    says: 'each must be an IPv4 range such as 240.241.0.0/16',
  },
  {
    fault: 'a negative quarantine',
    object: ours('MeshConfig', { virtualIps: { quarantine: '-1h' } }),
    says: 'must be a duration such as 24h, not negative',
  },
  {
    fault: 'a format of a log that goes nowhere',
    object: ours('MeshConfig', { accessLog: { format: '%PROTOCOL%' } }),
    says: 'a format without a path logs nothing: set path, for example to /dev/stdout',
  },
  {
    fault: 'an issuer without its folder',
    object: ours('MeshConfig', { certificates: { issuer: 'Files' } }),
    says: 'issuer Files needs files.folder',
  },
  {
    fault: 'certificates that live for a week',
    object: ours('MeshConfig', { certificates: { lifetime: '168h' } }),
    says: 'must be a duration from 1m to 24h',
  },
  {
    fault: 'a move to where it is',
    object: ours('MigrationPlan', { host: 'a.example.com', to: { host: 'a.example.com' } }, 'default'),
    says: 'host and to.host must differ',
  },
  {
    fault: 'a certificate without its key',
    object: ours('ServiceRegistry', { ...registry, tls: { certFile: '/a.pem' } }),
    says: 'certFile and keyFile belong together',
  },
  {
    fault: 'two credentials',
    object: ours('ServiceRegistry', {
      ...registry,
      credentials: { tokenFile: '/token', secretRef: { name: 'a', namespace: 'b' } },
    }),
    says: 'give one of tokenFile, usernameFile with passwordFile, and secretRef',
  },
  {
    fault: 'hosts that do not differ by service',
    object: ours('ServiceRegistry', { ...registry, mapping: { host: 'all.example.com' } }),
    says: 'it must hold {service}, or all services would have one name',
  },
  {
    fault: 'no ports at all',
    object: ours('ServiceRegistry', { ...registry, trust: { minPort: 100, maxPort: 99 } }),
    says: 'minPort must not be greater than maxPort',
  },
  {
    fault: 'registering in what is only read',
    object: ours('ServiceRegistry', { ...registry, publish: { into: 'a', publisher: 'b', hosts: ['*'] } }),
    says: 'services can be registered in registries of type Polaris only',
  },
  {
    fault: 'two ways to the end of a frame',
    object: ours('ProtocolCodec', { frame: { header: { size: 4 }, length: { size: 8, delimiter: '0a' } } }),
    says: 'give exactly one of parts, delimiter and size',
  },
  {
    fault: 'an id that nobody wrote',
    object: ours('ProtocolCodec', {
      frame: { header: { size: 4 }, length: { size: 8 } },
      identity: { requestId: 'id', correlation: 'id' },
    }),
    says: 'identity.requestId must name one of the fields or sections',
  },
  {
    fault: 'half a weight',
    object: {
      apiVersion: 'split.smi-spec.io/v1alpha4',
      kind: 'TrafficSplit',
      metadata: { name: 'refused', namespace: 'default' },
      spec: { service: 'a', backends: [{ service: 'b', weight: 0.5 }] },
    },
    says: 'must be a whole number: multiply all weights, 0.5 and 1.5 by 2 for example',
  },
  {
    fault: 'ports in a version that has none',
    object: {
      apiVersion: 'specs.smi-spec.io/v1alpha3',
      kind: 'TCPRoute',
      metadata: { name: 'refused', namespace: 'default' },
      spec: { matches: { ports: [80] } },
    },
    says: 'ports are known from v1alpha4 on, and would be dropped here: write apiVersion: specs.smi-spec.io/v1alpha4',
  },
];

function aeraki(kind: string, spec: object, namespace?: string): object {
  return { apiVersion: 'metaprotocol.aeraki.io/v1alpha1', kind, metadata: metadataOf(namespace), spec };
}

function router(spec: object): object {
  return aeraki('MetaRouter', { hosts: ['a.example.com'], ...spec }, 'default');
}

function ours(kind: string, spec: object, namespace?: string): object {
  return { apiVersion: 'isthmus.dev/v1alpha1', kind, metadata: metadataOf(namespace), spec };
}

function metadataOf(namespace: string | undefined): object {
  return { name: 'refused', ...(namespace === undefined ? {} : { namespace }) };
}
