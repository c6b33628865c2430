/** A registry in the mesh, from what it says to what a control plane shows; over restarts, with and without it. */
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ControlPlane, startControlPlane } from '../../src/main/control-plane.ts';
import { createLogger } from '../../src/operations/log.ts';

const silent = createLogger({ level: 'error', format: 'json' }, () => {});
const key = 'legacy/orders.prod.legacy.mesh';

let folder: string;
let plane: ControlPlane | undefined;

const manifests = () => path.join(folder, 'manifests.yaml');
const snapshot = () => path.join(folder, 'registry.json');

const instance = (n: number) => ({ id: `i${n}`, address: `10.0.0.${n}`, ports: [{ number: 8080, protocol: 'grpc' }] });

async function register(...numbers: readonly number[]): Promise<void> {
  const services = [{ namespace: 'prod', name: 'orders', instances: numbers.map(instance) }];
  await writeFile(`${snapshot()}.new`, JSON.stringify({ services }));
  await rename(`${snapshot()}.new`, snapshot());
}

async function start(): Promise<ControlPlane> {
  plane = await startControlPlane(
    {
      files: [manifests()],
      stateFolder: path.join(folder, 'state'),
      xds: '127.0.0.1:0',
      admin: '127.0.0.1:0',
      insecureXds: false,
      registryWait: 0.2,
      dnsTtl: 30,
      dnsNegativeTtl: 5,
    },
    silent,
  );
  await plane.serving;
  return plane;
}

async function ask<T>(from: string, method = 'GET'): Promise<T> {
  const response = await fetch(`http://${plane?.adminAddress}${from}`, { method });
  const body: T = JSON.parse(await response.text());
  return body;
}

interface Lease {
  readonly key: string;
  readonly ipv4: string;
  readonly state: string;
}

interface Description {
  readonly endpoints: readonly { readonly endpoints: readonly { readonly address: string }[] }[];
}

const leaseOf = async () => (await ask<readonly Lease[]>('/api/v1/virtual-ips')).find((lease) => lease.key === key);
const addresses = async () => {
  const { endpoints } = await ask<Description>(`/api/v1/services/${encodeURIComponent(key)}`);
  return endpoints.flatMap((group) => group.endpoints.map(({ address }) => address));
};
const codes = () => plane?.findings().map(({ code }) => code) ?? [];

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'isthmus-registry-'));
  await writeFile(
    manifests(),
    `apiVersion: isthmus.dev/v1alpha1
kind: ServiceRegistry
metadata: { name: legacy }
spec:
  type: Snapshot
  addresses: [${snapshot()}]
  interval: 100ms
  safety: { grace: 300ms, hold: 2s }
`,
  );
  await register(1, 2, 3, 4);
});

afterEach(async () => {
  await plane?.stop();
  await rm(folder, { recursive: true, force: true });
});

describe('a bridged registry', () => {
  it('becomes a service with an address and endpoints, which follow it', async () => {
    await start();
    expect(await leaseOf()).toMatchObject({ state: 'bound', ipv4: expect.stringMatching(/^240\.241\./) });
    expect(await addresses()).toEqual(['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4']);
    await register(2, 3, 4, 5);
    await expect.poll(addresses).toEqual(['10.0.0.2', '10.0.0.3', '10.0.0.4', '10.0.0.5']);
  });

  it('is served with the same address and endpoints after a restart without it, and says so', async () => {
    await start();
    const lease = await leaseOf();
    await plane?.stop();
    await rename(snapshot(), `${snapshot()}.away`);
    await start();
    expect(await leaseOf()).toEqual(lease);
    expect(await addresses()).toEqual(['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4']);
    await expect.poll(codes).toEqual(expect.arrayContaining(['ISTH1003', 'ISTH1010']));
    await rename(`${snapshot()}.away`, snapshot());
    await expect.poll(codes).toEqual([]);
    expect(await leaseOf()).toEqual(lease);
  });

  it('whose loss is held lets it be released, and only then', async () => {
    await start();
    await register(1);
    await expect.poll(codes).toEqual(['ISTH1005']);
    expect(await addresses()).toHaveLength(4);
    expect(await ask('/api/v1/registries/legacy/release', 'POST')).toEqual({ released: [`legacy/prod//orders`] });
    await expect.poll(addresses).toEqual(['10.0.0.1']);
  });

  it('that is taken out of the mesh takes its services along, and the address is kept for their return', async () => {
    await start();
    const lease = await leaseOf();
    await writeFile(manifests(), '# nothing\n');
    await expect.poll(async () => (await leaseOf())?.state, { timeout: 8_000 }).toBe('tombstone');
    expect(await ask('/api/v1/registries')).toEqual([]);
    expect((await leaseOf())?.ipv4).toBe(lease?.ipv4);
  });
});
