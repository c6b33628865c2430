/** The control plane when its files, its state folder or its registries are not what they should be: nothing is lost. */
import { mkdir, readFile, rename, stat, unlink } from 'node:fs/promises';
import path from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { clusterType, endpointType, listenerType } from '../../src/delivery/xds/resources/resource-types.ts';
import { RawClient } from '../conformance/xds/raw-client.ts';
import { node } from '../conformance/xds/rig.ts';
import { InProcessPlane, serviceEntry } from '../e2e/in-process-plane.ts';
import { freePorts, runIsthmus, startIsthmus } from '../e2e/isthmus-process.ts';

let mesh: InProcessPlane;
const at = (...parts: readonly string[]) => mesh.at(...parts);
const open = () => mesh.open(['a', 'b']);
const serve = () => mesh.serve(['a', 'b']);
const leases = () => mesh.leases();
const states = async () => Object.fromEntries((await leases()).map(({ key, state }) => [key, state]));
const hosts = async () =>
  (await mesh.ask<readonly { readonly service: { readonly host: string } }[]>('/api/v1/services')).map(
    ({ service }) => service.host,
  );
const ready = async () => {
  const response = await mesh.fetch('/readyz');
  return { status: response.status, text: await response.text() };
};

beforeEach(async () => {
  mesh = await InProcessPlane.create();
  for (const name of ['a', 'b']) {
    await mkdir(at(name));
    await mesh.write(path.join(name, `${name}.yaml`), serviceEntry(name));
  }
});

describe('a root that cannot be seen', () => {
  it('at the start keeps everybody waiting, says why, and costs no host its address', async () => {
    await serve();
    const before = await leases();
    await mesh.stop();
    await rename(at('b'), at('away'));
    const { serving } = await open();
    const early = await Promise.race([serving, new Promise((resolve) => setTimeout(() => resolve('waiting'), 3_000))]);
    expect(early).toBe('waiting');
    expect(await ready()).toEqual({ status: 503, text: expect.stringContaining('files') });
    await rename(at('away'), at('b'));
    expect(await serving).toMatch(/^127\.0\.0\.1:\d+$/);
    expect(await ready()).toMatchObject({ status: 200 });
    expect(await leases()).toEqual(before);
  });

  it('later removes nothing, and counts again when it is back', async () => {
    await serve();
    await rename(at('b'), at('away'));
    await expect.poll(() => mesh.codes()).toContain('ISTH0013');
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    expect(await hosts()).toEqual(['a.shop.mesh', 'b.shop.mesh']);
    expect(await states()).toEqual({ 'shop/a.shop.mesh': 'bound', 'shop/b.shop.mesh': 'bound' });
    await rename(at('away'), at('b'));
    await expect.poll(() => mesh.plane?.findings()).toEqual([]);
  });
});

describe('a registry that was never seen', () => {
  it('holds the start up for as long as was said, and is what the log and readiness name', async () => {
    await mesh.write(
      'a/registry.yaml',
      `apiVersion: isthmus.dev/v1alpha1
kind: ServiceRegistry
metadata: { name: legacy }
spec: { type: Snapshot, addresses: [${at('missing.json')}], interval: 100ms }
`,
    );
    const { serving } = await mesh.open(['a', 'b'], { registryWait: 2 });
    await expect.poll(ready).toMatchObject({
      status: 503,
      text: expect.stringMatching(
        /^registries: nothing is known of legacy \(.+\): what they hold is waited for, 2 s at most\n$/,
      ),
    });
    await serving;
    expect(await ready()).toMatchObject({ status: 200 });
    await mesh.stop();
    const waiting = ['-f', at('a'), at('b'), '--state', at('other'), '--registry-wait', '2', ...freePorts];
    expect((await startIsthmus(waiting)).log()).toContain('not serving yet: registries: nothing is known of legacy');
  });
});

describe('a registry that is not seen after the start', () => {
  it('costs its hosts no address, even when what it said before is lost', async () => {
    const snapshot = { services: [{ namespace: 'p', name: 's', instances: [] }] };
    await mesh.write('registry.json', JSON.stringify(snapshot));
    await mesh.write(
      'a/registry.yaml',
      `apiVersion: isthmus.dev/v1alpha1
kind: ServiceRegistry
metadata: { name: legacy }
spec: { type: Snapshot, addresses: [${at('registry.json')}], interval: 100ms }
`,
    );
    await serve();
    const [lease] = (await leases()).filter(({ key }) => key.startsWith('legacy/'));
    expect(lease?.state).toBe('bound');
    await mesh.stop();
    await unlink(at('state', 'registries.journal'));
    await rename(at('registry.json'), at('away.json'));
    await serve();
    expect(await hosts()).toEqual(['a.shop.mesh', 'b.shop.mesh']);
    expect(await leases()).toContainEqual(lease);
    await rename(at('away.json'), at('registry.json'));
    await expect.poll(hosts).toHaveLength(3);
    expect(await leases()).toContainEqual(lease);
  });
});

describe('the ranges of virtual IPs', () => {
  it('may change under run: leased addresses stay, new hosts get the new ones, and a gone host is let go', async () => {
    await serve();
    const before = await leases();
    await mesh.write(
      'a/mesh.yaml',
      `apiVersion: isthmus.dev/v1alpha1
kind: MeshConfig
metadata: { name: mesh }
spec: { virtualIps: { ipv4: [10.77.0.0/16] } }
`,
    );
    await mesh.write('b/c.yaml', serviceEntry('c'));
    const leaseOf = (key: string) => mesh.leaseOf(key);
    await expect.poll(async () => (await leaseOf('shop/c.shop.mesh'))?.ipv4).toMatch(/^10\.77\./);
    for (const lease of before) expect(await leaseOf(lease.key)).toEqual({ ...lease, outsideRanges: true });
    expect(await leaseOf('shop/c.shop.mesh')).not.toHaveProperty('outsideRanges');
    const outside = mesh.plane?.findings().filter(({ code }) => code === 'ISTH0403');
    expect(outside?.map(({ severity, object }) => `${severity} ${object.name}`)).toEqual(['warning a', 'warning b']);
    await unlink(at('b', 'c.yaml'));
    await expect.poll(async () => (await leaseOf('shop/c.shop.mesh'))?.state).toBe('tombstone');
  });
});

describe('a restart', () => {
  it('changes no byte of what proxies are sent', async () => {
    const types = [clusterType, endpointType, listenerType];
    const versions = async () => {
      const client = new RawClient(await (mesh.plane?.serving ?? ''), 'delta');
      const seen: string[] = [];
      for (const typeUrl of types) {
        client.send({ node: node(), typeUrl, resourceNamesSubscribe: ['*'] });
        const { resources, nonce } = await client.next();
        client.send({ typeUrl, responseNonce: nonce });
        seen.push(...resources.map(({ name, version }) => `${name} ${version}`));
      }
      await client.close();
      return seen.sort();
    };
    await open();
    const before = await versions();
    expect(before.length).toBeGreaterThan(3);
    await mesh.stop();
    await open();
    expect(await versions()).toEqual(before);
  });
});

describe('a state folder', () => {
  const flags = () => ['--state', at('state'), ...freePorts];

  it('that is a file stops the start with a word on it', async () => {
    await mesh.write('state', 'not a folder');
    const failed = await runIsthmus(['run', '-f', at('a'), ...flags()]);
    expect(failed).toMatchObject({ code: 69, stderr: expect.stringMatching(/state/) });
  });

  it('whose disk is full keeps what is leased, gives nobody an address that would be lost, and says so', async () => {
    const names = Array.from({ length: 20 }, (_, n) => `full-${n}`);
    await mesh.write('a/more.yaml', names.map(serviceEntry).join('---\n'));
    await serve();
    const before = await leases();
    await mesh.stop();
    // No file may grow beyond what it has: to a program that is a full disk.
    const { size } = await stat(at('state', 'leases.journal'));
    await mesh.write('a/c.yaml', serviceEntry('c'));
    const blocks = Math.floor(size / 512);
    expect(blocks).toBeGreaterThan(0);
    const by = ['sh', '-c', `ulimit -f ${blocks}; exec "$0" "$@"`];
    const { admin } = await startIsthmus(['-f', at('a'), '-f', at('b'), ...flags()], { by });
    const get = async (from: string) => (await fetch(`http://${admin}${from}`)).json();
    expect(await get('/api/v1/virtual-ips')).toEqual(before);
    expect(JSON.stringify(await get('/api/v1/findings'))).toContain('ISTH0901');
    expect(JSON.stringify(await get('/api/v1/services'))).toContain('c.shop.mesh');
    expect(await readFile(at('state', 'leases.journal'), 'utf8')).toContain('b.shop.mesh');
  });
});
