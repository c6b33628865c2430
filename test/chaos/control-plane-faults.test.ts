/** The control plane when its files, its state folder or its registries are not what they should be: nothing is lost. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rename, rm, stat, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { clusterType, endpointType, listenerType } from '../../src/delivery/xds/resource-types.ts';
import { type ControlPlane, startControlPlane } from '../../src/main/control-plane.ts';
import { createLogger } from '../../src/operations/log.ts';
import { RawClient } from '../conformance/xds/raw-client.ts';
import { node } from '../conformance/xds/rig.ts';

const silent = createLogger({ level: 'error', format: 'json' }, () => {});
const program = path.resolve(import.meta.dirname, '../../dist/isthmus.mjs');

const serviceEntry = (name: string) => `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: ${name}, namespace: shop }
spec:
  hosts: [${name}.shop.mesh]
  ports: [{ number: 9090, name: tcp }]
  resolution: STATIC
  endpoints: [{ address: 10.0.0.1 }]
`;

let folder: string;
let plane: ControlPlane | undefined;
const at = (...parts: readonly string[]) => path.join(folder, ...parts);

/** Resolves when the admin address answers, which may be long before anybody is served. */
async function open(files: readonly string[] = [at('a'), at('b')]): Promise<ControlPlane> {
  plane = await startControlPlane(
    {
      files,
      stateFolder: at('state'),
      xds: '127.0.0.1:0',
      admin: '127.0.0.1:0',
      insecureXds: false,
      registryWait: 0.2,
      dnsTtl: 30,
      dnsNegativeTtl: 5,
    },
    silent,
  );
  plane.serving.catch(() => {});
  return plane;
}

async function ask<T>(from: string): Promise<T> {
  const response = await fetch(`http://${plane?.adminAddress}${from}`);
  const body: T = JSON.parse(await response.text());
  return body;
}

interface Lease {
  readonly key: string;
  readonly ipv4: string;
  readonly state: string;
}

const leases = async () => ask<readonly Lease[]>('/api/v1/virtual-ips');
const states = async () => Object.fromEntries((await leases()).map(({ key, state }) => [key, state]));
const hosts = async () =>
  (await ask<readonly { readonly service: { readonly host: string } }[]>('/api/v1/services')).map(
    ({ service }) => service.host,
  );
const ready = async () => {
  const response = await fetch(`http://${plane?.adminAddress}/readyz`);
  return { status: response.status, text: await response.text() };
};

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'isthmus-faults-'));
  for (const name of ['a', 'b']) {
    await mkdir(at(name));
    await writeFile(at(name, `${name}.yaml`), serviceEntry(name));
  }
});

afterEach(async () => {
  await plane?.stop();
  plane = undefined;
  await rm(folder, { recursive: true, force: true });
});

describe('a root that cannot be seen', () => {
  it('at the start keeps everybody waiting, says why, and costs no host its address', async () => {
    await (await open()).serving;
    const before = await leases();
    await plane?.stop();
    await rename(at('b'), at('away'));
    const { serving } = await open();
    const early = await Promise.race([serving, new Promise((resolve) => setTimeout(() => resolve('waiting'), 3_000))]);
    expect(early).toBe('waiting');
    expect(await ready()).toEqual({ status: 503, text: expect.stringContaining('files') });
    await rename(at('away'), at('b'));
    expect(await serving).toMatch(/^127\.0\.0\.1:\d+$/);
    expect(await ready()).toMatchObject({ status: 200 });
    expect(await leases()).toEqual(before);
  }, 20_000);

  it('later removes nothing, and counts again when it is back', async () => {
    await (await open()).serving;
    await rename(at('b'), at('away'));
    await expect.poll(() => plane?.findings().map(({ code }) => code), { timeout: 15_000 }).toContain('ISTH0013');
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    expect(await hosts()).toEqual(['a.shop.mesh', 'b.shop.mesh']);
    expect(await states()).toEqual({ 'shop/a.shop.mesh': 'bound', 'shop/b.shop.mesh': 'bound' });
    await rename(at('away'), at('b'));
    await expect.poll(() => plane?.findings(), { timeout: 15_000 }).toEqual([]);
  }, 40_000);
});

describe('a registry that is not seen after the start', () => {
  it('costs its hosts no address, even when what it said before is lost', async () => {
    const snapshot = { services: [{ namespace: 'p', name: 's', instances: [] }] };
    await writeFile(at('registry.json'), JSON.stringify(snapshot));
    await writeFile(
      at('a', 'registry.yaml'),
      `apiVersion: isthmus.dev/v1alpha1
kind: ServiceRegistry
metadata: { name: legacy }
spec: { type: Snapshot, addresses: [${at('registry.json')}], interval: 100ms }
`,
    );
    await (await open()).serving;
    const [lease] = (await leases()).filter(({ key }) => key.startsWith('legacy/'));
    expect(lease?.state).toBe('bound');
    await plane?.stop();
    await unlink(at('state', 'registries.journal'));
    await rename(at('registry.json'), at('away.json'));
    await (await open()).serving;
    expect(await hosts()).toEqual(['a.shop.mesh', 'b.shop.mesh']);
    expect(await leases()).toContainEqual(lease);
    await rename(at('away.json'), at('registry.json'));
    await expect.poll(hosts, { timeout: 5_000 }).toHaveLength(3);
    expect(await leases()).toContainEqual(lease);
  }, 20_000);
});

describe('the ranges of virtual IPs', () => {
  it('may change under run: leased addresses stay, new hosts get the new ones, and a gone host is let go', async () => {
    await (await open()).serving;
    const before = await leases();
    await writeFile(
      at('a', 'mesh.yaml'),
      `apiVersion: isthmus.dev/v1alpha1
kind: MeshConfig
metadata: { name: mesh }
spec: { virtualIps: { ipv4: [10.77.0.0/16] } }
`,
    );
    await writeFile(at('b', 'c.yaml'), serviceEntry('c'));
    const leaseOf = async (key: string) => (await leases()).find((lease) => lease.key === key);
    await expect.poll(async () => (await leaseOf('shop/c.shop.mesh'))?.ipv4, { timeout: 10_000 }).toMatch(/^10\.77\./);
    for (const lease of before) expect(await leaseOf(lease.key)).toEqual({ ...lease, outsideRanges: true });
    expect(await leaseOf('shop/c.shop.mesh')).not.toHaveProperty('outsideRanges');
    const outside = plane?.findings().filter(({ code }) => code === 'ISTH0403');
    expect(outside?.map(({ severity, object }) => `${severity} ${object.name}`)).toEqual([
      'warning a.shop.mesh',
      'warning b.shop.mesh',
    ]);
    await unlink(at('b', 'c.yaml'));
    await expect.poll(async () => (await leaseOf('shop/c.shop.mesh'))?.state, { timeout: 10_000 }).toBe('tombstone');
  }, 30_000);
});

describe('a restart', () => {
  it('changes no byte of what proxies are sent', async () => {
    const types = [clusterType, endpointType, listenerType];
    const versions = async () => {
      const client = new RawClient(await (plane?.serving ?? ''), 'delta');
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
    await plane?.stop();
    await open();
    expect(await versions()).toEqual(before);
  });
});

describe('a state folder', () => {
  const run = promisify(execFile);
  const flags = ['--state', 'state', '--xds', '127.0.0.1:0', '--admin', '127.0.0.1:0', '--log-format', 'json'];

  it('that is a file stops the start with a word on it', async () => {
    await writeFile(at('state'), 'not a folder');
    const failed = await run(process.execPath, [program, 'run', '-f', at('a'), ...flags], { cwd: folder }).catch(
      (error: unknown) => error,
    );
    expect(failed).toMatchObject({ code: 69, stderr: expect.stringMatching(/state/) });
  });

  it('whose disk is full keeps what is leased, gives nobody an address that would be lost, and says so', async () => {
    const names = Array.from({ length: 20 }, (_, n) => `full-${n}`);
    await writeFile(at('a', 'more.yaml'), names.map(serviceEntry).join('---\n'));
    await (await open()).serving;
    const before = await leases();
    await plane?.stop();
    // No file may grow beyond what it has: to a program that is a full disk.
    const { size } = await stat(at('state', 'leases.journal'));
    await writeFile(at('a', 'c.yaml'), serviceEntry('c'));
    const blocks = Math.floor(size / 512);
    expect(blocks).toBeGreaterThan(0);
    const script = `ulimit -f ${blocks}; exec "$0" "$@"`;
    const child = execFile(
      'sh',
      ['-c', script, process.execPath, program, 'run', '-f', at('a'), '-f', at('b'), ...flags],
      {
        cwd: folder,
      },
    );
    try {
      let log = '';
      for await (const chunk of child.stderr ?? []) {
        log += String(chunk);
        if (log.includes('"msg":"serving"')) break;
      }
      child.stderr?.resume();
      const admin = /"admin":"([^"]+)"/.exec(log)?.[1] ?? '';
      const get = async (from: string) => (await fetch(`http://${admin}${from}`)).json();
      expect(await get('/api/v1/virtual-ips')).toEqual(before);
      expect(JSON.stringify(await get('/api/v1/findings'))).toContain('ISTH0901');
      expect(JSON.stringify(await get('/api/v1/services'))).toContain('c.shop.mesh');
    } finally {
      child.kill('SIGKILL');
    }
    expect(await readFile(at('state', 'leases.journal'), 'utf8')).toContain('b.shop.mesh');
  }, 20_000);
});
