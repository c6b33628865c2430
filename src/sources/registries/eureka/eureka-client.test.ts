import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ServiceRegistry } from '../../../resources/kinds.ts';
import { testRegistry } from '../../../resources/service-registry-fixture.ts';
import type { RegistryAnswer, RegistryClient } from '../registry-client.ts';
import { createEurekaClient } from './eureka-client.ts';
import { EurekaStandIn, type StandInInstance } from './eureka-stand-in.ts';

const user = (n: number, rest: Partial<StandInInstance> = {}): StandInInstance => ({
  app: 'USERS',
  instanceId: `u${n}`,
  ipAddr: `10.0.0.${n}`,
  ...rest,
});
const order: StandInInstance = { app: 'ORDERS', instanceId: 'o1', ipAddr: '10.0.1.1' };

describe('a Eureka client', () => {
  let standIn: EurekaStandIn;
  let address: string;
  let client: RegistryClient | undefined;
  let said: RegistryAnswer[];
  beforeEach(async () => {
    standIn = new EurekaStandIn();
    address = await standIn.listen();
    said = [];
    standIn.set(user(1));
    standIn.set(user(2));
    standIn.set(order);
  });
  afterEach(async () => {
    await client?.close();
    client = undefined;
    await standIn.close();
  });

  const open = (spec: Partial<ServiceRegistry['spec']> = {}): void => {
    client = createEurekaClient({
      registry: testRegistry({ type: 'Eureka', addresses: [address], interval: 20, ...spec }),
      secrets: async () => ({}),
      answer: (answers) => said.push(...answers),
    });
    expect(said).toEqual([]);
  };
  /** What was said, in short: what is partial has a question mark. */
  const told = (): readonly string[] =>
    said.map((answer) => {
      if (answer.kind === 'unavailable') return `unavailable: ${answer.reason.replace(address, 'it')}`;
      if (answer.kind !== 'services' && answer.kind !== 'service') return answer.kind;
      const doubt = answer.trust === 'partial' ? '?' : '';
      if (answer.kind === 'services') return `list${doubt}: ${answer.services.map(({ name }) => name).join(' ')}`;
      return `${answer.service.name}${doubt}: ${answer.service.instances.map((one) => one.address).join(' ')}`;
    });
  const untilTold = async (...expected: readonly string[]): Promise<void> => {
    await expect.poll(told, { interval: 5 }).toEqual(expected);
    said = [];
  };
  const untilAsked = async (path: string, times = 1): Promise<void> => {
    const before = standIn.asked.filter((one) => one === path).length;
    const asked = () => standIn.asked.filter((one) => one === path).length - before;
    await expect.poll(asked, { interval: 5 }).toBeGreaterThanOrEqual(times);
  };
  const start = ['list: USERS ORDERS', 'USERS: 10.0.0.1 10.0.0.2', 'ORDERS: 10.0.1.1'];
  const users = (...numbers: readonly number[]): string => `USERS: ${numbers.map((n) => `10.0.0.${n}`).join(' ')}`;

  it('says all, and then the services that deltas change, reading nothing else', async () => {
    open();
    await untilTold(...start);
    standIn.set(user(3));
    await untilTold('list: USERS ORDERS', users(1, 2, 3));
    standIn.delete(order);
    await untilTold('list: USERS');
    await untilAsked('/eureka/apps/delta', 2);
    expect(said).toEqual([]);
    expect(standIn.asked.filter((path) => path === '/eureka/apps')).toHaveLength(1);
  });

  it('says nothing of services that are not selected, and counts them all the same', async () => {
    open({ select: { ...testRegistry().spec.select, services: ['ORDERS'] } });
    await untilTold('list: ORDERS', 'ORDERS: 10.0.1.1');
    standIn.set(user(3));
    await untilAsked('/eureka/apps/delta', 2);
    expect(told()).toEqual([]);
    expect(standIn.asked.filter((path) => path === '/eureka/apps')).toHaveLength(1);
  });

  it('takes all others where one instance is too large to be looked at, and names its application', async () => {
    standIn.set(user(3, { metadata: { a: 'x'.repeat(2 << 20) } }));
    open();
    await untilTold(...start);
    standIn.set(user(4));
    await expect.poll(told).toContain(users(1, 2, 4));
    const list = said.find(({ kind }) => kind === 'services');
    const text = '1 instance can be read as no registration, of USERS';
    expect(list).toMatchObject({ trust: 'complete', doubts: [{ cause: 'unreadable', text }] });
    await untilAsked('/eureka/apps/delta', 2);
    expect(standIn.asked.filter((path) => path === '/eureka/apps')).toHaveLength(1);
  });

  it('reads all when the counts of a delta differ', async () => {
    open();
    await untilTold(...start);
    standIn.delete(user(1));
    standIn.forgetChanges();
    await untilTold('list: USERS ORDERS', users(2));
  });

  it('says what a delta changed, though the reading of all that had to follow it failed', async () => {
    open();
    await untilTold(...start);
    standIn.override = (path) => (path === '/eureka/apps' ? 500 : undefined);
    standIn.delete(order);
    standIn.forgetChanges();
    standIn.set(user(3));
    await expect.poll(told).toContainEqual(expect.stringMatching(/^unavailable: .* 500$/));
    standIn.override = undefined;
    await expect.poll(told).toContain(users(1, 2, 3));
  });

  it('reads all now and then, since counts do not tell of metadata', async () => {
    open({ options: { fullRead: '1s' } });
    await untilTold(...start);
    standIn.set(user(1, { metadata: { version: 'v2' } }));
    standIn.forgetChanges();
    await expect.poll(told).toContain(users(1, 2));
  });

  it('reads all each time where there are no deltas', async () => {
    standIn.override = (path) => (path.endsWith('/delta') ? 404 : undefined);
    open();
    await untilTold(...start);
    standIn.set(user(3));
    await expect.poll(told).toContain(users(1, 2, 3));
  });

  it('finds where Netflix has it, and heeds the path of an address and the one that is named', async () => {
    standIn.path = '/eureka/v2';
    open();
    await untilTold(...start);
    expect(standIn.asked.slice(0, 2)).toEqual(['/eureka/apps', '/eureka/v2/apps']);
    for (const spec of [{ addresses: [`http://${address}/registry/`] }, { options: { path: '/registry' } }]) {
      await client?.close();
      said = [];
      standIn.path = '/registry';
      standIn.asked.length = 0;
      open(spec);
      await untilTold(...start);
      expect(standIn.asked[0]).toBe('/registry/apps');
    }
  });

  it('knows a server that started anew between two polls, and does not believe what it lacks', async () => {
    open({ options: { warmUp: '60s' } });
    await untilTold(...start);
    await untilAsked('/eureka/apps/delta', 2);
    standIn.age = 0;
    standIn.forgetAll();
    standIn.set(user(1));
    await untilTold('list?: USERS', 'USERS?: 10.0.0.1');
    standIn.set(order);
    await untilTold('list?: USERS ORDERS', 'ORDERS?: 10.0.1.1');
    standIn.set(user(2));
    await untilTold('list: USERS ORDERS', 'USERS: 10.0.0.1 10.0.0.2', 'ORDERS: 10.0.1.1');
  });

  it('does not believe a young server at first, and does once it is older', async () => {
    standIn.forgetAll();
    standIn.age = 0;
    standIn.set(order);
    open({ options: { warmUp: '300ms' } });
    await untilTold('list?: ORDERS', 'ORDERS?: 10.0.1.1', 'list: ORDERS', 'ORDERS: 10.0.1.1');
  });

  it('believes an empty server once it has been empty for a while', async () => {
    standIn.forgetAll();
    open({ options: { warmUp: '300ms' } });
    await untilTold('list?: ', 'list: ');
  });

  it('says its list again after an outage, and nothing of what did not change', async () => {
    open();
    await untilTold(...start);
    standIn.override = () => 503;
    await untilTold('unavailable: it: the server answers 503');
    standIn.override = undefined;
    await untilTold('list: USERS ORDERS');
  });

  it.each([
    ['is cut off', '{"applications":{"apps__hashcode":"","application":[', 'the answer is cut off'],
    ['is no JSON', '<applications/>', 'the server answers no list of applications in JSON: is it Eureka?'],
    ['is null', 'null', 'the server answers no list of applications'],
    [
      'is nothing but nesting',
      `{"applications":${'['.repeat(100_000)}`,
      'the server answers no list of applications in JSON: is it Eureka?',
    ],
    ['is some other JSON', '{"status":"UP"}', 'the server answers no list of applications'],
  ])('calls a registry whose answer %s unavailable', async (_, text, reason) => {
    standIn.override = () => text;
    open();
    await expect.poll(told).toContain(`unavailable: it: ${reason}`);
  });

  it('takes a list that counts other instances than it has for a part', async () => {
    const list = standIn.list().replace('UP_3_', 'UP_4_');
    standIn.override = (path) => (path === '/eureka/apps' ? list : undefined);
    open();
    await untilTold('list?: USERS ORDERS', 'USERS?: 10.0.0.1 10.0.0.2', 'ORDERS?: 10.0.1.1');
  });

  it('goes on with another server when one fails, without a word of an outage', async () => {
    const other = new EurekaStandIn();
    const addresses = [address, await other.listen()];
    for (const instance of [user(1), user(2), order]) other.set(instance);
    open({ addresses });
    await untilTold(...start);
    standIn.override = () => 500;
    await untilTold('list: USERS ORDERS');
    await client?.close();
    await other.close();
  });

  it.each([
    [{ colour: 'red' }, 'options.colour is none of Eureka, which has path, names, fullRead, warmUp'],
    [{ names: 'host' }, 'options.names "host" is neither application nor vip'],
    [{ path: 'http://x' }, 'options.path "http://x" is no path such as /eureka'],
    [{ fullRead: '10ms' }, 'options.fullRead "10ms" is no duration of 1s or more'],
    [{ warmUp: 'long' }, 'options.warmUp "long" is no duration such as 2m, or 0s'],
  ])('refuses options that are none: %j', async (options, reason) => {
    open({ options });
    await untilTold(`unavailable: ${reason}`);
  });

  it('ends promptly, whatever it waits for', async () => {
    open({ interval: 3_600_000 });
    await untilTold(...start);
    await client?.close();
    said = [];
    await client?.close();
    expect(said).toEqual([]);
  });
});
