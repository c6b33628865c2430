/** Mesh services registered in a real Polaris: what is there, what becomes of it, and that it never comes back as a service. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Engine } from '../../../src/collections/engine.ts';
import { NodeStateFolder } from '../../../src/delivery/files/state-folder.ts';
import { buildPipeline } from '../../../src/main/pipeline.ts';
import { type RegistryBridging, startRegistryBridging } from '../../../src/main/registries/registry-bridging.ts';
import { RegistryPublishing } from '../../../src/main/registries/registry-publishing.ts';
import { serviceEntry } from '../../../src/mesh/mesh-fixture.ts';
import { createLogger } from '../../../src/operations/log.ts';
import type { RegistryPublishSpec, ServiceRegistry } from '../../../src/resources/kinds.ts';
import { testRegistry } from '../../../src/resources/service-registry-fixture.ts';
import { connectDiscover } from '../../../src/sources/registries/polaris/discover-addresses.ts';
import { readInstances } from '../../../src/sources/registries/polaris/service-reading.ts';
import { startControlPlaneProcess } from '../../bench/control-plane-process.ts';
import { PolarisServer } from '../../peers/polaris/polaris-server.ts';
import { peerUnderTest } from '../peer-under-test.ts';

const polaris = peerUnderTest('polaris');
const log = createLogger({ format: 'json', level: 'error' }, () => {});
const publish: RegistryPublishSpec = {
  hosts: ['*.shop'],
  namespaces: [],
  labels: {},
  into: 'Mesh',
  name: '{name}',
  publisher: 'isthmus',
  ttl: 1_000,
};

const manifests = (address: string) => `
apiVersion: isthmus.dev/v1alpha1
kind: ServiceRegistry
metadata: { name: polaris }
spec:
  type: Polaris
  addresses: ["${address}"]
  publish: { into: Mesh, publisher: isthmus, name: "{name}", namespaces: [shop] }
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: pay, namespace: shop }
spec:
  hosts: [pay.shop]
  ports: [{ number: 80, name: http }]
  location: MESH_INTERNAL
  resolution: STATIC
  endpoints: [{ address: 10.2.0.1 }]
`;

/** A control plane's registries, in and out, over one ServiceRegistry. */
class Plane {
  readonly pipeline = buildPipeline(new Engine());
  readonly #folder = mkdtempSync(path.join(tmpdir(), 'isthmus-publishing-'));
  #bridging: RegistryBridging | undefined;
  #publishing: RegistryPublishing | undefined;

  async start(registry: ServiceRegistry, pays: readonly string[]): Promise<void> {
    const { engine, sourced } = this.pipeline;
    engine.batch(() => {
      for (const table of Object.values(sourced.resources)) table.setState('live');
    });
    this.set(registry);
    this.pay(...pays);
    const folder = new NodeStateFolder(this.#folder);
    const options = { folder, waitMs: 10_000, listening: [], onSeen: () => {}, mayWrite: () => true, log };
    const bridging = await startRegistryBridging(this.pipeline, options);
    await bridging.servable;
    this.#bridging = bridging;
    this.#publishing = new RegistryPublishing(this.pipeline, { mayRemove: () => bridging.areSeen, log });
  }

  set(registry: ServiceRegistry): void {
    this.pipeline.engine.batch(() => this.pipeline.sourced.resources.ServiceRegistry.set(registry));
  }

  /** The service pay.shop stands at these addresses. */
  pay(...addresses: readonly string[]): void {
    const ports = [{ number: 80, name: 'http' }];
    const endpoints = addresses.map((address) => ({ address, ports: { http: 8080 }, labels: { version: 'v1' } }));
    const entry = serviceEntry('shop/pay', { hosts: ['pay.shop'], ports, endpoints });
    this.pipeline.engine.batch(() => this.pipeline.sourced.resources.ServiceEntry.set(entry));
  }

  get hosts(): readonly string[] {
    return [...this.pipeline.mesh.services.values()].map(({ host }) => host).sort();
  }

  get codes(): readonly string[] {
    return this.#publishing?.findings().map(({ code }) => code) ?? [];
  }

  async stop(): Promise<void> {
    await this.#publishing?.close();
    await this.#bridging?.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

describe.skipIf(polaris === undefined)('A mesh service in Polaris', () => {
  let server: PolarisServer;
  let plane: Plane;
  const registry = (rest: Partial<ServiceRegistry['spec']> = {}) =>
    testRegistry({ addresses: [server.address], interval: 200, publish, ...rest });
  /** Addresses of the service's instances, those that are not healthy with a mark. */
  const there = async (service = 'pay') => {
    const connection = connectDiscover(server.address, undefined, {});
    try {
      const read = await readInstances(connection, 'Mesh', service, '');
      return read?.instances.map(({ address, health }) => `${address}${health === 'down' ? ' down' : ''}`).sort();
    } finally {
      connection.close();
    }
  };
  const addresses = async () => (await there())?.map((instance) => instance.replace(/ down$/, ''));
  const untilThere = async (...expected: readonly string[]) =>
    expect.poll(async () => there(), { interval: 100 }).toEqual(expected);

  beforeAll(async () => {
    server = await PolarisServer.start();
  });
  afterAll(async () => server?.stop());
  beforeEach(async () => {
    await server.restartEmpty();
    plane = new Plane();
    await plane.start(registry(), ['10.1.0.1', '10.1.0.2']);
    await untilThere('10.1.0.1', '10.1.0.2');
  });
  afterEach(async () => plane?.stop());

  it('stands with its port, protocol, version and mark, stays healthy, and is no service of the mesh again', async () => {
    const connection = connectDiscover(server.address, undefined, {});
    const read = await readInstances(connection, 'Mesh', 'pay', '');
    connection.close();
    expect(read?.instances.find(({ address }) => address === '10.1.0.1')).toMatchObject({
      ports: [{ number: 8080, protocol: 'http' }],
      weight: 100,
      health: 'up',
      metadata: { version: 'v1', 'isthmus.dev/publisher': 'isthmus' },
    });
    // Twice as long as it takes what nobody renews to turn unhealthy, and stay so.
    await sleep(6_000);
    await untilThere('10.1.0.1', '10.1.0.2');
    expect(plane.hosts).toEqual(['pay.shop']);
    await expect.poll(() => plane.codes).toEqual([]);
  });

  it('follows what changes, and leaves alone what others registered, even in its own place', async () => {
    const other = { service: 'pay', namespace: 'Mesh', host: '10.1.0.9', port: 8080 };
    await server.register(other);
    await untilThere('10.1.0.1', '10.1.0.2', '10.1.0.9');
    plane.pay('10.1.0.2', '10.1.0.3', '10.1.0.9');
    await untilThere('10.1.0.2', '10.1.0.3', '10.1.0.9');
    plane.pay('10.1.0.3');
    await untilThere('10.1.0.3', '10.1.0.9');
    // Services are listed each 5 s.
    await expect.poll(() => plane.hosts).toEqual(['pay.mesh.polaris.mesh', 'pay.shop']);
    const own = plane.pipeline.mesh.groupsByService.lookup('polaris/pay.mesh.polaris.mesh');
    expect(own.flatMap(({ endpoints }) => endpoints.map(({ address }) => address))).toEqual(['10.1.0.9']);
  });

  it('is there again after the server came back empty, and after it was killed', async () => {
    await server.restartEmpty();
    await untilThere('10.1.0.1', '10.1.0.2');
    await server.kill();
    await expect.poll(() => plane.codes).toEqual(['ISTH1014']);
    plane.pay('10.1.0.2', '10.1.0.4');
    await server.restart();
    await untilThere('10.1.0.2', '10.1.0.4');
    await expect.poll(() => plane.codes).toEqual([]);
  });

  it('outlives our restart; what went meanwhile is deregistered, and what nobody renews turns unhealthy', async () => {
    await plane.stop();
    expect(await addresses()).toEqual(['10.1.0.1', '10.1.0.2']);
    // Polaris hands instances to its checks every 5 s, once it knows itself, and checks three lives later: 20 s and more.
    await expect
      .poll(async () => there(), { timeout: 90_000, interval: 100 })
      .toEqual(['10.1.0.1 down', '10.1.0.2 down']);
    plane = new Plane();
    await plane.start(registry(), ['10.1.0.2', '10.1.0.5']);
    await untilThere('10.1.0.2', '10.1.0.5');
  });

  it('is there because isthmus run put it there, and stays when that stops', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'isthmus-publishing-'));
    const { publish: _, ...spec } = registry().spec;
    plane.set({ ...registry(), spec });
    await untilThere();
    writeFileSync(path.join(folder, 'mesh.yaml'), manifests(server.address));
    const control = await startControlPlaneProcess(folder, path.join(folder, 'state'));
    try {
      await untilThere('10.2.0.1');
    } finally {
      await control.stop();
      rmSync(folder, { recursive: true, force: true });
    }
    expect(await addresses()).toEqual(['10.2.0.1']);
  });

  it('goes when the ServiceRegistry asks for it no more', async () => {
    const { publish: _, ...spec } = registry().spec;
    plane.set({ ...registry(), spec });
    await untilThere();
  });
});
