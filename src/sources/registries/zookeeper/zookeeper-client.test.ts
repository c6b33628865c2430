import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { testRegistry } from '../../../resources/service-registry-fixture.ts';
import type { RegistryAnswer, RegistryClient, RegistrySecrets } from '../registry-client.ts';
import { int, long } from './jute.ts';
import { createZooKeeperClient } from './zookeeper-client.ts';
import { ZooKeeperStandIn } from './zookeeper-stand-in.ts';

const provider = (name: string, n: number, rest = ''): string =>
  `/dubbo/${name}/providers/${encodeURIComponent(`dubbo://10.0.0.${n}:20880/${name}?interface=${name}${rest}`)}`;

describe('a ZooKeeper client', () => {
  let standIn: ZooKeeperStandIn;
  let client: RegistryClient | undefined;
  /** Addresses of each service, as it was said last. */
  let services: Map<string, readonly string[]>;
  let said: RegistryAnswer[];
  beforeEach(async () => {
    standIn = await ZooKeeperStandIn.start();
    standIn.put(provider('com.Users', 1));
    services = new Map();
    said = [];
  });
  afterEach(async () => {
    await client?.close();
    client = undefined;
    await standIn.stop();
  });

  const open = (
    options: Readonly<Record<string, string>> = {},
    addresses = [standIn.address],
    secrets: RegistrySecrets = {},
  ): void => {
    const registry = testRegistry({ type: 'ZooKeeper', addresses, options: { sessionTimeout: '1s', ...options } });
    client = createZooKeeperClient({ registry, secrets: async () => secrets, answer: take });
    expect(said).toEqual([]);
  };
  const take = (answers: readonly RegistryAnswer[]): void => {
    said.push(...answers);
    for (const answer of answers) {
      if (answer.kind === 'absent') services.delete(answer.service.name);
      if (answer.kind !== 'service') continue;
      const { name, instances } = answer.service;
      services.set(
        name,
        instances.map(({ address }) => address),
      );
    }
  };
  const untilServices = async (expected: Readonly<Record<string, readonly string[]>>): Promise<void> => {
    await expect.poll(() => Object.fromEntries(services), { interval: 5 }).toEqual(expected);
  };
  const lists = () => said.filter((answer) => answer.kind === 'services' && answer.scope === '');
  const reasons = () => said.flatMap((answer) => (answer.kind === 'unavailable' ? answer.reason : []));

  it('reads all others from the start where the data of one instance are hostile, and names that one', async () => {
    const node = (address: string, port: unknown): string => JSON.stringify({ name: 'x', address, port });
    standIn.put('/services/good/10.0.0.8:80', node('10.0.0.8', 80));
    standIn.put('/services/evil/10.0.0.9:1', node('10.0.0.9', { valueOf: 1, toString: 1 }));
    open();
    await untilServices({ 'com.Users': ['10.0.0.1'], good: ['10.0.0.8'] });
    expect(lists()).toMatchObject([{ trust: 'complete' }]);
    const text = expect.stringContaining('/services/evil/10.0.0.9:1');
    expect(said).toContainEqual(expect.objectContaining({ doubts: [{ cause: 'unreadable', text }] }));
    expect(reasons()).toEqual([]);
  });

  it('reads a node once for each event, and nothing else', async () => {
    for (let n = 0; n < 20; n++) standIn.put(provider(`com.S${n}`, 1));
    open();
    await expect.poll(() => services.size).toBe(21);
    standIn.reads = [];
    standIn.put(provider('com.S7', 2));
    await expect.poll(() => services.get('com.S7')).toEqual(['10.0.0.1', '10.0.0.2']);
    expect(standIn.reads).toEqual(['/dubbo/com.S7/providers']);
  });

  it('has no more than a window of requests on the way, however much there is to read', async () => {
    for (let n = 0; n < 300; n++) standIn.put(provider(`com.S${n}`, 1));
    open();
    await expect.poll(() => services.size).toBe(301);
    expect(standIn.mostAtOnce).toBeGreaterThan(8);
    expect(standIn.mostAtOnce).toBeLessThanOrEqual(64);
  });

  it('believes what is gone at once in a session, and after an outage when the next one lasted a while', async () => {
    for (const n of [2, 3]) standIn.put(provider('com.Users', n));
    standIn.put(provider('com.Carts', 4));
    open();
    await untilServices({ 'com.Carts': ['10.0.0.4'], 'com.Users': ['10.0.0.1', '10.0.0.2', '10.0.0.3'] });
    standIn.remove(provider('com.Users', 3));
    await untilServices({ 'com.Carts': ['10.0.0.4'], 'com.Users': ['10.0.0.1', '10.0.0.2'] });
    standIn.drop();
    standIn.remove(provider('com.Users', 2));
    standIn.remove('/dubbo/com.Carts');
    standIn.put(provider('com.Users', 5));
    await untilServices({ 'com.Carts': ['10.0.0.4'], 'com.Users': ['10.0.0.1', '10.0.0.2', '10.0.0.5'] });
    // Registered again, before it was believed to be gone.
    standIn.put(provider('com.Carts', 4));
    await untilServices({ 'com.Carts': ['10.0.0.4'], 'com.Users': ['10.0.0.1', '10.0.0.5'] });
    expect(said.filter(({ kind }) => kind === 'absent')).toEqual([]);
  });

  it('does not read a server that is behind what it has seen, unless that stays so', async () => {
    open();
    await untilServices({ 'com.Users': ['10.0.0.1'] });
    const seen = standIn.zxid;
    standIn.zxid = 7n;
    standIn.drop();
    await expect.poll(() => standIn.greetings.filter((zxid) => zxid === seen).length).toBeGreaterThan(1);
    expect(lists()).toHaveLength(1);
    expect(reasons()[0]).toContain('ended the session');
    await expect.poll(() => standIn.greetings.at(-1)).toBe(0n);
    await expect.poll(() => lists().length).toBe(2);
  });

  it('takes roots that are not there for a mistake, and nothing below them for gone', async () => {
    open();
    await untilServices({ 'com.Users': ['10.0.0.1'] });
    expect(lists().at(-1)).toMatchObject({ trust: 'complete' });
    standIn.forgetAll();
    standIn.drop();
    await expect
      .poll(() => lists().at(-1))
      .toMatchObject({
        trust: 'partial',
        doubts: [{ cause: 'absent', text: expect.stringContaining('/dubbo') }],
      });
    await sleep(1_500);
    await untilServices({ 'com.Users': ['10.0.0.1'] });
    standIn.put(provider('com.Users', 1));
    await expect.poll(() => lists().at(-1)).toMatchObject({ trust: 'complete' });
    expect(said.filter(({ kind }) => kind === 'absent')).toEqual([]);
  });

  it('of two nodes of one instance takes the one that started later', async () => {
    standIn.put(provider('com.Users', 1, '&timestamp=200&weight=7'));
    standIn.put(provider('com.Users', 1, '&timestamp=100&weight=3'));
    open();
    await untilServices({ 'com.Users': ['10.0.0.1'] });
    expect(said.at(-1)).toMatchObject({ service: { instances: [{ weight: 7 }] } });
  });

  it('finds a node again that was gone while it was read', async () => {
    open();
    await untilServices({ 'com.Users': ['10.0.0.1'] });
    for (let round = 0; round < 20; round++) {
      standIn.remove('/dubbo/com.Users');
      standIn.put(provider('com.Users', round + 2));
    }
    await untilServices({ 'com.Users': ['10.0.0.21'] });
  });

  it('notices a server that is silent, and says that it cannot be seen', async () => {
    open();
    await untilServices({ 'com.Users': ['10.0.0.1'] });
    standIn.isSilent = true;
    await expect.poll(reasons).toEqual([`${standIn.address} does not answer`]);
  });

  it.each([
    ['an answer to no request', Buffer.concat([int(16), int(9_999), long(1n), int(0)])],
    ['a message without an end', Buffer.concat([int(2_000_000_000), Buffer.alloc(64)])],
    [
      'a message that says more than it holds',
      Buffer.concat([int(24), int(2), long(1n), int(0), int(2 ** 30), int(0)]),
    ],
    ['an error nobody knows', Buffer.concat([int(16), int(2), long(1n), int(-5)])],
  ])('survives %s', async (_, garbage) => {
    standIn.garbage = garbage;
    open();
    await expect.poll(() => reasons().length).toBeGreaterThan(0);
    standIn.garbage = undefined;
    standIn.drop();
    await untilServices({ 'com.Users': ['10.0.0.1'] });
  });

  it('reads what is selected of the applications, and nothing of the others', async () => {
    const data = JSON.stringify({ address: '10.0.0.9', port: 20_880 });
    standIn.put('/services/shop/1', data);
    standIn.put('/services/other/1', data);
    const registry = testRegistry({ type: 'ZooKeeper', addresses: [standIn.address] });
    const select = { ...registry.spec.select, services: ['shop'] };
    client = createZooKeeperClient({
      registry: { ...registry, spec: { ...registry.spec, select } },
      secrets: async () => ({}),
      answer: take,
    });
    await untilServices({ shop: ['10.0.0.9'] });
    expect(standIn.reads).not.toContain('/services/other');
  });

  it('goes on with the next address, and below the path that the last one names', async () => {
    standIn.put('/mesh/dubbo/com.Below/providers/dubbo%3A%2F%2F10.0.0.3%3A1%2Fcom.Below');
    open({ levels: 'interface' }, ['127.0.0.1:1', `${standIn.address}/mesh`]);
    await untilServices({ 'com.Below': ['10.0.0.3'] });
    expect(reasons()[0]).toContain('127.0.0.1:1');
    standIn.put('/mesh/dubbo/com.Below/providers/dubbo%3A%2F%2F10.0.0.4%3A1%2Fcom.Below');
    await untilServices({ 'com.Below': ['10.0.0.3', '10.0.0.4'] });
  });

  it.each([
    [{ prefix: '/x' }, 'options.prefix is none'],
    [{ sessionTimeout: '10ms' }, 'options.sessionTimeout "10ms" is no duration from 1s to 60s'],
    [{ levels: 'all' }, 'options.levels: "all" is neither'],
    [{ root: 'services' }, 'must not lie within one another'],
  ])('refuses options %j', async (options, reason) => {
    open(options);
    await expect.poll(reasons).toEqual([expect.stringContaining(reason)]);
  });

  it('refuses addresses that name several paths, and tokens, which ZooKeeper does not know', async () => {
    open({}, ['a:1/x', 'b:1/y']);
    await expect.poll(reasons).toEqual(['the addresses name several paths: /x and /y']);
    await client?.close();
    said = [];
    open({}, [standIn.address], { token: 'hush' });
    await expect.poll(() => reasons()[0]).toBe('ZooKeeper knows no tokens: credentials are a user name and a password');
  });

  it('is closed at once, whatever it waits for, and says nothing after it', async () => {
    standIn.isSilent = true;
    open();
    await expect.poll(() => standIn.greetings.length).toBe(0);
    await client?.close();
    const count = said.length;
    standIn.isSilent = false;
    standIn.drop();
    expect(said).toHaveLength(count);
  });
});
