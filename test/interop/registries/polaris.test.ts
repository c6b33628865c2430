/** The bridge against a real Polaris server: nothing is lost without a cause, and nothing changes without a change. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ServiceRegistry } from '../../../src/resources/kinds.ts';
import { PolarisServer } from '../../peers/polaris/polaris-server.ts';
import { peerUnderTest } from '../peer-under-test.ts';
import { BridgedRegistry } from './bridged-registry.ts';
import { testRegistryPromises } from './registry-promises.ts';

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
  const open = (known?: BridgedRegistry, spec: Partial<ServiceRegistry['spec']> = {}) =>
    new BridgedRegistry(
      { type: 'Polaris', addresses: [server.address], interval: 200, ...spec },
      known?.records.values(),
    );
  const all = { carts: ['10.0.0.5'], orders: ['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4'] };
  const registerAll = async (): Promise<void> => {
    for (const n of [1, 2, 3, 4]) await server.register(at('orders', n, { version: `v${n % 2}`, weight: 100 * n }));
    await server.register(at('carts', 5, { location: { region: 'south', zone: 'z1', campus: 'c1' } }));
  };

  beforeAll(async () => {
    server = await PolarisServer.start();
  });
  afterAll(async () => server?.stop());
  beforeEach(async () => {
    await server.restartEmpty();
    await registerAll();
    bridged = open();
    await bridged.untilShown(all);
    await bridged.untilState('live');
  });
  afterEach(async () => bridged?.close());

  testRegistryPromises({
    bridged: () => bridged,
    shown: all,
    open,
    server: () => server,
    registerAll,
    // It is asked again and again, and says the same.
    repeat: async () => {},
    add: () => server.register(at('carts', 9)),
    remove: () => server.deregister(at('carts', 9)),
    shownWithIt: { ...all, carts: ['10.0.0.5', '10.0.0.9'] },
    loseMost: async () => {
      // Together, so that the server takes them for one change, or nearly.
      await Promise.all([1, 2, 3].map(async (n) => server.deregister(at('orders', n))));
      return { before: all, left: { ...all, orders: ['10.0.0.4'] } };
    },
  });

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
});
