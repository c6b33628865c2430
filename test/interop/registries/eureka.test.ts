/** The bridge against a real Eureka server: nothing is lost without a cause, and nothing changes without a change. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ServiceRegistry } from '../../../src/resources/kinds.ts';
import { ApplicationsScanner } from '../../../src/sources/registries/eureka/applications-scanner.ts';
import { EurekaStandIn } from '../../../src/sources/registries/eureka/eureka-stand-in.ts';
import { type InstanceRecord, readInstance } from '../../../src/sources/registries/eureka/instance-record.ts';
import { type EurekaInstance, EurekaServer } from '../../peers/eureka/eureka-server.ts';
import { peerUnderTest } from '../peer-under-test.ts';
import { BridgedRegistry, graceMs } from './bridged-registry.ts';
import { testRegistryPromises } from './registry-promises.ts';

const eureka = peerUnderTest('eureka');

const orders = (n: number, rest: Partial<EurekaInstance> = {}): EurekaInstance => ({
  app: 'ORDERS',
  id: `o${n}`,
  ip: `10.0.0.${n}`,
  ...rest,
});
const carts: EurekaInstance = { app: 'CARTS', id: 'c1', ip: '10.0.0.5' };
const all = { CARTS: ['10.0.0.5'], ORDERS: ['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4'] };
const registered = [carts, ...[1, 2, 3, 4].map((n) => orders(n))];
/** So that tests need not wait for it; those that are about it have another. */
const warmUpMs = 1_500;
const intervalMs = 200;
const selectAll = { namespaces: [], groups: [], services: [], exceptServices: [], metadata: {} };

function open(
  servers: readonly EurekaServer[],
  spec: Partial<ServiceRegistry['spec']> = {},
  known?: BridgedRegistry,
): BridgedRegistry {
  const { options, ...rest } = spec;
  const addresses = servers.map(({ address }) => address);
  const all = { warmUp: `${warmUpMs}ms`, ...options };
  return new BridgedRegistry(
    { type: 'Eureka', addresses, interval: intervalMs, options: all, ...rest },
    known?.records.values(),
  );
}

/** The cart's instance, without times. */
function cartIn(text: string): object {
  const records: InstanceRecord[] = [];
  const scanner = new ApplicationsScanner((one, application) => records.push(readInstance(one, application)));
  scanner.write(Buffer.from(text));
  expect(scanner.end()?.hash).toMatch(/^UP_\d_$/);
  const found = records.find(({ application, id }) => application === 'CARTS' && id === 'c1');
  expect(Math.min(found?.updatedAt ?? 0, found?.registeredAt ?? 0)).toBeGreaterThan(1_500_000_000_000);
  return { ...found, updatedAt: 0, registeredAt: 0 };
}

describe.skipIf(eureka === undefined)('a Eureka registry', () => {
  let server: EurekaServer;
  let bridged: BridgedRegistry;
  /** Together: on a busy machine one after the other would take longer than a missing one is waited for. */
  const registerAll = async (): Promise<void> => {
    await Promise.all(registered.map(async (instance) => server.register(instance)));
  };
  beforeAll(async () => {
    server = await EurekaServer.start();
  });
  afterAll(async () => server?.kill());
  beforeEach(async () => {
    await registerAll();
    bridged = open([server]);
    await bridged.untilShown(all);
    await bridged.untilState('live');
  });
  afterEach(async () => bridged?.close());

  testRegistryPromises({
    bridged: () => bridged,
    shown: all,
    open: (known, spec) => open([server], spec, known),
    server: () => server,
    recover: registerAll,
    registerAll,
    repeat: async () => {
      for (const instance of registered) await server.renew(instance);
    },
    add: () => server.register({ ...carts, id: 'c9', ip: '10.0.0.9' }),
    remove: () => server.deregister({ app: 'CARTS', id: 'c9' }),
    shownWithIt: { ...all, CARTS: ['10.0.0.5', '10.0.0.9'] },
    settleMs: warmUpMs,
  });

  it('that is read whole again and again, and says nothing new, changes nothing', async () => {
    const often = open([server], { options: { fullRead: '1s' } });
    try {
      await often.untilState('live');
      const { changes } = often;
      await sleep(2_500);
      expect(often.changes).toBe(changes);
    } finally {
      await often.close();
    }
  });

  it('shows instances as they come, change and go', async () => {
    const more = { metadata: { version: 'v2', weight: '3' }, zone: 'us-east-1c', securePort: 8443 };
    await server.register(orders(6, more));
    await server.register({ app: 'USERS', id: 'u1', ip: '10.0.0.7', status: 'STARTING' });
    await bridged.untilShown({ ...all, ORDERS: [...all.ORDERS, '10.0.0.6'], USERS: ['10.0.0.7'] });
    expect(bridged.service('USERS')?.instances[0]?.health).toBe('down');
    expect(bridged.service('ORDERS')?.instances.find(({ id }) => id === 'o6')).toEqual({
      id: 'o6',
      address: '10.0.0.6',
      ports: [
        { name: 'http', number: 8080, protocol: 'http' },
        { name: 'https', number: 8443, protocol: 'https' },
      ],
      weight: 3,
      health: 'up',
      isolated: false,
      locality: { region: 'us-east-1', zone: 'us-east-1c', subzone: '' },
      metadata: { version: 'v2', weight: '3' },
    });
    await server.override(orders(6), 'OUT_OF_SERVICE');
    const sixth = () => bridged.service('ORDERS')?.instances.find(({ id }) => id === 'o6');
    await expect.poll(() => sixth()?.isolated).toBe(true);
    await server.override(orders(6), undefined);
    await expect.poll(() => sixth()?.isolated).toBe(false);
    await server.deregister(orders(6));
    await server.deregister({ app: 'USERS', id: 'u1' });
    await bridged.untilShown(all);
  });

  it('is read by virtual addresses where that is asked for', async () => {
    const vips = { securePort: 8443, vip: 'orders,shop', secureVip: 'shop' };
    await server.register(orders(1, vips));
    const byVip = open([server], { options: { names: 'vip' }, select: { ...selectAll, services: ['shop'] } });
    try {
      await byVip.untilShown({ shop: ['10.0.0.1'] });
      expect(byVip.service('shop')?.instances[0]?.ports.map(({ number }) => number)).toEqual([8080, 8443]);
    } finally {
      await byVip.close();
    }
  });

  it('that starts anew is not believed that what it lacks is gone, and says why', async () => {
    await bridged.close();
    bridged = open([server], { options: { warmUp: '60s', fullRead: '1s' } }, bridged);
    await expect.poll(() => bridged.status?.reason).toContain('may have started a moment ago');
    await server.kill();
    await bridged.untilState('stale');
    const { changes } = bridged;
    await server.restart();
    await expect.poll(() => bridged.status?.reason).toContain('may have started a moment ago');
    await server.register(carts);
    await server.register(orders(1));
    await sleep(graceMs);
    expect(bridged.shown).toEqual(all);
    for (const n of [2, 3, 4]) await server.register(orders(n));
    await bridged.untilState('live');
    await expect.poll(() => bridged.codes).toEqual([]);
    expect(bridged.changes).toBe(changes);
  });

  it('that stays empty after its start is held to that, and then believed', async () => {
    await server.restart();
    await expect.poll(() => bridged.codes).toContain('ISTH1005');
    expect(bridged.shown).toEqual(all);
    await bridged.untilShown({});
  });

  it('that took over from one that fails is not believed that what it lacks is gone', async () => {
    await bridged.close();
    const first = await EurekaServer.start();
    try {
      for (const instance of registered) await first.register(instance);
      for (const n of [3, 4]) await server.deregister(orders(n));
      bridged = open([first, server], { options: { warmUp: '20s' } });
      await bridged.untilShown(all);
      await bridged.untilState('live');
      const { changes } = bridged;
      await first.kill();
      await expect.poll(() => bridged.status?.reason).toContain(`took over from ${first.address}`);
      await sleep(graceMs);
      expect(bridged.shown).toEqual(all);
      for (const n of [3, 4]) await server.register(orders(n));
      await expect.poll(() => bridged.codes).toEqual([]);
      expect(bridged.changes).toBe(changes);
    } finally {
      await first.kill();
    }
  });

  it('with an instance that no mesh can reach refuses that one, and shows the others', async () => {
    await server.register(orders(6, { ip: '169.254.0.1' }));
    await server.register({ ...carts, id: 'c2', ip: '10.0.0.6', port: 0 });
    await expect.poll(() => bridged.codes).toEqual(['ISTH1006', 'ISTH1006']);
    expect(bridged.shown).toEqual(all);
    await server.deregister(orders(6));
    await server.deregister({ app: 'CARTS', id: 'c2' });
  });

  it('answers as the stand-in does that unit tests and benches ask', async () => {
    const standIn = new EurekaStandIn();
    standIn.set({ app: 'CARTS', instanceId: 'c1', ipAddr: '10.0.0.5' });
    const address = await standIn.listen();
    try {
      for (const what of ['apps', 'apps/delta']) {
        const text = await (await fetch(`http://${address}/eureka/${what}`)).text();
        expect(cartIn(text)).toEqual(cartIn(await server.read(what)));
      }
    } finally {
      await standIn.close();
    }
  });

  it('loses an instance of which no heartbeat comes any more', async () => {
    await server.register(orders(9, { leaseSeconds: 3 }));
    await bridged.untilShown({ ...all, ORDERS: [...all.ORDERS, '10.0.0.9'] });
    await bridged.untilShown(all);
  });
});

describe.skipIf(eureka === undefined)('a Eureka server', () => {
  let server: EurekaServer;
  let bridged: BridgedRegistry | undefined;
  afterEach(async () => bridged?.close());

  describe('that preserves itself', () => {
    beforeAll(async () => {
      server = await EurekaServer.start({ waitsWhenEmpty: 8_000, hasSelfPreservation: true, keepsDeltas: 1 });
    });
    afterAll(async () => server?.kill());

    it('keeps those whose heartbeats fail to come; while it waits for its peers it is unavailable, not empty', async () => {
      bridged = open([server]);
      await bridged.untilState('stale');
      await expect.poll(() => bridged?.status?.reason).toContain('403: it waits for its peers');
      for (const instance of registered) await server.register({ ...instance, leaseSeconds: 1 });
      await bridged.untilShown(all);
      await sleep(2_500);
      expect(bridged.shown).toEqual(all);
    });

    it('and whose deltas lack what its counts tell is read whole', async () => {
      for (const instance of registered) await server.register(instance);
      bridged = open([server], { interval: 1_000 });
      await bridged.untilShown(all);
      await bridged.untilState('live');
      await server.deregister(orders(4));
      await expect.poll(async () => server.read('apps/delta')).toContain('"application":[]');
      await bridged.untilShown({ ...all, ORDERS: all.ORDERS.slice(0, 3) });
    });
  });

  describe('without deltas, and with a password', () => {
    let folder: string;
    beforeAll(async () => {
      folder = mkdtempSync(path.join(tmpdir(), 'isthmus-eureka-'));
      server = await EurekaServer.start({ password: 'secret', hasDelta: false });
      await server.register(carts);
    });
    afterAll(async () => {
      await server?.kill();
      rmSync(folder, { recursive: true, force: true });
    });

    it('says that it refuses us, and not what we said; is read whole each time', async () => {
      const credentials = { usernameFile: path.join(folder, 'user'), passwordFile: path.join(folder, 'password') };
      writeFileSync(credentials.usernameFile, 'isthmus\n');
      writeFileSync(credentials.passwordFile, 'not the one');
      bridged = open([server], { credentials });
      await bridged.untilState('stale');
      await expect.poll(() => bridged?.status?.reason).toContain('401');
      expect(bridged.status?.reason).not.toContain('not the one');
      writeFileSync(credentials.passwordFile, 'secret\n');
      await bridged.untilShown({ CARTS: ['10.0.0.5'] });
      await server.register(orders(1));
      await bridged.untilShown({ CARTS: ['10.0.0.5'], ORDERS: ['10.0.0.1'] });
    });
  });
});
