import { expect, it } from 'vitest';
import { Engine } from '../../collections/engine.ts';
import type { RegisteredService } from '../../model/registry.ts';
import { TestClock } from '../../model/test-clock.ts';
import { testRegistry } from '../../resources/service-registry-fixture.ts';
import { RegistryBridges } from './registry-bridges.ts';
import type { CreateRegistryClient } from './registry-client.ts';

/** A client of a registry that has one service at 10.0.0.1 and says so as soon as it is asked. */
function clientOfOne(asked: () => void): CreateRegistryClient {
  return ({ answer }) => {
    const name = { namespace: 'prod', group: '', name: 'a' };
    const ports = [{ name: '', number: 8080, protocol: 'grpc' }];
    const locality = { region: '', zone: '', subzone: '' };
    const instance = {
      id: 'i',
      address: '10.0.0.1',
      ports,
      health: 'up',
      isolated: false,
      locality,
      metadata: {},
    } as const;
    asked();
    queueMicrotask(() =>
      answer([
        { kind: 'services', scope: 'prod', trust: 'complete', services: [name] },
        {
          kind: 'service',
          trust: 'complete',
          service: { ...name, metadata: {}, instances: [instance], isProtected: false },
        },
      ]),
    );
    return { scopes: ['prod'], close: async () => {} };
  };
}

it('asks a registry anew when the addresses that it may not name have changed, and not otherwise', async () => {
  let asked = 0;
  let ranges = ['240.241.0.0/16'];
  const client = clientOfOne(() => void asked++);
  const engine = new Engine();
  const registered = engine.table<RegisteredService>('registered services', { key: ({ key }) => key });
  const bridges = new RegistryBridges({
    clients: {
      Polaris: client,
      Consul: client,
      Nacos: client,
      Eureka: client,
      ZooKeeper: client,
      Etcd: client,
      Snapshot: client,
    },
    registered,
    batch: (change) => engine.batch(change),
    clock: new TestClock(),
    recordsOf: () => [],
    note: () => {},
    own: () => ({ ranges, places: [] }),
    onStatus: () => {},
  });
  const after = testRegistry();
  bridges.follow([{ key: after.key, before: undefined, after }]);
  await bridges.untilSeen(1000);
  expect(bridges.statuses().map(({ instances }) => instances)).toEqual([1]);
  bridges.reconsider();
  expect(asked).toBe(1);
  ranges = ['10.0.0.0/24'];
  bridges.reconsider();
  expect(asked).toBe(2);
  await bridges.untilSeen(1000);
  expect(bridges.findings().map(({ code }) => code)).toEqual(['ISTH1006']);
  await bridges.close();
});
