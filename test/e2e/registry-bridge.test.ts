/** A registry in the mesh, from what it says to what a control plane shows; over restarts, with and without it. */
import { rename, writeFile } from 'node:fs/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import type { RegistryStatus } from '../../src/model/registry.ts';
import { InProcessPlane } from './in-process-plane.ts';

const key = 'legacy/orders.prod.legacy.mesh';

let mesh: InProcessPlane;

const snapshot = () => mesh.at('registry.json');

const instance = (n: number) => ({ id: `i${n}`, address: `10.0.0.${n}`, ports: [{ number: 8080, protocol: 'grpc' }] });

async function register(...numbers: readonly number[]): Promise<void> {
  const services = [{ namespace: 'prod', name: 'orders', instances: numbers.map(instance) }];
  await writeFile(`${snapshot()}.new`, JSON.stringify({ services }));
  await rename(`${snapshot()}.new`, snapshot());
}

const start = () => mesh.serve(['manifests.yaml']);

interface Description {
  readonly endpoints: readonly { readonly endpoints: readonly { readonly address: string }[] }[];
}

const leaseOf = () => mesh.leaseOf(key);
const addresses = async () => {
  const { endpoints } = await mesh.ask<Description>(`/api/v1/services/${encodeURIComponent(key)}`);
  return endpoints.flatMap((group) => group.endpoints.map(({ address }) => address));
};
const codes = () => mesh.codes();

beforeEach(async () => {
  mesh = await InProcessPlane.create();
  await mesh.write(
    'manifests.yaml',
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

describe('a bridged registry', () => {
  it('becomes a service with an address and endpoints, which follow it', async () => {
    await start();
    expect(await leaseOf()).toMatchObject({ state: 'bound', ipv4: expect.stringMatching(/^240\.241\./) });
    expect(await addresses()).toEqual(['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4']);
    await register(2, 3, 4, 5);
    await expect.poll(addresses).toEqual(['10.0.0.2', '10.0.0.3', '10.0.0.4', '10.0.0.5']);
  });

  it('is measured, as long as it is there', async () => {
    await start();
    const measured = async () =>
      (await (await mesh.fetch('/metrics')).text())
        .split('\n')
        .filter((line) => line.startsWith('isthmus_registry_') && !line.includes('timestamp'));
    expect(await measured()).toEqual([
      'isthmus_registry_services{registry="legacy"} 1',
      'isthmus_registry_instances{registry="legacy"} 4',
      'isthmus_registry_held_deletions{registry="legacy"} 0',
      'isthmus_registry_awaited_services{registry="legacy"} 0',
      'isthmus_registry_live{registry="legacy"} 1',
    ]);
    await register(1);
    await expect.poll(measured).toContain('isthmus_registry_held_deletions{registry="legacy"} 1');
    await mesh.write('manifests.yaml', '# nothing\n');
    await expect.poll(measured).toEqual([]);
  });

  it('is served with the same address and endpoints after a restart without it, and says so', async () => {
    await start();
    const lease = await leaseOf();
    const seenAt = async () => (await mesh.ask<readonly RegistryStatus[]>('/api/v1/registries'))[0]?.lastComplete;
    const seen = await seenAt();
    expect(seen).toBeGreaterThan(0);
    await mesh.stop();
    await rename(snapshot(), `${snapshot()}.away`);
    await start();
    expect(await seenAt()).toBe(seen);
    expect(mesh.plane?.findings().find(({ code }) => code === 'ISTH1010')?.message).toBe(
      `1 service is served as it was at ${new Date(seen ?? 0).toISOString()}.`,
    );
    expect(await leaseOf()).toEqual(lease);
    expect(await addresses()).toEqual(['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4']);
    await expect.poll(codes).toEqual(expect.arrayContaining(['ISTH1003', 'ISTH1010']));
    await rename(`${snapshot()}.away`, snapshot());
    await expect.poll(codes).toEqual([]);
    expect(await leaseOf()).toEqual(lease);
  });

  it('that nobody has seen yet holds no stop up: nothing serves afterwards, and the state folder is free', async () => {
    await rename(snapshot(), `${snapshot()}.away`);
    const plane = await mesh.open(['manifests.yaml'], { registryWait: 3600 });
    await expect.poll(() => plane.whyNotServing()?.part).toBe('registries');
    await mesh.stop();
    await expect(plane.serving).rejects.toThrow('stopped before it served');
    await rename(`${snapshot()}.away`, snapshot());
    await start();
    expect(await addresses()).toHaveLength(4);
  });

  it('whose loss is held lets it be released, and only then', async () => {
    await start();
    await register(1);
    await expect.poll(codes).toEqual(['ISTH1005']);
    expect(await addresses()).toHaveLength(4);
    expect(await mesh.ask('/api/v1/registries/legacy/release', { method: 'POST' })).toEqual({
      released: [`legacy/prod//orders`],
    });
    await expect.poll(addresses).toEqual(['10.0.0.1']);
  });

  it('that is taken out of the mesh takes its services along, and the address is kept for their return', async () => {
    await start();
    const lease = await leaseOf();
    await mesh.write('manifests.yaml', '# nothing\n');
    await expect.poll(async () => (await leaseOf())?.state).toBe('tombstone');
    expect(await mesh.ask('/api/v1/registries')).toEqual([]);
    expect((await leaseOf())?.ipv4).toBe(lease?.ipv4);
  });
});
