/** The client against a stand-in of an agent, for what a real one shows only when it is ill. */
import { once } from 'node:events';
import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { testRegistry } from '../../../resources/service-registry-fixture.ts';
import type { RegistryAnswer, RegistryClient } from '../registry-client.ts';
import { createConsulClient } from './consul-client.ts';

interface Reply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: unknown;
}

const leader = { 'x-consul-knownleader': 'true', 'x-consul-lastcontact': '0' };
const instance = (service: string) => ({
  Node: { Node: 'n1', Address: '10.0.0.1', Datacenter: 'dc1' },
  Service: { ID: service, Service: service, Port: 80 },
  Checks: [],
});

/** A stand-in of an agent: answers as it is told, and holds what waits for an index that it has already. */
class AgentStandIn {
  index = 5;
  names: Readonly<Record<string, readonly string[]>> = { orders: [] };
  /** Instead of what it would answer. */
  reply: (path: string, index: string | null) => Reply | undefined = () => undefined;
  /** Whether it waits as it should. */
  isPatient = true;
  /** Path, and the index waited for. */
  readonly asked: (readonly [path: string, index: string | null])[] = [];
  open = 0;
  mostOpen = 0;
  readonly #server = http.createServer((request, response) => this.#take(request, response));
  readonly #held = new Set<() => void>();

  async start(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    const address = this.#server.address();
    return `127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  }

  /** Everybody who waits is answered. */
  release(): void {
    for (const answer of this.#held) answer();
    this.#held.clear();
  }

  /** All connections end. */
  break(): void {
    this.#held.clear();
    this.#server.closeAllConnections();
  }

  stop(): void {
    this.#server.close();
    this.break();
  }

  #take(request: http.IncomingMessage, response: http.ServerResponse): void {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://agent');
    this.asked.push([pathname, searchParams.get('index')]);
    this.open++;
    this.mostOpen = Math.max(this.mostOpen, this.open);
    response.on('close', () => this.open--);
    const index = searchParams.get('index');
    const special = this.reply(pathname, index);
    const answer = (): void => {
      const {
        status = 200,
        headers = leader,
        body,
      }: Reply = this.reply(pathname, index) ?? { body: this.#bodyOf(pathname) };
      response.writeHead(status, { 'x-consul-index': String(this.index), ...headers });
      response.end(typeof body === 'string' ? body : JSON.stringify(body));
    };
    if (special === undefined && this.isPatient && Number(index ?? 0) >= this.index) this.#held.add(answer);
    else answer();
  }

  #bodyOf(path: string): unknown {
    if (path === '/v1/status/leader') return '"10.0.0.1:8300"';
    if (path === '/v1/catalog/services') return this.names;
    return path.startsWith('/v1/health/service/') ? [instance(path.slice('/v1/health/service/'.length))] : [];
  }
}

describe('a Consul client', () => {
  let stand = new AgentStandIn();
  let client: RegistryClient | undefined;
  let answers: RegistryAnswer[] = [];

  const begin = async (options: Record<string, string> = {}, addresses: readonly string[] = []): Promise<void> => {
    const address = await stand.start();
    const registry = testRegistry({ type: 'Consul', addresses: [...addresses, address], options });
    const secrets = async () => ({ token: 'the-secret' });
    client = createConsulClient({ registry, secrets, answer: (all) => answers.push(...all) });
  };
  const until = async (isThere: (answer: RegistryAnswer) => boolean): Promise<void> => {
    await expect.poll(() => answers.some(isThere), { interval: 5 }).toBe(true);
  };
  const isRead = (answer: RegistryAnswer): boolean => answer.kind === 'service' && answer.trust === 'complete';
  const isLost = (answer: RegistryAnswer): boolean => answer.kind === 'unavailable';
  const asked = (path: string): number => stand.asked.filter(([one]) => one === path).length;

  afterEach(async () => {
    await client?.close();
    stand.stop();
    answers = [];
    stand = new AgentStandIn();
  });

  it('lists a service and reads it', async () => {
    await begin();
    await until(isRead);
    const name = { namespace: '', group: '', name: 'orders' };
    expect(answers[0]).toEqual({ kind: 'services', scope: '', services: [name], trust: 'complete' });
  });

  it('does not ask in a loop where the server does not wait', async () => {
    stand.isPatient = false;
    await begin();
    await until(isRead);
    await sleep(500);
    expect(asked('/v1/health/service/orders')).toBeLessThan(20);
    expect(answers.filter(isRead)).toHaveLength(1);
  });

  it('does not ask in a loop where the server has no index', async () => {
    stand.isPatient = false;
    stand.index = 0;
    await begin();
    await until(isRead);
    await sleep(500);
    expect(asked('/v1/health/service/orders')).toBeLessThan(20);
  });

  it('never has more requests in flight than it may, and reads all services all the same', async () => {
    stand.names = Object.fromEntries(Array.from({ length: 300 }, (_, n) => [`s${n}`, []]));
    await begin({ connections: '16' });
    await expect.poll(() => answers.filter(isRead).length).toBe(300);
    expect(stand.mostOpen).toBeLessThanOrEqual(16);
  });

  it('asks for less at once where the agent says that it is too much', async () => {
    stand.names = Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`s${n}`, []]));
    stand.reply = () =>
      stand.open > 40 ? { status: 429, body: 'Your IP is issuing too many concurrent connections' } : undefined;
    await begin();
    await until(isLost);
    await expect.poll(() => answers.filter(isRead).length).toBeGreaterThanOrEqual(100);
  });

  it('takes an answer without a leader in part', async () => {
    const headers = { ...leader, 'x-consul-knownleader': 'false' };
    stand.reply = (path) => (path === '/v1/catalog/services' ? { headers, body: {} } : undefined);
    await begin();
    await until(({ kind }) => kind === 'services');
    expect(answers).toMatchObject([{ kind: 'services', services: [], trust: 'partial' }]);
  });

  it('asks again where the agent answers what was streamed to it, without what ACLs filtered', async () => {
    await begin();
    await until(isRead);
    await expect.poll(() => asked('/v1/health/service/orders')).toBe(2);
    answers = [];
    const streamed = { ...leader, 'x-consul-query-backend': 'streaming' };
    const filtered = { ...leader, 'x-consul-results-filtered-by-acls': 'true' };
    stand.reply = (path, index) =>
      path === '/v1/health/service/orders' ? { headers: index === null ? filtered : streamed, body: [] } : undefined;
    stand.index++;
    stand.release();
    await until(({ kind }) => kind === 'service');
    expect(answers.filter(({ kind }) => kind !== 'services')).toMatchObject([{ kind: 'service', trust: 'partial' }]);
  });

  it('reads services that are there though another is refused, and says which', async () => {
    stand.names = { broken: [], orders: [] };
    stand.reply = (path) => (path.endsWith('/broken') ? { status: 500, body: 'rpc error' } : undefined);
    await begin();
    await until(isRead);
    await until((answer) => answer.kind === 'service' && answer.trust === 'partial');
    const partial = answers.find((answer) => answer.kind === 'service' && answer.trust === 'partial');
    expect(partial).toMatchObject({ service: { name: 'broken', instances: [] } });
    expect(answers.some(isLost)).toBe(false);
  });

  it('says why it is refused, without its token', async () => {
    stand.reply = () => ({ status: 403, body: 'token the-secret\n\u0007lacks permission' });
    await begin();
    await until(isLost);
    expect(answers[0]).toMatchObject({ reason: expect.stringMatching(/403, token \*\*\* lacks permission$/) });
  });

  it.each(['', '[]', '{"a"', '<html>'])('takes %j for no list of services', async (body) => {
    stand.reply = (path) => (path === '/v1/catalog/services' ? { body } : undefined);
    await begin();
    await until(isLost);
    expect(answers.every(isLost)).toBe(true);
  });

  it('goes on with the next agent where one cannot be reached', async () => {
    await begin({}, ['127.0.0.1:1']);
    await until(isRead);
    expect(answers[0]).toMatchObject({ kind: 'unavailable' });
  });

  it('waits from no index where the index went back', async () => {
    stand.index = 206;
    await begin();
    await until(isRead);
    await expect.poll(() => asked('/v1/health/service/orders')).toBe(2);
    stand.asked.length = 0;
    stand.index = 18;
    stand.release();
    for (const path of ['/v1/catalog/services', '/v1/health/service/orders'])
      await expect
        .poll(() => stand.asked.filter(([one]) => one === path).map(([, index]) => index))
        .toEqual([null, '18']);
  });

  it('waits from no index once its connections broke, and says all again', async () => {
    await begin();
    await until(isRead);
    await expect.poll(() => asked('/v1/health/service/orders')).toBe(2);
    [answers, stand.asked.length] = [[], 0];
    stand.break();
    await until(isRead);
    expect(answers.map(({ kind }) => kind)).toEqual(['unavailable', 'services', 'service']);
    expect(stand.asked.find(([path]) => path === '/v1/health/service/orders')).toEqual([
      '/v1/health/service/orders',
      null,
    ]);
  });

  it('refuses options that it does not have', async () => {
    await begin({ prefix: 'x' });
    await until(isLost);
    expect(answers).toMatchObject([{ reason: expect.stringContaining('options.prefix') }]);
    expect(stand.asked).toEqual([]);
  });

  it('is silent once it is closed', async () => {
    await begin();
    await until(isRead);
    await client?.close();
    const { length } = answers;
    stand.index++;
    stand.release();
    await sleep(50);
    expect(answers).toHaveLength(length);
    await expect.poll(() => stand.open).toBe(0);
  });
});
