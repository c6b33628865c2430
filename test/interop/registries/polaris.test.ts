/** The bridge against a real Polaris server: nothing is lost without a cause, and nothing changes without a change. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { PolarisServer } from '../../peers/polaris/polaris-server.ts';
import { peerUnderTest } from '../peer-under-test.ts';
import { BridgedRegistry, graceMs, holdMs } from './bridged-registry.ts';

const polaris = peerUnderTest('polaris');
const at = (service: string, n: number, rest: object = {}) => ({
  service,
  namespace: 'Production',
  host: `10.0.0.${n}`,
  port: 8081,
  protocol: 'grpc',
  ...rest,
});

describe.skipIf(polaris === undefined)('a Polaris registry', () => {
  let server: PolarisServer;
  let bridged: BridgedRegistry;
  const open = (known?: BridgedRegistry) =>
    new BridgedRegistry({ type: 'Polaris', addresses: [server.address], interval: 200 }, known?.records.values());

  beforeAll(async () => {
    server = await PolarisServer.start();
  });
  afterAll(async () => server?.stop());
  beforeEach(async () => {
    await server.restartEmpty();
    for (const n of [1, 2, 3, 4]) await server.register(at('orders', n, { version: `v${n % 2}`, weight: 100 * n }));
    await server.register(at('carts', 5, { location: { region: 'south', zone: 'z1', campus: 'c1' } }));
    bridged = open();
    await bridged.untilShown({ carts: ['10.0.0.5'], orders: ['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4'] });
  });
  afterEach(async () => bridged?.close());

  it('is read with all that the mesh needs', () => {
    const [cart] = bridged.service('carts')?.instances ?? [];
    expect(cart).toMatchObject({
      ports: [{ number: 8081, protocol: 'grpc' }],
      weight: 100,
      health: 'unknown',
      isolated: false,
      locality: { region: 'south', zone: 'z1', subzone: 'c1' },
    });
    const weights = bridged.service('orders')?.instances.map(({ weight }) => weight ?? 0);
    expect(weights?.toSorted((a, b) => a - b)).toEqual([100, 200, 300, 400]);
  });

  it('that says the same again and again changes nothing', async () => {
    const { changes } = bridged;
    await sleep(2_500);
    expect(bridged.changes).toBe(changes);
    expect(bridged.status?.state).toBe('live');
  });

  it('shows instances and services that come and go', async () => {
    await server.register(at('orders', 6));
    await server.register(at('fresh', 7));
    await server.deregister(at('orders', 1));
    await bridged.untilShown({
      carts: ['10.0.0.5'],
      fresh: ['10.0.0.7'],
      orders: ['10.0.0.2', '10.0.0.3', '10.0.0.4', '10.0.0.6'],
    });
  });

  it('that is killed, and comes back, loses nothing', async () => {
    const before = bridged.shown;
    const { changes } = bridged;
    await server.kill();
    await bridged.untilState('stale');
    await sleep(graceMs + holdMs);
    expect(bridged.shown).toEqual(before);
    await server.restart();
    await bridged.untilState('live');
    await sleep(graceMs + 500);
    expect(bridged.shown).toEqual(before);
    expect(bridged.changes).toBe(changes);
  });

  it('that comes back empty keeps all while its loss is held', async () => {
    const before = bridged.shown;
    await server.restartEmpty();
    await sleep(graceMs + holdMs / 2);
    expect(bridged.shown).toEqual(before);
    expect(bridged.codes).toContain(bridged.status?.state === 'stale' ? 'ISTH1003' : 'ISTH1005');
  });

  it('that freezes is not believed to be empty', async () => {
    const before = bridged.shown;
    server.freeze();
    try {
      await bridged.untilState('stale');
      await sleep(graceMs);
      expect(bridged.shown).toEqual(before);
    } finally {
      server.thaw();
    }
    await bridged.untilState('live');
    expect(bridged.shown).toEqual(before);
  });

  it('that loses most instances of a service at once has them held, and released by hand', async () => {
    for (const n of [1, 2, 3]) await server.deregister(at('orders', n));
    await expect.poll(() => bridged.codes, { timeout: 5_000 }).toContain('ISTH1005');
    expect(bridged.shown.orders).toHaveLength(4);
    expect(bridged.release()).toHaveLength(1);
    await bridged.untilShown({ carts: ['10.0.0.5'], orders: ['10.0.0.4'] });
  });

  it('that cannot be reached at the start is served from what it said before', async () => {
    const earlier = bridged;
    await server.kill();
    bridged = open(earlier);
    try {
      await bridged.untilState('stale');
      expect(bridged.shown).toEqual(earlier.shown);
      expect(bridged.codes).toEqual(['ISTH1003', 'ISTH1010']);
    } finally {
      await earlier.close();
      await server.restart();
    }
  });
});
