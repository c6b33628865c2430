/** The commands against a control plane that runs: what operators see of it, and who may see it. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { clusterType, endpointType, listenerType } from '../../src/delivery/xds/resources/resource-types.ts';
import { RawClient } from '../conformance/xds/raw-client.ts';
import { node } from '../conformance/xds/rig.ts';
import { InProcessPlane, serviceEntry } from './in-process-plane.ts';
import { freePorts, quickstartManifests, runIsthmus, startIsthmus, temporaryFolder } from './isthmus-process.ts';

const proxyId = 'sidecar~10.0.0.9~web-1.shop~shop.svc.cluster.local';
const nodeOfKind = (kind: string) => ({
  ...node(proxyId),
  metadata: { fields: { ISTHMUS_PROXY_KIND: { stringValue: kind } } },
});

async function planeWithOrders() {
  const mesh = await InProcessPlane.create();
  await mesh.write('orders.yaml', serviceEntry('orders'));
  const plane = await mesh.serve(['orders.yaml']);
  const command = async (...parameters: readonly string[]) =>
    runIsthmus([...parameters, '--admin', plane.adminAddress]);
  const connect = async () => new RawClient(await plane.serving, 'delta');
  return { mesh, plane, command, connect };
}

describe('a control plane whose admin address a token guards', () => {
  it('shows nothing but its health to who has none, and everything to who has it', async () => {
    const folder = await temporaryFolder();
    const token = path.join(folder, 'token');
    await writeFile(token, 'open sesame\n');
    const wrong = path.join(folder, 'wrong');
    await writeFile(wrong, 'open barley\n');
    const places = ['-f', quickstartManifests, '--state', path.join(folder, 'state'), ...freePorts];
    const { admin } = await startIsthmus([...places, '--admin-token-file', token]);
    const status = async (at: string, authorization?: string) =>
      (await fetch(`http://${admin}${at}`, authorization === undefined ? {} : { headers: { authorization } })).status;
    expect(await status('/healthz')).toBe(200);
    expect(await status('/api/v1/virtual-ips')).toBe(401);
    expect(await status('/metrics', 'Bearer open barley')).toBe(401);
    expect(await status('/metrics', 'Bearer open sesame')).toBe(200);
    const vips = (...more: readonly string[]) => runIsthmus(['vip', 'list', '--admin', admin, ...more]);
    for (const refused of [await vips(), await vips('--admin-token-file', wrong)])
      expect(refused).toMatchObject({ code: 69, stdout: '', stderr: expect.stringContaining('--admin-token-file') });
    const shown = await vips('--admin-token-file', token, '-o', 'json');
    expect([shown.code, JSON.parse(shown.stdout)]).toEqual([0, [expect.anything(), expect.anything()]]);
  });

  it('may stand beyond loopback, and without a token it may not', async () => {
    const state = await temporaryFolder();
    const parameters = ['-f', quickstartManifests, '--state', state, '--xds', '127.0.0.1:0', '--admin', '0.0.0.0:0'];
    const refused = await runIsthmus(['run', ...parameters]);
    expect(refused).toMatchObject({ code: 64, stderr: expect.stringContaining('guard it with --admin-token-file') });
    const token = path.join(state, 'empty');
    await writeFile(token, '\n');
    const empty = await runIsthmus(['run', ...parameters, '--admin-token-file', token]);
    expect(empty).toMatchObject({ code: 64, stderr: expect.stringContaining('is empty') });
  });
});

describe('a proxy that refuses what it was sent', () => {
  it('is shown by proxy-status and analyze with its reason, and both exit with 79 while it is there', async () => {
    const { mesh, command, connect } = await planeWithOrders();
    const client = await connect();
    client.send({ node: nodeOfKind('metaproxy'), typeUrl: listenerType, resourceNamesSubscribe: ['*'] });
    const response = await client.next();
    client.refuse(response, 'no such filter here');
    await expect.poll(() => mesh.codes()).toEqual(['ISTH0801']);
    const status = await command('proxy-status');
    expect(status.code).toBe(79);
    expect(status.stdout).toMatch(/NAME +KIND +NAMESPACE +CDS +EDS +LDS +RDS +CONNECTED/);
    expect(status.stdout).toMatch(new RegExp(`${proxyId} +metaproxy +shop +NOT SENT +NOT SENT +NACKED`));
    expect(status.stdout).toMatch(/REFUSED BECAUSE\n.* LDS +no such filter here/);
    const one = JSON.parse((await command('proxy-status', proxyId, '-o', 'json')).stdout);
    expect(one).toMatchObject({ id: proxyId, types: [{ type: 'LDS', state: 'NACKED', error: 'no such filter here' }] });
    expect(await command('analyze')).toMatchObject({ code: 79, stdout: expect.stringContaining('ISTH0801') });
    await client.close();
    await expect.poll(() => mesh.codes()).toEqual([]);
    expect(await command('proxy-status')).toMatchObject({ code: 0 });
    const gone = await command('proxy-status', proxyId);
    expect(gone).toMatchObject({ code: 65, stderr: expect.stringContaining('no connected proxy') });
  });
});

describe('a proxy of an unknown kind', () => {
  it('is told which kinds there are, is a finding, and harms no other proxy', async () => {
    const { mesh, command, connect } = await planeWithOrders();
    const other = await connect();
    other.send({ node: nodeOfKind('metaproxy'), typeUrl: clusterType, resourceNamesSubscribe: ['*'] });
    other.acknowledge(await other.next());
    const stranger = await connect();
    stranger.send({ node: nodeOfKind('toaster'), typeUrl: clusterType, resourceNamesSubscribe: ['*'] });
    const { code, details } = await stranger.status;
    expect([code, details]).toEqual([3, expect.stringMatching(/toaster.*metaproxy/)]);
    expect(mesh.codes()).toEqual(['ISTH0802']);
    expect(await command('analyze')).toMatchObject({ code: 79, stdout: expect.stringContaining('toaster') });
    const status = JSON.parse((await command('proxy-status', '-o', 'json')).stdout);
    expect(status).toMatchObject([{ kind: 'metaproxy', types: [{ state: 'SYNCED' }] }]);
    await other.close();
  });
});

describe('proxy-config', () => {
  it('shows clusters, endpoints and listeners that a connected proxy should have, as tables and as data', async () => {
    const { mesh, command, connect } = await planeWithOrders();
    const client = await connect();
    const name = 'outbound|9090||orders.shop.mesh';
    for (const [typeUrl, wanted] of [
      [clusterType, '*'],
      [endpointType, name],
      [listenerType, '*'],
    ] as const) {
      client.send({ node: nodeOfKind('metaproxy'), typeUrl, resourceNamesSubscribe: [wanted] });
      client.acknowledge(await client.next());
    }
    const lease = await mesh.leaseOf('shop/orders.shop.mesh');
    const shown = async (type: string, ...more: readonly string[]) =>
      (await command('proxy-config', type, proxyId, ...more)).stdout;
    expect(await shown('clusters')).toMatch(/orders\.shop\.mesh +9090 +- +outbound +EDS/);
    expect(await shown('endpoint')).toMatch(/10\.0\.0\.1:9090 +HEALTHY +1 +- +outbound\|9090\|\|orders\.shop\.mesh/);
    expect(await shown('listener')).toMatch(new RegExp(`${lease?.ipv4} +9090 +TcpProxy +outbound`));
    const all = JSON.parse(await shown('all', '-o', 'json', '--name', name));
    expect(all.map(({ type }: { readonly type: string }) => type).sort()).toEqual(['cluster', 'endpoint']);
    expect(all[0]).toMatchObject({ name, version: expect.stringMatching(/./), resource: { name } });
    expect(await shown('all')).toMatch(/TYPE +NAME +VERSION\n/);
    for (const [type, what] of [
      ['route', 'route'],
      ['all', 'resource'],
    ] as const)
      expect(await command('proxy-config', type, proxyId, '--name', 'nope', '-o', 'json')).toMatchObject({
        code: 65,
        stdout: '',
        stderr: expect.stringContaining(`has no ${what} "nope"`),
      });
    await client.close();
  });
});

describe('describe', () => {
  it('shows the rate limits of a service, and leads from a name that is none to the hosts that are near', async () => {
    const mesh = await InProcessPlane.create();
    await mesh.write('orders.yaml', limitedOrders);
    const { adminAddress } = await mesh.serve(['orders.yaml']);
    const described = async (host: string) => runIsthmus(['describe', host, '--admin', adminAddress]);
    const { stdout } = await described('orders.shop.mesh');
    expect(stdout).toContain('Local rate limit, every request: 5 at once, then 5 every 60 s\n');
    expect(stdout).toContain('Sets in the request: shard = "2"\n');
    for (const near of ['orders', 'ordres.shop.mesh', 'other/orders.shop.mesh'])
      expect(await described(near)).toMatchObject({
        code: 65,
        stderr: expect.stringContaining('Did you mean orders.shop.mesh?'),
      });
  });
});

const limitedOrders = `${serviceEntry('orders').replace('name: tcp', 'name: tcp-metaprotocol-dubbo-x')}---
apiVersion: metaprotocol.aeraki.io/v1alpha1
kind: MetaRouter
metadata: { name: orders, namespace: shop }
spec:
  hosts: [orders.shop.mesh]
  localRateLimit: { tokenBucket: { maxTokens: 5, tokensPerFill: 5, fillInterval: 60s } }
  routes:
    - route: [{ destination: { host: orders.shop.mesh } }]
      requestMutation: [{ key: shard, value: '2' }]
`;

describe('services', () => {
  it('lists what a control plane serves with the addresses that it leased, as -f shows it but for those', async () => {
    const { mesh, command } = await planeWithOrders();
    const lease = await mesh.leaseOf('shop/orders.shop.mesh');
    const { code, stdout, stderr } = await command('services', '-o', 'json');
    const live = JSON.parse(stdout);
    expect([code, stderr, live]).toEqual([
      0,
      '',
      [
        {
          host: 'orders.shop.mesh',
          namespace: 'shop',
          addresses: [lease?.ipv4, lease?.ipv6],
          ports: [
            {
              number: 9090,
              name: 'tcp',
              protocol: { kind: 'plain', protocol: 'tcp' },
              endpoints: { healthy: 1, total: 1 },
            },
          ],
          resolution: 'static',
          provenance: expect.objectContaining({
            source: 'service-entry',
            object: { kind: 'ServiceEntry', namespace: 'shop', name: 'orders' },
          }),
        },
      ],
    ]);
    const offline = await runIsthmus(['services', '-f', mesh.at('orders.yaml'), '-o', 'json']);
    expect([offline.code, JSON.parse(offline.stdout)]).toEqual([0, [{ ...live[0], addresses: expect.anything() }]]);
    const table = (await command('services')).stdout;
    expect(table).toMatch(
      /^HOST +NAMESPACE +ADDRESSES +PORTS +ENDPOINTS +SOURCE\norders\.shop\.mesh +shop .*9090\/tcp +1\/1 +ServiceEntry\/orders\n$/,
    );
  });
});

describe('vip show', () => {
  it('finds a lease by host, key or address, and says when it lies outside the ranges', async () => {
    const { mesh, command } = await planeWithOrders();
    const lease = await mesh.leaseOf('shop/orders.shop.mesh');
    for (const wanted of ['orders.shop.mesh', 'shop/orders.shop.mesh', lease?.ipv4 ?? '', lease?.ipv6 ?? '']) {
      const { code, stdout, stderr } = await command('vip', 'show', wanted, '-o', 'json');
      expect([wanted, code, stderr, JSON.parse(stdout)]).toEqual([wanted, 0, '', lease]);
    }
    expect(await command('vip', 'show', 'nobody')).toMatchObject({
      code: 65,
      stderr: expect.stringContaining('nobody'),
    });
    await mesh.stop();
    await mesh.write('mesh.yaml', meshConfig);
    const { adminAddress } = await mesh.serve(['orders.yaml', 'mesh.yaml']);
    const outside = await runIsthmus(['vip', 'show', 'orders.shop.mesh', '--admin', adminAddress]);
    expect(outside).toMatchObject({ code: 0, stdout: expect.stringMatching(/bound, outside the ranges/) });
    expect(outside.stderr).toMatch(/^ISTH0403: .*remove the host/);
  });
});

const meshConfig = `apiVersion: isthmus.dev/v1alpha1
kind: MeshConfig
metadata: { name: mesh }
spec: { virtualIps: { ipv4: [10.77.0.0/16] } }
`;
