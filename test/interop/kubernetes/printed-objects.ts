/** Objects, and what kubectl is to print of each before its conditions, and after its age when asked for all. */

interface PrintedObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly spec: object;
  readonly first: Readonly<Record<string, string>>;
  readonly wide: Readonly<Record<string, string>>;
}

const osm = 'openservicemesh.io';
const httpPort = { number: 80, protocol: 'http' };
const caller = { kind: 'ServiceAccount', name: 'shop', namespace: 'shop' };

export const printedObjects: readonly PrintedObject[] = [
  {
    apiVersion: 'metaprotocol.aeraki.io/v1alpha1',
    kind: 'MetaRouter',
    name: 'router',
    spec: {
      hosts: ['a.example.com'],
      gateways: ['edge'],
      routes: [{ route: [{ destination: { host: 'b.example' } }] }],
    },
    first: { HOST: 'a.example.com' },
    wide: { GATEWAYS: '["edge"]' },
  },
  {
    apiVersion: `policy.${osm}/v1alpha1`,
    kind: 'Egress',
    name: 'hosts',
    spec: { sources: [caller], hosts: ['a.example.com', 'b.example.com'], ports: [httpPort] },
    first: { HOSTS: '["a.example.com","b.example.com"]' },
    wide: { PORTS: '[{"number":80,"protocol":"http"}]' },
  },
  {
    apiVersion: `policy.${osm}/v1alpha1`,
    kind: 'Egress',
    name: 'addresses',
    spec: { sources: [caller], ipAddresses: ['10.0.0.0/8'], ports: [{ number: 6379, protocol: 'tcp' }] },
    first: { HOSTS: '["10.0.0.0/8"]' },
    wide: { PORTS: '[{"number":6379,"protocol":"tcp"}]' },
  },
  {
    apiVersion: `policy.${osm}/v1alpha1`,
    kind: 'IngressBackend',
    name: 'backends',
    spec: { backends: [{ name: 'orders', port: httpPort }], sources: [{ kind: 'IPRange', name: '10.0.0.0/8' }] },
    first: { 'FIRST BACKEND': 'orders' },
    wide: {},
  },
  {
    apiVersion: `config.${osm}/v1alpha2`,
    kind: 'MeshRootCertificate',
    name: 'root',
    spec: {
      intent: 'passive',
      trustDomain: 'cluster.local',
      provider: { tresor: { ca: { secretRef: { name: 'root', namespace: 'default' } } } },
    },
    first: { ROLE: 'passive', 'TRUST DOMAIN': 'cluster.local' },
    wide: {},
  },
];
