import { createSocket } from 'node:dgram';
import { describe, expect, it, onTestFinished } from 'vitest';
import { alias, askTcp, askUdp, host, queryFor, readResponse, testTable, upstreamResponse } from './dns-fixture.ts';
import { withLength } from './message-stream.ts';
import { nameBytes } from './names.ts';
import { createDnsServer, type DnsServerOptions } from './server.ts';
import { type Answerer, startUpstream, type TestUpstream } from './upstream-fixture.ts';

const names = [
  host('orders.shop.mesh', ['240.241.0.1']),
  alias('mail.shop.svc.cluster.local', 'mail.example.com'),
  alias('back.shop.mesh', 'back.example.com'),
];
const address = { type: 'A', ttl: 100, data: Buffer.from([192, 0, 2, 1]) };
const always: Answerer = (query) => [upstreamResponse(query, [address])];
const silent: Answerer = () => [];
const refusing: Answerer = (query) => [upstreamResponse(query, [], 0x8182)];

async function started(upstreams: readonly TestUpstream[], options: Partial<DnsServerOptions> = {}) {
  const server = createDnsServer({
    table: testTable(names).table,
    upstreams,
    ...options,
    limits: { attemptMs: 20_000, totalMs: 30_000, ...options.limits },
  });
  onTestFinished(() => server.close());
  const { port } = await server.listen({ host: '127.0.0.1', port: 0 });
  const ask = async (name: string, type: string, parts = {}) =>
    readResponse(await askUdp(port, queryFor(name, type, parts)));
  return { server, port, ask };
}

const soa = (owner: string, ttl: number, minimum: number) => {
  const numbers = Buffer.alloc(20);
  numbers.writeUInt32BE(minimum, 16);
  const name = nameBytes('ns.example.com') ?? Buffer.alloc(0);
  return { owner, type: 'SOA', ttl, data: Buffer.concat([name, name, numbers]), section: 'authority' } as const;
};
const cname = (owner: string, target: string) => ({
  owner,
  type: 'CNAME',
  ttl: 60,
  data: nameBytes(target) ?? Buffer.alloc(0),
});

describe('a name that is not ours', () => {
  it('is asked of the upstream, under the id and in the case of the client', async () => {
    const ids: number[] = [];
    const upstream = await startUpstream((query) => {
      ids.push(query.readUInt16BE(0));
      return always(query, 'udp');
    });
    const { ask } = await started([upstream]);
    const response = await ask('WwW.example.com', 'A', { id: 7 });
    expect(response).toMatchObject({ id: 7, rcode: 0, question: 'WwW.example.com', flags: ['recursionAvailable'] });
    expect(response.answers).toEqual(['WwW.example.com 100 A 192.0.2.1']);
    expect(response).not.toHaveProperty('udpBytes');
    for (let count = 0; count < 5; count++) await ask(`n${count}.example.com`, 'A', { id: 7 });
    expect(new Set(ids).size).toBeGreaterThan(3);
  });

  it('is asked once for as long as the answer says, and once for all who ask at a time', async () => {
    const release = Promise.withResolvers<void>();
    const upstream = await startUpstream(async (query) => {
      await release.promise;
      return always(query, 'udp');
    });
    const { ask } = await started([upstream]);
    const both = [ask('www.example.com', 'A', { id: 1 }), ask('WWW.example.com', 'A', { id: 2 })];
    await expect.poll(() => upstream.asked.length).toBe(1);
    release.resolve();
    expect((await Promise.all(both)).map(({ id, question }) => [id, question])).toEqual([
      [1, 'www.example.com'],
      [2, 'WWW.example.com'],
    ]);
    await ask('www.EXAMPLE.com', 'A', { udpBytes: 1232 });
    expect(upstream.asked).toEqual(['udp']);
  });

  it('that does not exist is remembered as such when the upstream says for how long', async () => {
    const upstream = await startUpstream((query) => [upstreamResponse(query, [soa('example.com', 900, 600)], 0x8183)]);
    const { ask } = await started([upstream]);
    for (let count = 0; count < 2; count++) {
      expect(await ask('no.example.com', 'A')).toMatchObject({ rcode: 3, answers: [] });
    }
    expect(upstream.asked).toEqual(['udp']);
    const mute = await startUpstream((query) => [upstreamResponse(query, [], 0x8183)]);
    const other = await started([mute]);
    for (let count = 0; count < 2; count++) await other.ask('no.example.com', 'A');
    expect(mute.asked).toEqual(['udp', 'udp']);
  });

  it('is asked by TCP when the answer is too large for UDP, and given whole to who can take it', async () => {
    const large = Array.from({ length: 200 }, () => address);
    const upstream = await startUpstream((query, transport) =>
      transport === 'tcp' ? [upstreamResponse(query, large)] : [upstreamResponse(query, [], 0x8380)],
    );
    const { ask, port } = await started([upstream]);
    const [packet] = await askTcp(port, withLength(queryFor('big.example.com', 'A')));
    expect(readResponse(packet ?? Buffer.alloc(0)).answers).toHaveLength(200);
    const small = await ask('big.example.com', 'A', { udpBytes: 4096 });
    expect(small.flags).toContain('truncated');
    expect(small.bytes).toBeLessThanOrEqual(1232);
    expect(upstream.asked).toEqual(['udp', 'tcp']);
  });
});

describe('upstreams', () => {
  it('that are silent or refuse are passed over, and the one that answered is asked first from then on', async () => {
    const [mute, sulky, good] = [
      await startUpstream(silent),
      await startUpstream(refusing),
      await startUpstream(always),
    ];
    const { ask } = await started([mute, sulky, good], { limits: { attemptMs: 1_000 } });
    expect(await ask('a.example.com', 'A')).toMatchObject({ rcode: 0 });
    expect(await ask('b.example.com', 'A')).toMatchObject({ rcode: 0 });
    expect([mute.asked.length, sulky.asked.length, good.asked.length]).toEqual([1, 1, 2]);
  });

  it('that none of them answers makes a failure, not a name that does not exist', async () => {
    const mute = await startUpstream(silent);
    const { ask } = await started([mute], { limits: { attemptMs: 60 } });
    expect(await ask('a.example.com', 'A')).toMatchObject({ rcode: 2, answers: [] });
    expect(mute.asked.length).toBe(2);
    const { ask: alone } = await started([]);
    expect(await alone('a.example.com', 'A')).toMatchObject({ rcode: 2 });
  });

  it('are not there any more: the system says so at once, and the next one is asked', async () => {
    const good = await startUpstream(always);
    const { ask } = await started([{ host: '127.0.0.1', port: 1, asked: [] }, good]);
    expect(await ask('a.example.com', 'A')).toMatchObject({ rcode: 0 });
  });

  it('that know no OPT record are asked without it', async () => {
    const old = await startUpstream((query) => {
      const hasOptions = query.readUInt16BE(10) === 1;
      const response = upstreamResponse(query, hasOptions ? [] : [address], hasOptions ? 0x8181 : 0x8180);
      response.writeUInt16BE(0, 10);
      return [response.subarray(0, response.length - 11)];
    });
    const { ask } = await started([old]);
    expect((await ask('a.example.com', 'A', { udpBytes: 1232 })).answers).toHaveLength(1);
  });

  it('cannot be spoken for: another id, another question or a broken message is no answer', async () => {
    const forged = await startUpstream((query) => {
      const otherId = upstreamResponse(query, [address]);
      otherId.writeUInt16BE((query.readUInt16BE(0) + 1) & 0xffff, 0);
      const otherName = upstreamResponse(query, [address]);
      otherName[13] = 0x7a;
      const otherType = upstreamResponse(query, [address]);
      otherType[otherType.indexOf(Buffer.from([0, 0, 1, 0, 1])) + 2] = 28;
      const cut = upstreamResponse(query, [address]);
      const truth = upstreamResponse(query, [{ ...address, data: Buffer.from([192, 0, 2, 9]) }]);
      return [query, Buffer.alloc(3), otherId, otherName, otherType, cut.subarray(0, cut.length - 14), truth];
    });
    const { ask } = await started([forged]);
    expect((await ask('www.example.com', 'A')).answers).toEqual(['www.example.com 100 A 192.0.2.9']);
  });

  it('are not asked more at a time than the bound, and what is beyond fails at once', async () => {
    const mute = await startUpstream(silent);
    const { ask } = await started([mute], { limits: { inFlight: 2, attemptMs: 2_000, totalMs: 2_000 } });
    const waiting = [ask('a.example.com', 'A'), ask('b.example.com', 'A')];
    await expect.poll(() => mute.asked.length).toBe(2);
    expect(await ask('c.example.com', 'A')).toMatchObject({ rcode: 2 });
    expect(mute.asked.length).toBe(2);
    await Promise.all(waiting);
  });
});

it('clients that wait are so many at most, though all wait for the same', async () => {
  const mute = await startUpstream(silent);
  const { ask } = await started([mute], { limits: { waiting: 2, attemptMs: 2_000, totalMs: 2_000 } });
  const waiting = [ask('a.example.com', 'A'), ask('a.example.com', 'A')];
  await expect.poll(() => mute.asked.length).toBe(1);
  expect(
    await Promise.race([ask('a.example.com', 'A'), ...waiting.map(async (one) => one.then(() => 'late'))]),
  ).toMatchObject({
    rcode: 2,
  });
  await Promise.all(waiting);
});

describe('aliases', () => {
  it('of ours that lead elsewhere are followed there in one answer', async () => {
    const upstream = await startUpstream((query) => [
      upstreamResponse(query, [cname('mail.example.com', 'mx.example.net'), { ...address, owner: 'mx.example.net' }]),
    ]);
    const { ask } = await started([upstream]);
    expect((await ask('mail.shop.svc.cluster.local', 'A')).answers).toEqual([
      'mail.shop.svc.cluster.local 30 CNAME mail.example.com',
      'mail.example.com 60 CNAME mx.example.net',
      'mx.example.net 100 A 192.0.2.1',
    ]);
  });

  it('of ours that lead to nothing say so, with the authority of who knows', async () => {
    const upstream = await startUpstream((query) => [upstreamResponse(query, [soa('example.com', 900, 600)], 0x8183)]);
    const { ask } = await started([upstream]);
    const response = await ask('mail.shop.svc.cluster.local', 'A');
    expect(response).toMatchObject({ rcode: 3, answers: ['mail.shop.svc.cluster.local 30 CNAME mail.example.com'] });
    expect(response.authorities).toEqual(['example.com 300 SOA ns.example.com 600']);
  });

  it('of an upstream that lead to a name of the mesh end at its virtual IP', async () => {
    const upstream = await startUpstream((query) => [
      upstreamResponse(query, [{ ...cname('corp.example.com', 'orders.shop.mesh'), ttl: 4000 }], 0x8183),
    ]);
    const { ask } = await started([upstream]);
    for (let count = 0; count < 2; count++) {
      expect(await ask('corp.example.com', 'A')).toMatchObject({
        rcode: 0,
        answers: ['corp.example.com 300 CNAME orders.shop.mesh', 'orders.shop.mesh 30 A 240.241.0.1'],
      });
    }
  });

  it('that go in a circle through an upstream make a failure', async () => {
    const upstream = await startUpstream((query) => [
      upstreamResponse(query, [cname('back.example.com', 'back.shop.mesh')]),
    ]);
    const { ask } = await started([upstream]);
    expect(await ask('back.shop.mesh', 'A')).toMatchObject({ rcode: 2, answers: [] });
    expect(await ask('back.example.com', 'A')).toMatchObject({ rcode: 2, answers: [] });
  });
});

it('a server that closes does not wait for upstreams', async () => {
  const mute = await startUpstream(silent);
  const { server, port } = await started([mute], { limits: { attemptMs: 90_000, totalMs: 90_000 } });
  const query = askTcp(port, withLength(queryFor('a.example.com', 'A'))).catch(() => []);
  const socket = createSocket('udp4');
  onTestFinished(() => void socket.close());
  socket.send(queryFor('b.example.com', 'A'), port, '127.0.0.1');
  await expect.poll(() => mute.asked.length).toBe(2);
  await server.close();
  expect(await query).toEqual([]);
});
