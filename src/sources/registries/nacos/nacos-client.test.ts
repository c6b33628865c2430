import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { testRegistry } from '../../../resources/service-registry-fixture.ts';
import type { RegistryAnswer, RegistryClient } from '../registry-client.ts';
import { createNacosClient } from './nacos-client.ts';
import { NacosStandIn } from './nacos-stand-in.ts';

const host = (n: number) => ({ ip: `10.0.0.${n}`, port: 80 });
const names = { namespaces: ['public', 'dev'], groups: ['g'] };

describe('a client of Nacos', () => {
  let server: NacosStandIn;
  let client: RegistryClient;
  let answers: RegistryAnswer[];
  const open = async (options: Readonly<Record<string, string>> = {}, maxServices = 100) => {
    const address = await server.start();
    const select = { ...testRegistry().spec.select, ...names };
    const own = { transport: 'grpc', grpcPort: address.split(':')[1] ?? '', ...options };
    const trust = { ...testRegistry().spec.trust, maxServices };
    const registry = testRegistry({ type: 'Nacos', addresses: [address], interval: 50, select, trust, options: own });
    const answer = (together: readonly RegistryAnswer[]) => void answers.push(...together);
    client = createNacosClient({ registry, answer, secrets: async () => ({}) });
  };
  /** What was said last of a service. */
  const said = (namespace = 'public') => {
    const last = answers.findLast((one) => one.kind === 'service' && one.service.namespace === namespace);
    if (last?.kind !== 'service') return undefined;
    return [last.trust, ...last.service.instances.map(({ address }) => address)];
  };
  const untilSaid = async (expected: readonly string[], namespace?: string) =>
    expect.poll(() => said(namespace), { interval: 5 }).toEqual(expected);

  beforeEach(() => {
    answers = [];
    server = new NacosStandIn();
    server.services.set('public/g@@orders', [host(1), host(2)]);
  });
  afterEach(async () => {
    await client.close();
    server.stop();
  });

  it('reads what is listed, and takes and acknowledges what is pushed', async () => {
    await open();
    await untilSaid(['complete', '10.0.0.1', '10.0.0.2']);
    server.push('g', 'g@@orders', [host(3)]);
    await untilSaid(['complete', '10.0.0.3']);
    const acknowledged = () => server.received.filter(({ type }) => type === 'NotifySubscriberResponse');
    await expect
      .poll(() => acknowledged().map(({ body }) => body))
      .toEqual([{ headers: {}, resultCode: 200, success: true, requestId: '7' }]);
  });

  it('answers when it is asked whether it is alive, and what it has never heard of', async () => {
    await open();
    await untilSaid(['complete', '10.0.0.1', '10.0.0.2']);
    for (const type of ['ClientDetectionRequest', 'BrandNewRequest']) server.send(type, { requestId: type });
    const ids = () => server.received.map(({ body }) => body.requestId);
    await expect.poll(ids).toEqual(expect.arrayContaining(['ClientDetectionRequest', 'BrandNewRequest']));
    expect(server.connections).toBe(1);
  });

  it('goes when it is sent away, subscribes again, and never says that the registry is lost', async () => {
    await open();
    await untilSaid(['complete', '10.0.0.1', '10.0.0.2']);
    server.services.set('public/g@@orders', [host(1), host(2), host(4)]);
    server.send('ConnectResetRequest', { requestId: '1', serverIp: '127.0.0.1', serverPort: '1' });
    await untilSaid(['complete', '10.0.0.1', '10.0.0.2', '10.0.0.4']);
    expect(server.connections).toBe(2);
    expect(answers.filter(({ kind }) => kind === 'unavailable')).toEqual([]);
  });

  it('believes an empty push only when a second read says the same', async () => {
    await open();
    await untilSaid(['complete', '10.0.0.1', '10.0.0.2']);
    const before = answers.length;
    server.push('g', 'g@@orders', []);
    await expect.poll(() => server.asked).toContain('ServiceQueryRequest');
    await expect.poll(() => answers.length).toBeGreaterThan(before);
    expect(said()).toEqual(['complete', '10.0.0.1', '10.0.0.2']);
    server.services.set('public/g@@orders', []);
    server.push('g', 'g@@orders', []);
    await untilSaid(['complete']);
  });

  it('takes no push of one namespace for another', async () => {
    server.services.set('dev/g@@orders', [host(8)]);
    await open();
    await untilSaid(['complete', '10.0.0.8'], 'dev');
    await untilSaid(['complete', '10.0.0.1', '10.0.0.2']);
    server.services.set('dev/g@@orders', [host(8), host(9)]);
    server.push('g', 'g@@orders', [host(8), host(9)]);
    await untilSaid(['complete', '10.0.0.8', '10.0.0.9'], 'dev');
    await untilSaid(['complete', '10.0.0.1', '10.0.0.2']);
  });

  it('says in part what is missing after a reconnect, and in full once that was long enough', async () => {
    await open({ warmUp: '1s' });
    await untilSaid(['complete', '10.0.0.1', '10.0.0.2']);
    server.services.set('public/g@@orders', [host(1)]);
    server.isForgetful = true;
    await expect.poll(() => answers.at(-1)?.kind).toBe('unavailable');
    server.isForgetful = false;
    await untilSaid(['partial', '10.0.0.1']);
    server.push('g', 'g@@orders', []);
    await untilSaid(['partial']);
    await untilSaid(['complete', '10.0.0.1']);
  });

  it('follows no more services than are trusted, and says so', async () => {
    for (let n = 0; n < 5; n++) server.services.set(`public/g@@s${n}`, []);
    await open({}, 3);
    const doubts = [{ cause: 'bounded', text: 'more than 3 services are registered' }];
    const list = { kind: 'services', trust: 'partial', doubts };
    await expect.poll(() => answers).toContainEqual(expect.objectContaining(list));
    const read = () => answers.filter(({ kind }) => kind === 'service');
    await expect.poll(read).toHaveLength(3);
    expect(server.asked.filter((type) => type === 'SubscribeServiceRequest')).toHaveLength(3);
  });

  it('refuses options that it does not have', async () => {
    await open({ prefix: 'x' });
    await expect
      .poll(() => answers)
      .toMatchObject([{ kind: 'unavailable', reason: expect.stringContaining('prefix') }]);
  });
});
