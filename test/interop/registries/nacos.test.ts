/** The bridge against a real Nacos server: nothing is lost without a cause, and nothing changes without a change. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { RegistrySelectSpec, ServiceRegistry } from '../../../src/resources/kinds.ts';
import { testRegistry } from '../../../src/resources/service-registry-fixture.ts';
import { type NacosInstance, NacosServer } from '../../peers/nacos/nacos-server.ts';
import { peerUnderTest } from '../peer-under-test.ts';
import { BridgedRegistry } from './bridged-registry.ts';
import { testRegistryPromises } from './registry-promises.ts';

const nacos = peerUnderTest('nacos');
/** Longer than a server takes from its first answer over gRPC to its first over HTTP, by which tests register. */
const warmUpMs = 6_000;
const at = (serviceName: string, n: number, rest: Partial<NacosInstance> = {}): NacosInstance => ({
  serviceName,
  ip: `10.0.0.${n}`,
  port: 8080,
  ...rest,
});
const ips = (...numbers: readonly number[]) => numbers.map((n) => `10.0.0.${n}`);
const select = (chosen: Partial<RegistrySelectSpec>) => ({ ...testRegistry().spec.select, ...chosen });

describe.skipIf(nacos === undefined)('a Nacos registry', () => {
  let server: NacosServer;
  let bridged: BridgedRegistry;
  const open = (
    chosen: Partial<RegistrySelectSpec> = {},
    options: Readonly<Record<string, string>> = {},
    known?: BridgedRegistry,
    spec: Partial<ServiceRegistry['spec']> = {},
  ) =>
    new BridgedRegistry(
      {
        type: 'Nacos',
        addresses: [server.address],
        interval: 200,
        select: select(chosen),
        options: { warmUp: `${warmUpMs}ms`, ...options },
        ...spec,
      },
      known?.records.values(),
    );
  const orders = [1, 2, 3, 4].map((n) => at('orders', n, { weight: n / 2, metadata: { protocol: 'grpc' } }));
  const cart = at('carts', 5, { groupName: 'shop', ephemeral: false, clusterName: 'east' });
  const registerAll = async () => {
    for (const instance of [...orders, cart]) await server.register(instance);
  };
  const all = { carts: ips(5), orders: ips(1, 2, 3, 4) };

  beforeAll(async () => {
    server = await NacosServer.start();
    await server.createNamespace('dev');
  });
  afterAll(async () => server?.stop());
  beforeEach(async () => {
    await registerAll();
    bridged = open();
    await bridged.untilShown(all);
    await bridged.untilState('live');
  });
  afterEach(async () => bridged?.close());

  testRegistryPromises({
    bridged: () => bridged,
    shown: all,
    open: (known, spec) => open({}, {}, known, spec),
    server: () => server,
    // Of the ephemeral instances none is left; they come back one by one.
    recover: async () => {
      await bridged.untilState('live');
      for (const instance of orders) {
        await sleep(200);
        await server.register(instance);
      }
    },
    registerAll: async () => {
      await server.createNamespace('dev');
      await registerAll();
    },
    repeat: registerAll,
    add: () => server.register({ ...cart, ip: '10.0.0.9' }),
    remove: () => server.deregister({ ...cart, ip: '10.0.0.9' }),
    shownWithIt: { ...all, carts: ips(5, 9) },
    settleMs: warmUpMs,
  });

  it('is read with all that the mesh needs, of all its groups', () => {
    expect(bridged.service('carts')).toMatchObject({ namespace: 'public', group: 'shop' });
    expect(bridged.service('carts')?.instances[0]).toMatchObject({
      ports: [{ number: 8080, protocol: '' }],
      weight: 1,
      health: 'up',
      isolated: false,
      metadata: { cluster: 'east' },
    });
    const instances = bridged.service('orders')?.instances ?? [];
    expect(instances.map(({ weight, ports }) => [weight, ports[0]?.protocol])).toEqual([
      [0.5, 'grpc'],
      [1, 'grpc'],
      [1.5, 'grpc'],
      [2, 'grpc'],
    ]);
  });

  it('shows instances and services that come and go, as it pushes them', async () => {
    await server.register(at('orders', 6));
    await server.register(at('fresh', 7));
    await server.deregister(at('orders', 1));
    try {
      await bridged.untilShown({ carts: ips(5), fresh: ips(7), orders: ips(2, 3, 4, 6) });
      await server.register(at('orders', 2, { weight: 0 }));
      await expect.poll(() => bridged.service('orders')?.instances[0]?.weight).toBe(0);
    } finally {
      await server.deregister(at('orders', 6));
      await server.remove(at('fresh', 7));
    }
    await bridged.untilShown({ carts: ips(5), orders: ips(2, 3, 4) });
  });

  it('is read in the namespaces and groups that are chosen, and in no others', async () => {
    const other = at('orders', 8, { namespaceId: 'dev' });
    await server.register(other);
    await bridged.close();
    bridged = open({ namespaces: ['dev', 'public'], groups: ['shop', 'DEFAULT_GROUP'], services: ['orders'] });
    const shown = () => [...bridged.records.values()].map((one) => [one.namespace, one.instances.length]).sort();
    await expect.poll(shown).toEqual([
      ['dev', 1],
      ['public', 4],
    ]);
    await bridged.untilState('live');
    // A push does not say of which namespace it is.
    await server.register({ ...other, ip: '10.0.0.9' });
    await expect.poll(shown).toEqual([
      ['dev', 2],
      ['public', 4],
    ]);
    await sleep(500);
    await expect.poll(() => bridged.codes).toEqual([]);
    await server.deregister({ ...other, ip: '10.0.0.9' });
    await server.remove(other);
  });

  it("shows Dubbo's interfaces by their names, and each port of its applications", async () => {
    const provider = { protocol: 'tri', interface: 'com.acme.Api', version: '1.2.0', weight: '200', side: 'provider' };
    const endpoints = JSON.stringify([
      { port: 20_880, protocol: 'dubbo' },
      { port: 50_051, protocol: 'tri' },
    ]);
    const registered = [
      at('providers:com.acme.Api:1.2.0:', 11, { metadata: provider }),
      at('providers:com.acme.Api::blue', 12, { metadata: { protocol: 'dubbo' } }),
      at('consumers:com.acme.Api:1.2.0:', 13),
      at('shop-app', 14, { metadata: { 'dubbo.endpoints': endpoints } }),
    ];
    for (const instance of registered) await server.register(instance);
    const added = { 'com.acme.Api:1.2.0': ips(11), 'com.acme.Api::blue': ips(12), 'shop-app': ips(14) };
    await expect.poll(() => bridged.shown).toMatchObject(added);
    expect(bridged.shown).not.toHaveProperty('consumers:com.acme.Api:1.2.0:');
    expect(bridged.service('com.acme.Api:1.2.0')?.instances[0]).toMatchObject({
      ports: [{ number: 8080, protocol: 'tri' }],
      weight: 200,
    });
    expect(bridged.service('shop-app')?.instances[0]?.ports).toMatchObject([
      { number: 20_880, protocol: 'dubbo' },
      { number: 50_051, protocol: 'tri' },
    ]);
    for (const instance of registered) await server.remove(instance);
  });

  it('of which gRPC cannot be reached is followed over HTTP', async () => {
    await bridged.close();
    bridged = open({}, { grpcPort: '1' });
    await bridged.untilShown(all);
    await server.register(at('orders', 6));
    await bridged.untilShown({ ...all, orders: ips(1, 2, 3, 4, 6) });
    const { changes } = bridged;
    await server.deregister(at('orders', 6));
    await bridged.untilShown(all);
    await sleep(1_000);
    expect(bridged.changes).toBe(changes + 1);
  });
});

describe.skipIf(nacos === undefined)('a Nacos registry that knows its users, and has no old API', () => {
  let server: NacosServer;
  let folder: string;
  let bridged: BridgedRegistry | undefined;
  const open = (password: string, options: Readonly<Record<string, string>> = {}) => {
    const usernameFile = path.join(folder, 'user');
    const passwordFile = path.join(folder, password);
    writeFileSync(usernameFile, 'nacos\n');
    writeFileSync(passwordFile, `${password}\n`);
    const credentials = { usernameFile, passwordFile };
    return new BridgedRegistry({ type: 'Nacos', addresses: [server.address], interval: 200, credentials, options });
  };

  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'isthmus-nacos-secrets-'));
    server = await NacosServer.start({ password: 'correct', hasOldApi: false });
    for (const n of [1, 2]) await server.register(at('orders', n));
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true, force: true });
    await server?.stop();
  });
  afterEach(async () => bridged?.close());

  it.each(['grpc', 'http'])('is read with the right password, over %s', async (transport) => {
    bridged = open('correct', { transport });
    await bridged.untilShown({ orders: ips(1, 2) });
    await bridged.untilState('live');
    await expect.poll(() => bridged?.codes).toEqual([]);
  });

  it.each(['grpc', 'http'])('refuses the wrong one, and says so without it, over %s', async (transport) => {
    bridged = open('mistaken', { transport });
    await bridged.untilState('stale');
    await expect.poll(() => bridged?.status?.reason).toMatch(/the login is refused/);
    expect(bridged.status?.reason).not.toMatch(/mistaken/);
    expect(bridged.shown).toEqual({});
  });
});
