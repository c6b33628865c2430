import { expect, it } from 'vitest';
import { Engine } from '../collections/engine.ts';
import type { ServiceKey } from '../model/service.ts';
import { TestClock } from '../model/test-clock.ts';
import type { LeaseChange, VirtualIpLease } from '../model/virtual-ip.ts';
import { LeaseKeeper } from './lease-keeper.ts';

const lease = (name: string): VirtualIpLease => ({
  key: `shop/${name}`,
  ipv4: '240.241.0.1',
  state: 'bound',
  since: 1,
});
const lost = (name: string): LeaseChange => ({ key: `shop/${name}`, lease: lease(name) });

/** Its store is busy with each write until it is told how that ended. */
function keeping() {
  const engine = new Engine();
  const writes: string[][] = [];
  const busy: PromiseWithResolvers<void>[] = [];
  const clock = new TestClock();
  const keeper = new LeaseKeeper({
    store: {
      leases: () => new Map(),
      isOurs: () => true,
      append: (changes) => {
        writes.push(changes.map(({ key }) => key));
        const write = Promise.withResolvers<void>();
        busy.push(write);
        return write.promise;
      },
      findings: () => [],
    },
    createBook: () => ({ update: () => [], nextChance: () => undefined, waiting: () => [], findings: () => [] }),
    leases: engine.table<VirtualIpLease>('leases', { key: ({ key }) => key }),
    addressless: engine.table<ServiceKey>('addressless', { key: (key) => key }),
    batch: (change) => engine.batch(change),
    clock,
    random: () => 1,
  });
  return { keeper, writes, clock, next: (): PromiseWithResolvers<void> | undefined => busy.shift() };
}

it('writes what is lost while the store is busy, each once', async () => {
  const { keeper, writes, next } = keeping();
  keeper.restore([lost('a')]);
  await expect.poll(() => writes).toEqual([['shop/a']]);
  keeper.restore([lost('b')]);
  keeper.restore([lost('c')]);
  next()?.resolve();
  await expect.poll(() => writes).toEqual([['shop/a'], ['shop/b', 'shop/c']]);
  next()?.resolve();
  await keeper.settled();
  expect(writes).toHaveLength(2);
});

it('writes what could not be written before what is lost meanwhile', async () => {
  const { keeper, writes, clock, next } = keeping();
  keeper.restore([lost('a')]);
  await expect.poll(() => writes).toHaveLength(1);
  keeper.restore([lost('b')]);
  next()?.reject(new Error('away'));
  await keeper.settled();
  expect(writes).toHaveLength(1);
  clock.advance(1_000);
  await expect.poll(() => writes).toEqual([['shop/a'], ['shop/a', 'shop/b']]);
  next()?.resolve();
  await keeper.settled();
});
