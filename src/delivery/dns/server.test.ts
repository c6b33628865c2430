import { Resolver } from 'node:dns/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { alias, askTcp, askUdp, host, pending, queryFor, readResponse, testTable } from './dns-fixture.ts';
import { withLength } from './message-stream.ts';
import { createDnsServer, type DnsServerOptions } from './server.ts';

const names = [
  host('orders.shop.mesh', ['240.241.0.1', '2001:2:1::1']),
  host('cart.shop.svc.cluster.local', ['10.0.0.7']),
  host(
    'many.shop.mesh',
    Array.from({ length: 100 }, (_, at) => `10.1.0.${at}`),
  ),
  host('three.shop.mesh', ['10.2.0.1', '10.2.0.2', '10.2.0.3']),
  alias('db.shop.svc.cluster.local', 'orders.shop.mesh'),
  alias('loop.shop.mesh', 'pool.shop.mesh'),
  alias('pool.shop.mesh', 'loop.shop.mesh'),
  pending('soon.shop.mesh'),
];

async function started(options: Partial<DnsServerOptions> = {}) {
  const { table, set, remove } = testTable(names);
  const server = createDnsServer({ table, upstreams: [], ...options });
  onTestFinished(() => server.close());
  const { port } = await server.listen({ host: '127.0.0.1', port: 0 });
  const ask = async (name: string, type: string, parts = {}) =>
    readResponse(await askUdp(port, queryFor(name, type, parts)));
  return { server, port, ask, set, remove };
}

describe('names of the mesh', () => {
  it('are answered with their virtual IPs, both families, for thirty seconds', async () => {
    const { ask } = await started();
    const response = await ask('orders.shop.mesh', 'A');
    expect(response.answers).toEqual(['orders.shop.mesh 30 A 240.241.0.1']);
    expect(response.flags).toEqual(['authoritative', 'recursionAvailable']);
    expect((await ask('orders.shop.mesh', 'AAAA')).answers).toEqual([
      'orders.shop.mesh 30 AAAA 2001:0002:0001:0000:0000:0000:0000:0001',
    ]);
  });

  it('are found whatever their case, and keep the case of the question', async () => {
    const { ask } = await started();
    const response = await ask('oRdErS.Shop.MESH', 'A');
    expect(response.question).toBe('oRdErS.Shop.MESH');
    expect(response.answers).toEqual(['oRdErS.Shop.MESH 30 A 240.241.0.1']);
  });

  it('have no data of another family or type, and say for how long that may be remembered', async () => {
    const { ask } = await started();
    for (const type of ['AAAA', 'TXT', 'HTTPS', 'CNAME']) {
      const response = await ask('cart.shop.svc.cluster.local', type);
      expect(response).toMatchObject({ rcode: 0, answers: [] });
      expect(response.authorities).toEqual(['cluster.local 5 SOA ns.cluster.local 5']);
    }
  });

  it('lead through an ExternalName to the virtual IP in one answer', async () => {
    const { ask } = await started();
    expect((await ask('db.shop.svc.cluster.local', 'A')).answers).toEqual([
      'db.shop.svc.cluster.local 30 CNAME orders.shop.mesh',
      'orders.shop.mesh 30 A 240.241.0.1',
    ]);
    const other = await ask('db.shop.svc.cluster.local', 'TXT');
    expect(other.answers).toEqual(['db.shop.svc.cluster.local 30 CNAME orders.shop.mesh']);
    expect(other.authorities).toEqual(['mesh 5 SOA ns.mesh 5']);
    const named = await ask('db.shop.svc.cluster.local', 'CNAME');
    expect(named.answers).toEqual(['db.shop.svc.cluster.local 30 CNAME orders.shop.mesh']);
    expect(named.authorities).toEqual([]);
  });

  it('fail when aliases go in a circle, or the virtual IP is not there yet', async () => {
    const { ask } = await started();
    expect(await ask('loop.shop.mesh', 'A')).toMatchObject({ rcode: 2, answers: [] });
    expect(await ask('soon.shop.mesh', 'A')).toMatchObject({ rcode: 2, answers: [] });
  });

  it('do not exist below our suffixes when nobody declares them; a parent of names does', async () => {
    const { ask } = await started();
    const absent = await ask('nobody.shop.mesh', 'A');
    expect(absent).toMatchObject({ rcode: 3, answers: [], authorities: ['mesh 5 SOA ns.mesh 5'] });
    for (const parent of ['shop.mesh', 'mesh', 'svc.cluster.local']) {
      expect(await ask(parent, 'A')).toMatchObject({ rcode: 0, answers: [] });
    }
    expect((await ask('mesh', 'SOA')).answers).toEqual(['mesh 5 SOA ns.mesh 5']);
  });

  it('change with the batch that changes them', async () => {
    const { ask, set, remove } = await started();
    set(host('orders.shop.mesh', ['240.241.0.9']), host('late.shop.mesh', ['240.241.0.10']));
    expect((await ask('orders.shop.mesh', 'A')).answers).toEqual(['orders.shop.mesh 30 A 240.241.0.9']);
    expect((await ask('late.shop.mesh', 'A')).answers).toEqual(['late.shop.mesh 30 A 240.241.0.10']);
    remove('late.shop.mesh');
    expect(await ask('late.shop.mesh', 'A')).toMatchObject({ rcode: 3 });
  });

  it('are given in turns, so that callers who take the first spread', async () => {
    const { ask } = await started();
    const firsts = new Set<string>();
    for (let count = 0; count < 200 && firsts.size < 3; count++) {
      const { answers } = await ask('three.shop.mesh', 'A');
      expect(answers.toSorted()).toHaveLength(3);
      firsts.add(answers[0] ?? '');
    }
    expect(firsts.size).toBe(3);
  });

  it('are said with the TTLs that are set', async () => {
    const { ask } = await started({ ttls: () => ({ ttl: 7, negativeTtl: 2 }) });
    expect((await ask('orders.shop.mesh', 'A')).answers).toEqual(['orders.shop.mesh 7 A 240.241.0.1']);
    expect((await ask('nobody.shop.mesh', 'A')).authorities).toEqual(['mesh 2 SOA ns.mesh 2']);
  });

  it('are not told in full to who asks for any type', async () => {
    const { ask } = await started();
    expect((await ask('many.shop.mesh', 'ANY')).answers).toEqual(['many.shop.mesh 30 13 \x07RFC8482\x00']);
    expect((await ask('elsewhere.example', 'ANY')).answers).toEqual(['elsewhere.example 30 13 \x07RFC8482\x00']);
  });
});

describe('the size of an answer', () => {
  it('is 512 bytes for who says nothing, and then it says that it is not whole', async () => {
    const { ask } = await started();
    const response = await ask('many.shop.mesh', 'A');
    expect(response.flags).toContain('truncated');
    expect(response.bytes).toBeLessThanOrEqual(512);
    expect(response.answers.length).toBeGreaterThan(20);
  });

  it('is what the client takes, 1232 bytes at most', async () => {
    const { ask } = await started();
    const small = await ask('many.shop.mesh', 'A', { udpBytes: 800 });
    expect(small.bytes).toBeLessThanOrEqual(800);
    expect(small).toMatchObject({ udpBytes: 1232 });
    const large = await ask('many.shop.mesh', 'A', { udpBytes: 65_535 });
    expect(large.bytes).toBeLessThanOrEqual(1232);
    expect(large.flags).toContain('truncated');
  });

  it('is that of the whole by TCP, to which resolvers turn by themselves', async () => {
    const { port } = await started();
    const [packet] = await askTcp(port, withLength(queryFor('many.shop.mesh', 'A')));
    const response = readResponse(packet ?? Buffer.alloc(0));
    expect(response.answers).toHaveLength(100);
    expect(response.flags).not.toContain('truncated');
    const resolver = new Resolver();
    resolver.setServers([`127.0.0.1:${port}`]);
    expect(await resolver.resolve4('many.shop.mesh')).toHaveLength(100);
  });
});

describe('what a client may ask', () => {
  it('is one question, in the class of the internet', async () => {
    const { ask, port } = await started();
    const none = queryFor('orders.shop.mesh', 'A');
    none.writeUInt16BE(0, 4);
    const two = queryFor('orders.shop.mesh', 'A');
    two.writeUInt16BE(2, 4);
    for (const packet of [none, two]) {
      expect(readResponse(await askUdp(port, packet))).toMatchObject({ id: 0x1234, rcode: 1, bytes: 12 });
    }
    expect(await ask('version.bind', 'TXT', { questionClass: 3 })).toMatchObject({ rcode: 5 });
    expect(await ask('orders.shop.mesh', '252')).toMatchObject({ rcode: 4, answers: [] });
    expect(await ask('orders.shop.mesh', 'A', { flags: 0x2800 })).toMatchObject({ rcode: 4, bytes: 12 });
  });

  it('may have an OPT record of version 0', async () => {
    const { ask } = await started();
    const newer = await ask('orders.shop.mesh', 'A', { udpBytes: 1232, version: 1 });
    expect(newer).toMatchObject({ rcode: 16, answers: [], udpBytes: 1232 });
    expect(await ask('orders.shop.mesh', 'A')).not.toHaveProperty('udpBytes');
  });

  it('is never a response: two servers must not talk to each other for ever', async () => {
    const outcomes: string[] = [];
    const { port, ask } = await started({ observer: { handled: (outcome) => outcomes.push(outcome) } });
    const response = await askUdp(port, queryFor('orders.shop.mesh', 'A'));
    await askTcp(port, Buffer.concat([withLength(response), withLength(queryFor('orders.shop.mesh', 'A'))]));
    await ask('orders.shop.mesh', 'A');
    expect(outcomes).toEqual(['answered', 'ignored', 'answered', 'answered']);
  });

  it('is nothing from networks that are not allowed', async () => {
    const { ask } = await started({ allow: ['10.0.0.0/8'] });
    expect(await ask('orders.shop.mesh', 'A')).toMatchObject({ rcode: 5, answers: [], bytes: 12 });
  });

  it('without wanting recursion, are names of the mesh only', async () => {
    const { ask } = await started();
    expect(await ask('orders.shop.mesh', 'A', { flags: 0 })).toMatchObject({ rcode: 0 });
    expect(await ask('www.example.com', 'A', { flags: 0 })).toMatchObject({ rcode: 5 });
  });
});

describe('namespaces', () => {
  it('of the asker decide on short names and on what is visible', async () => {
    const { ask, set } = await started({ askerAt: () => ({ namespace: 'shop' }) });
    set(host('secret.mesh', ['240.241.0.5'], 'shop', ['shop']), host('hidden.mesh', ['240.241.0.6'], 'bank', ['bank']));
    expect((await ask('cart', 'A')).answers).toEqual(['cart 30 A 10.0.0.7']);
    expect((await ask('secret.mesh', 'A')).answers).toHaveLength(1);
    expect(await ask('hidden.mesh', 'A')).toMatchObject({ rcode: 3 });
  });
});

it('an address that is taken is said to be so', async () => {
  const { port } = await started();
  const { table } = testTable([]);
  const second = createDnsServer({ table, upstreams: [] });
  await expect(second.listen({ host: '127.0.0.1', port })).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  await second.close();
});
