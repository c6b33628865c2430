import { execFile } from 'node:child_process';
import { Resolver } from 'node:dns/promises';
import { once } from 'node:events';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';
import { upstreamResponse } from '../../src/delivery/dns/dns-fixture.ts';
import { startUpstream } from '../../src/delivery/dns/upstream-fixture.ts';
import { startMetaproxy } from '../../src/proxy/metaproxy.ts';
import { dnsManifests, startDnsControlPlane } from './dns-control-plane.ts';

const program = path.resolve(import.meta.dirname, '../../dist/isthmus.mjs');

function resolverAt(port: number): Resolver {
  const resolver = new Resolver({ timeout: 20_000, tries: 2 });
  resolver.setServers([`127.0.0.1:${port}`]);
  return resolver;
}

it('a resolver that nobody here wrote finds the virtual IPs, cluster IPs, endpoints and aliases of a mesh', async () => {
  const plane = await startDnsControlPlane(dnsManifests, ['--dns-upstream', '127.0.0.1:1']);
  const resolver = resolverAt(plane.port);
  const leases = await (await fetch(`http://${plane.admin}/api/v1/virtual-ips`)).json();
  expect(leases).toMatchObject([
    {
      key: 'shop/orders.shop.mesh',
      ipv4: (await resolver.resolve4('orders.shop.mesh'))[0],
      ipv6: (await resolver.resolve6('orders.shop.mesh'))[0],
    },
  ]);
  expect(await resolver.resolve4('cart.shop.svc.cluster.local', { ttl: true })).toEqual([
    { address: '10.96.0.7', ttl: 30 },
  ]);
  expect(await resolver.resolve4('cart.shop')).toEqual(['10.96.0.7']);
  expect((await resolver.resolve4('pods.shop.svc.cluster.local')).toSorted()).toEqual(['10.1.0.1', '10.1.0.2']);
  expect(await resolver.resolveCname('legacy.shop.svc.cluster.local')).toEqual(['orders.shop.mesh']);
  expect(await resolver.resolve4('legacy.shop.svc.cluster.local')).toEqual(await resolver.resolve4('orders.shop.mesh'));
  await expect(resolver.resolve6('cart.shop.svc.cluster.local')).rejects.toMatchObject({ code: 'ENODATA' });
  await expect(resolver.resolve4('nobody.shop.svc.cluster.local')).rejects.toMatchObject({ code: 'ENOTFOUND' });
  await expect(resolver.resolve4('www.example.com')).rejects.toMatchObject({ code: 'ESERVFAIL' });
});

it('the address that strangers use stays when another namespace declares the host as well, and when it goes', async () => {
  const plane = await startDnsControlPlane(dnsManifests, ['--dns-upstream', '127.0.0.1:1']);
  const resolver = resolverAt(plane.port);
  const before = await resolver.resolve4('orders.shop.mesh');
  const other = dnsManifests.slice(0, dnsManifests.indexOf('---')).replace('namespace: shop', 'namespace: another');
  await plane.write(`${dnsManifests}---${other}`);
  const leases = async (): Promise<readonly unknown[]> => {
    const all: readonly unknown[] = JSON.parse(await (await fetch(`http://${plane.admin}/api/v1/virtual-ips`)).text());
    return all;
  };
  await expect.poll(leases).toHaveLength(2);
  expect(await resolver.resolve4('orders.shop.mesh')).toEqual(before);
  await plane.write(dnsManifests);
  const bound = async () => [...(await leases())].filter((one) => JSON.stringify(one).includes('"bound"'));
  await expect.poll(bound).toHaveLength(1);
  expect(await resolver.resolve4('orders.shop.mesh')).toEqual(before);
});

it('what is not of the mesh is asked of the upstream, also behind a name of the mesh', async () => {
  const upstream = await startUpstream((query) => [
    upstreamResponse(query, [{ type: 'A', ttl: 100, data: Buffer.from([192, 0, 2, 1]) }]),
  ]);
  const flags = ['--dns-suffix', 'none', '--dns-upstream', `127.0.0.1:${upstream.port}`];
  const plane = await startDnsControlPlane(dnsManifests, flags);
  const resolver = resolverAt(plane.port);
  expect(await resolver.resolve4('www.example.org')).toEqual(['192.0.2.1']);
  expect(await resolver.resolve4('outside.shop.svc.cluster.local')).toEqual(['192.0.2.1']);
  expect(await resolver.resolve4('kubernetes.default.svc.cluster.local')).toEqual(['192.0.2.1']);
  const metrics = await (await fetch(`http://${plane.admin}/metrics`)).text();
  expect(metrics).toContain('isthmus_dns_queries_total{outcome="forwarded"} 3');
  expect(metrics).toContain('isthmus_dns_upstream_exchanges_total{result="answered"} 3');
});

it('a short name means a service beside the workload that asks, as its proxy says where it stands', async () => {
  const plane = await startDnsControlPlane(dnsManifests, ['--dns-upstream', '127.0.0.1:1']);
  const resolver = resolverAt(plane.port);
  await expect(resolver.resolve4('cart')).rejects.toMatchObject({ code: 'ESERVFAIL' });
  const node = { id: 'caller', namespace: 'shop', addresses: ['127.0.0.1'] };
  const proxy = await startMetaproxy({ xds: { address: plane.xds }, node, limits: { drainMs: 0 } });
  onTestFinished(() => proxy.stop());
  await proxy.ready;
  expect(await resolver.resolve4('cart')).toEqual(['10.96.0.7']);
});

it('a name that a file adds is found without a restart, and SIGTERM ends it all', async () => {
  const plane = await startDnsControlPlane(dnsManifests, ['--dns-ttl', '7', '--dns-suffix', 'mesh', 'cluster.local']);
  const resolver = resolverAt(plane.port);
  await expect(resolver.resolve4('late.shop.mesh')).rejects.toMatchObject({ code: 'ENOTFOUND' });
  await plane.write(dnsManifests.replace('hosts: [orders.shop.mesh]', 'hosts: [orders.shop.mesh, late.shop.mesh]'));
  const find = async () => resolver.resolve4('late.shop.mesh', { ttl: true }).catch(() => []);
  await expect.poll(find).toMatchObject([{ ttl: 7 }]);
  const gone = once(plane.process, 'exit');
  plane.process.kill('SIGTERM');
  expect(await gone).toEqual([0, null]);
});

it('flags of DNS that make no sense are refused with the usage exit code', async () => {
  const run = async (...flags: readonly string[]): Promise<unknown> =>
    promisify(execFile)(process.execPath, [program, 'run', '-f', '/dev/null', '--xds', '127.0.0.1:0', ...flags]).catch(
      (error: { code: unknown }) => error.code,
    );
  expect(await run('--dns', 'nowhere')).toBe(64);
  expect(await run('--dns', '127.0.0.1:0', '--dns-upstream', 'dns.example')).toBe(64);
  expect(await run('--dns', '127.0.0.1:0', '--dns-allow', '10.0.0.0/99')).toBe(64);
  expect(await run('--dns', '127.0.0.1:0', '--dns-suffix', '.')).toBe(64);
});
