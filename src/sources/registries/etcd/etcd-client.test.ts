import { once } from 'node:events';
import { createServer } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { testRegistry } from '../../../resources/service-registry-fixture.ts';
import type { RegistryAnswer, RegistryClient, RegistrySecrets } from '../registry-client.ts';
import { createEtcdClient } from './etcd-client.ts';
import { GatewayStandIn } from './gateway-stand-in.ts';

describe('an etcd client', () => {
  let standIn: GatewayStandIn;
  let address: string;
  let client: RegistryClient | undefined;
  let said: RegistryAnswer[];
  /** In which calls it was said. */
  let calls: (readonly RegistryAnswer[])[];
  beforeEach(async () => {
    standIn = new GatewayStandIn();
    address = await standIn.listen();
    said = [];
    calls = [];
    standIn.set('/s/users/1', '10.0.0.1:80');
  });
  afterEach(async () => {
    await client?.close();
    client = undefined;
    await standIn.close();
  });

  const open = (options: Readonly<Record<string, string>> = { prefix: '/s' }, secrets: RegistrySecrets = {}): void => {
    client = createEtcdClient({
      registry: testRegistry({ type: 'Etcd', addresses: [address], options }),
      secrets: async () => secrets,
      answer: (answers) => {
        said.push(...answers);
        calls.push(answers);
      },
    });
    expect(said).toEqual([]);
  };
  /** What was said, in short. */
  const told = (): readonly string[] =>
    said.map((answer) => {
      if (answer.kind === 'services') return `list: ${answer.services.map(({ name }) => name).join(' ')}`;
      if (answer.kind === 'unavailable') return 'unavailable';
      if (answer.kind === 'absent') return `absent: ${answer.service.name}`;
      if (answer.kind === 'callers') return `callers of ${answer.service.name}: ${answer.callers.join(' ')}`;
      return `${answer.service.name}: ${answer.service.instances.map((instance) => instance.address).join(' ')}`;
    });
  const untilTold = async (expected: readonly string[]): Promise<void> => {
    await expect.poll(told, { interval: 5 }).toEqual(expected);
  };
  const untilWatched = async (): Promise<void> => {
    await expect.poll(() => standIn.watches, { interval: 5 }).toBe(1);
  };
  const start = ['list: users', 'users: 10.0.0.1'];

  it('says the list, each service, and then what changes', async () => {
    open();
    await untilTold(start);
    await untilWatched();
    standIn.set('/s/users/2', '10.0.0.2:80');
    standIn.set('/s/carts/1', '10.0.0.3:80');
    standIn.notify(['/s/users/2', '/s/carts/1']);
    await untilTold([...start, 'users: 10.0.0.1 10.0.0.2', 'carts: 10.0.0.3']);
    standIn.unset('/s/carts/1');
    standIn.notify(['/s/carts/1']);
    await untilTold([...start, 'users: 10.0.0.1 10.0.0.2', 'carts: 10.0.0.3', 'absent: carts']);
  });

  it('understands a watch in pieces of any size, and takes a change in fragments as one', async () => {
    open();
    await untilTold(start);
    await untilWatched();
    standIn.pieceBytes = 7;
    standIn.set('/s/users/2', '10.0.0.2:80');
    standIn.unset('/s/users/1');
    standIn.notify(['/s/users/2'], { fragment: true });
    standIn.notify(['/s/users/1']);
    await untilTold([...start, 'users: 10.0.0.2']);
  });

  it('whose token expires gets another one, and goes on', async () => {
    standIn.tokens.add('of somebody else');
    open({ prefix: '/s' }, { username: 'isthmus', password: 'secret' });
    await untilTold(start);
    await untilWatched();
    standIn.tokens.delete('token-1');
    await expect.poll(() => standIn.tokens.has('token-2')).toBe(true);
    standIn.set('/s/users/2', '10.0.0.2:80');
    standIn.notify(['/s/users/2']);
    await untilTold([...start, 'users: 10.0.0.1 10.0.0.2']);
    expect(standIn.calls.filter((call) => call === 'watch')).toHaveLength(1);
  });

  it.each([
    ['of another cluster', () => (standIn.clusterId = '2')],
    ['that went back', () => (standIn.revision = 1)],
  ])('reads everything again of a store %s, though its watch says nothing', async (_what, become) => {
    standIn.set('/s/carts/1', '10.0.0.3:80');
    open();
    await untilTold(['list: carts users', 'carts: 10.0.0.3', 'users: 10.0.0.1']);
    await untilWatched();
    standIn.unset('/s/carts/1');
    become();
    await expect.poll(told).toHaveLength(5);
    expect(told().slice(3)).toEqual(start);
    expect(told()).not.toContain('unavailable');
  });

  it('reads everything again where changes were compacted, and says nothing was lost', async () => {
    open();
    await untilTold(start);
    await untilWatched();
    standIn.set('/s/users/2', '10.0.0.2:80');
    standIn.write('{"result":{"header":{"cluster_id":"1"},"watch_id":"1","canceled":true,"compact_revision":"9"}}\n');
    await untilTold([...start, 'list: users', 'users: 10.0.0.1 10.0.0.2']);
  });

  it.each([
    ['ends', () => standIn.endWatches()],
    ['is cancelled', () => standIn.write('{"result":{"canceled":true,"cancel_reason":"no"}}\n')],
    ['fails', () => standIn.write('{"error":{"code":14,"message":"etcdserver: no leader"}}\n')],
    ['is no JSON', () => standIn.write('{"result"\n')],
  ])('whose watch %s says that it knows nothing, and reads everything again', async (_how, end) => {
    open();
    await untilTold(start);
    await untilWatched();
    end();
    await untilTold([...start, 'unavailable', ...start]);
  });

  it('reads what is too large for one answer in smaller ones', async () => {
    const large = `{"host":"10.0.0.1","port":80,"x":"${'x'.repeat(1_000_000)}"}`;
    for (let at = 0; at < 30; at++) standIn.set(`/s/large/${at}`, large);
    open();
    await expect.poll(() => said.length).toBe(3);
    const [, service] = said;
    expect(service).toMatchObject({ kind: 'service', trust: 'complete', service: { name: 'large' } });
    expect(service?.kind === 'service' ? service.service.instances.length : 0).toBe(30);
  });

  it('does not take a list for complete of which the end is never given', async () => {
    standIn.isEndless = true;
    open();
    await expect.poll(() => said).toMatchObject([{ reason: expect.stringContaining('gives none') }]);
  });

  it('says many services in portions, and of each just one', async () => {
    for (let at = 0; at < 250; at++) standIn.set(`/s/service-${at}/1`, '10.0.0.1:80');
    open();
    await expect.poll(() => said.length).toBe(252);
    expect(calls.map(({ length }) => length)).toEqual([1, 100, 100, 51]);
  });

  it('says nothing any more once it is closed', async () => {
    open();
    await untilTold(start);
    await untilWatched();
    await client?.close();
    standIn.set('/s/users/2', '10.0.0.2:80');
    standIn.notify(['/s/users/2']);
    await expect.poll(() => standIn.watches).toBe(0);
    expect(told()).toEqual(start);
  });

  it('that cannot understand its options says why, and calls nobody', async () => {
    open({ prefix: '/s', rooot: 'x' });
    await expect.poll(() => said).toMatchObject([{ kind: 'unavailable' }]);
    expect(said[0]).toMatchObject({ reason: expect.stringContaining('options.rooot') });
    expect(standIn.calls).toEqual([]);
  });

  it('of a server that is no etcd, or wants to know who asks, says so', async () => {
    standIn.tokens.add('of somebody else');
    open();
    await expect.poll(() => said).toMatchObject([{ reason: `${address}: etcdserver: invalid auth token` }]);
    await client?.close();
    said = [];
    const page = createServer((_request, response) => response.end('<html>'));
    await once(page.listen(0, '127.0.0.1'), 'listening');
    const at = page.address();
    address = `127.0.0.1:${typeof at === 'object' ? at?.port : ''}`;
    open();
    await expect.poll(() => said).toMatchObject([{ reason: expect.stringContaining('is it etcd 3.4 or later') }]);
    await client?.close();
    page.close();
  });
});
