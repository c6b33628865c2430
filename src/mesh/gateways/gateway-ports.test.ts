import { describe, expect, it } from 'vitest';
import type { AnyResource } from '../../resources/kinds.ts';
import { createResourceReader } from '../../resources/reader.ts';
import { kubernetesService, testMesh } from '../mesh-fixture.ts';

function read(object: object): AnyResource {
  const { resource, findings } = createResourceReader().read(object);
  if (resource === undefined) throw new RangeError(JSON.stringify(findings));
  return resource;
}

const ingress = { istio: 'ingressgateway' };

function gateway(name: string, servers: readonly object[], { selector = ingress, year = '2024' } = {}): AnyResource {
  return read({
    apiVersion: 'networking.istio.io/v1',
    kind: 'Gateway',
    metadata: { name, namespace: 'shop', creationTimestamp: `${year}-01-01T00:00:00Z` },
    spec: { selector, servers },
  });
}

const hostOf = (name: string) => `${name}.shop.svc.cluster.local`;
const plain = (number = 443) => ({
  port: { number, name: 'tcp-metaprotocol-thrift', protocol: 'TCP' },
  hosts: ['*'],
});
const tls = (host: string, name = 'tcp-metaprotocol-thrift', mode: string | undefined = 'SIMPLE') => ({
  port: { number: 443, name, protocol: 'TLS' },
  hosts: [host],
  tls: { ...(mode === undefined ? {} : { mode }), credentialName: 'edge' },
});

/** Services `a` and `b`, for whom the gateways `edge` and `late` are. */
const routed = ['a', 'b'].flatMap((name, at) => [
  kubernetesService(`shop/${name}`, {
    clusterIPs: [`10.96.0.${at + 1}`],
    ports: [{ name: 'tcp-metaprotocol-thrift', port: 443, protocol: 'TCP' }],
  }),
  read({
    apiVersion: 'metaprotocol.aeraki.io/v1alpha1',
    kind: 'MetaRouter',
    metadata: { name, namespace: 'shop' },
    spec: {
      hosts: [hostOf(name)],
      gateways: ['edge', 'late'],
      routes: [{ name: 'all', route: [{ destination: { host: hostOf(name) } }] }],
    },
  }),
]);

function portsOf(...resources: readonly AnyResource[]) {
  const { mesh, set, findings } = testMesh();
  set(...routed, ...resources);
  const ports = [...mesh.gatewayPorts.values()].map(({ gateway: of, host, serverNames, listened }) => ({
    of,
    host: host.split('.')[0],
    ...(serverNames === undefined ? {} : { serverNames }),
    listened,
  }));
  return { ports, findings: findings().filter((one) => one.startsWith('ISTH0714')) };
}

describe('servers of one port', () => {
  it('that end TLS for different hosts are told apart by the server name', () => {
    const { ports, findings } = portsOf(
      gateway('edge', [tls(`*/${hostOf('a')}`), tls(hostOf('b')), tls('db.example', 'tls-db', 'PASSTHROUGH')]),
    );
    expect(ports).toEqual([
      { of: 'edge', host: 'a', serverNames: [hostOf('a')], listened: [443] },
      { of: 'edge', host: 'b', serverNames: [hostOf('b')], listened: [443] },
    ]);
    expect(findings).toEqual([]);
  });

  it('of which one takes all are not read, lest the bytes of the other be read', () => {
    const told = ['ISTH0714 Gateway/edge spec.servers[0]'];
    expect(portsOf(gateway('edge', [tls('*'), tls('db.example', 'tls-db', 'PASSTHROUGH')]))).toEqual({
      ports: [],
      findings: told,
    });
    const db = { ...plain(), port: { number: 443, name: 'tcp-db', protocol: 'TCP' } };
    expect(portsOf(gateway('edge', [plain()]), gateway('old', [db], { year: '2020' }))).toEqual({
      ports: [],
      findings: told,
    });
  });

  it('are read at the older of two, by whose routes alone Istio goes, and beside what cannot be met', () => {
    const late = { year: '2025' };
    const own = [{ of: 'edge', host: 'a', listened: [443] }];
    const two = portsOf(gateway('edge', [plain()]), gateway('late', [plain()], late));
    expect(two).toEqual({ ports: own, findings: ['ISTH0714 Gateway/late spec.servers[0]'] });
    const https = { port: { number: 443, name: 'https', protocol: 'HTTPS' }, hosts: ['*'], tls: { mode: 'SIMPLE' } };
    expect(portsOf(gateway('edge', [https, plain()])).ports).toEqual(own);
    const elsewhere = gateway('late', [plain()], { selector: { istio: 'other' }, year: '2020' });
    expect(portsOf(gateway('edge', [plain()]), elsewhere).findings).toEqual([]);
    const named = [{ ...own[0], serverNames: [hostOf('a')] }];
    const both = portsOf(gateway('edge', [tls(hostOf('a'))]), gateway('late', [tls(hostOf('a'))], late));
    expect(both).toEqual({ ports: named, findings: ['ISTH0714 Gateway/late spec.servers[0]'] });
  });

  it('that pass TLS on are not read, which they do where no mode is written', () => {
    const { mode: _, ...unsaid } = tls(hostOf('a')).tls;
    expect(portsOf(gateway('edge', [{ ...tls(hostOf('a')), tls: unsaid }]))).toEqual({
      ports: [],
      findings: ['ISTH0714 Gateway/edge spec.servers[0]'],
    });
  });
});

it("a gateway's port is that which its Pods listen on, also where its Service names it", () => {
  const service = (targetPort: number | string) =>
    kubernetesService('edge/in', {
      selector: ingress,
      ports: [{ name: 'tcp-in', port: 443, protocol: 'TCP', targetPort }],
    });
  const slice = read({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'in-1', namespace: 'edge', labels: { 'kubernetes.io/service-name': 'in' } },
    addressType: 'IPv4',
    endpoints: [{ addresses: ['10.0.0.1'] }],
    ports: [{ name: 'tcp-in', port: 8443 }],
  });
  const listened = (...resources: readonly AnyResource[]) =>
    portsOf(gateway('edge', [plain()]), ...resources).ports.map((port) => port.listened);
  expect(listened(service(9443))).toEqual([[9443]]);
  expect(listened(service('in'), slice)).toEqual([[8443]]);
  expect(listened(service('in'))).toEqual([[443]]);
});
