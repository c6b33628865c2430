/** What metaproxy does with requests and replies, over real sockets. */
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { type Packet, packet } from './awesomerpc-peers.ts';
import { server, stage } from './proxy-stage.ts';

const both = [
  ['plain', false],
  ['multiplexed', true],
] as const;

describe.each(both)('%s mode', (_name, multiplexing) => {
  it('answers a request with what the upstream said, under the id that the caller used', async () => {
    const upstream = await server('v1');
    const { connect } = await stage({ multiplexing, clusters: [{ name: 'a', ports: [upstream.port] }] });
    const client = await connect();
    expect(await client.call({ id: 0xfffffffe, command: 12, body: 'hello' })).toEqual({
      id: 0xfffffffe,
      command: 12,
      code: 0,
      body: 'v1:hello',
    });
  });

  it('answers all requests of one write, whatever pieces the bytes come in', async () => {
    const upstream = await server('v1');
    const { connect } = await stage({ multiplexing, clusters: [{ name: 'a', ports: [upstream.port] }] });
    const client = await connect();
    const requests = Buffer.concat(Array.from({ length: 50 }, (_, id) => packet({ id, body: 'x'.repeat(id) })));
    for (let at = 0; at < requests.length; at += 97) {
      client.send(requests.subarray(at, at + 97));
      if (at % 3 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    const ids: number[] = [];
    for (let count = 0; count < 50; count++) ids.push((await client.next()).id);
    expect(ids.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, id) => id));
  });

  it('carries frames larger than a read', async () => {
    const upstream = await server('v1');
    const { connect } = await stage({ multiplexing, clusters: [{ name: 'a', ports: [upstream.port] }] });
    const client = await connect();
    const body = 'y'.repeat(3_000_000);
    expect((await client.call({ id: 1, body })).body).toBe(`v1:${body}`);
  });

  it('delivers replies that were requested before the caller closed its side', async () => {
    const waiting: (() => void)[] = [];
    const upstream = await server('v1', (one, socket) => void waiting.push(() => socket.write(packet(one))));
    const { connect } = await stage({ multiplexing, clusters: [{ name: 'a', ports: [upstream.port] }] });
    const client = await connect();
    client.send(packet({ id: 5 }));
    client.socket.end();
    await vi.waitFor(() => expect(waiting).toHaveLength(1));
    waiting[0]?.();
    expect((await client.next()).id).toBe(5);
    await vi.waitFor(() => expect(client.socket.readableEnded).toBe(true));
  });

  it('answers with an error when no route matches, the cluster is unknown, or it has no host', async () => {
    const { connect, counter } = await stage({
      multiplexing,
      clusters: [{ name: 'empty', ports: [] }],
      routes: [
        { match: { metadata: [{ name: 'cmd', exact_match: '1' }] }, route: { cluster: 'missing' } },
        { match: { metadata: [{ name: 'cmd', exact_match: '2' }] }, route: { cluster: 'empty' } },
      ],
    });
    const client = await connect();
    expect(await client.call({ id: 1, command: 1 })).toMatchObject({ id: 1, code: 1 });
    expect(await client.call({ id: 2, command: 2 })).toMatchObject({ id: 2, code: 1 });
    expect(await client.call({ id: 3, command: 3 })).toMatchObject({ id: 3, code: 1 });
    expect(await counter('localResponseBusinessException')).toBe(3);
  });

  it('fails over to another host when one cannot be connected to', async () => {
    const upstream = await server('alive');
    const gone = await server('gone');
    await gone.close();
    const { connect } = await stage({ multiplexing, clusters: [{ name: 'a', ports: [gone.port, upstream.port] }] });
    const client = await connect();
    for (let id = 0; id < 6; id++) expect((await client.call({ id, body: 'x' })).body).toBe('alive:x');
  });
});

it('in multiplexed mode shares upstream connections between callers, equal ids and all', async () => {
  const held: (() => void)[] = [];
  const upstream = await server('v1', (one, socket) => void held.push(() => socket.write(packet(one))));
  const { connect } = await stage({ multiplexing: true, clusters: [{ name: 'a', ports: [upstream.port] }] });
  const clients = await Promise.all(Array.from({ length: 5 }, connect));
  for (const [index, client] of clients.entries())
    client.send(packet({ id: 7, body: `first ${index}` }), packet({ id: 7, body: `second ${index}` }));
  await vi.waitFor(() => expect(held).toHaveLength(10));
  for (const answer of held.toReversed()) answer();
  for (const [index, client] of clients.entries()) {
    const replies: Packet[] = [await client.next(), await client.next()];
    expect(replies.map(({ id }) => id)).toEqual([7, 7]);
    expect(replies.map(({ body }) => body).toSorted()).toEqual([`first ${index}`, `second ${index}`]);
  }
  expect(upstream.sockets.size).toBe(1);
});

it('in plain mode gives each request in flight an upstream connection of its own, and reuses them', async () => {
  const held: (() => void)[] = [];
  const upstream = await server('v1', (one, socket) => void held.push(() => socket.write(packet(one))));
  const { connect } = await stage({ multiplexing: false, clusters: [{ name: 'a', ports: [upstream.port] }] });
  const client = await connect();
  for (let round = 0; round < 3; round++) {
    client.send(packet({ id: 1 }), packet({ id: 2 }), packet({ id: 3 }));
    await vi.waitFor(() => expect(held).toHaveLength(3));
    expect(upstream.sockets.size).toBe(3);
    for (const answer of held.splice(0).toReversed()) answer();
    for (let reply = 0; reply < 3; reply++) await client.next();
  }
});

it('in plain mode queues requests beyond the connections of the cluster, and refuses those beyond the queue', async () => {
  const held: (() => void)[] = [];
  const upstream = await server('v1', (one, socket) => void held.push(() => socket.write(packet(one))));
  const more = { circuit_breakers: { thresholds: [{ max_connections: 1, max_pending_requests: 1 }] } };
  const { connect } = await stage({ multiplexing: false, clusters: [{ name: 'a', ports: [upstream.port], more }] });
  const client = await connect();
  client.send(packet({ id: 1 }), packet({ id: 2 }), packet({ id: 3 }));
  expect(await client.next()).toMatchObject({ id: 3, code: 1 });
  await vi.waitFor(() => expect(held).toHaveLength(1));
  held.shift()?.();
  expect(await client.next()).toMatchObject({ id: 1, code: 0 });
  await vi.waitFor(() => expect(held).toHaveLength(1));
  held.shift()?.();
  expect(await client.next()).toMatchObject({ id: 2, code: 0 });
  expect(upstream.sockets.size).toBe(1);
});

describe('routing', () => {
  it('chooses by a property of the request, in every form of matcher', async () => {
    const [one, two] = [await server('one'), await server('two')];
    const to = (matcher: Record<string, unknown>): unknown => ({
      match: { metadata: [{ name: 'CMD', ...matcher }] },
      route: { cluster: 'two' },
    });
    const { connect } = await stage({
      clusters: [
        { name: 'one', ports: [one.port] },
        { name: 'two', ports: [two.port] },
      ],
      routes: [
        to({ exact_match: '10' }),
        to({ prefix_match: '20' }),
        to({ suffix_match: '77' }),
        to({ contains_match: '55' }),
        to({ safe_regex_match: { google_re2: {}, regex: '3[0-9]' } }),
        to({ range_match: { start: 40, end: 50 } }),
        to({ string_match: { exact: '60' } }),
        { route: { cluster: 'one' } },
      ],
    });
    const client = await connect();
    const answers: Record<number, string> = {};
    for (const command of [10, 200, 177, 1551, 35, 351, 40, 50, 60, 61])
      answers[command] = (await client.call({ id: 1, command })).body;
    expect(answers).toEqual({
      10: 'two:',
      200: 'two:',
      177: 'two:',
      1551: 'two:',
      35: 'two:',
      351: 'one:',
      40: 'two:',
      50: 'one:',
      60: 'two:',
      61: 'one:',
    });
  });

  it('splits by weight', async () => {
    const [one, two] = [await server('one'), await server('two')];
    const clusters = [
      { name: 'one', weight: 90 },
      { name: 'two', weight: 10 },
    ];
    const { connect } = await stage({
      clusters: [
        { name: 'one', ports: [one.port] },
        { name: 'two', ports: [two.port] },
      ],
      routes: [{ route: { weighted_clusters: { clusters } } }],
    });
    const client = await connect();
    for (let id = 0; id < 2000; id++) client.send(packet({ id }));
    for (let id = 0; id < 2000; id++) await client.next();
    // Ten standard deviations of a binomial of 2000 at 10 %.
    expect(two.received.length).toBeGreaterThan(66);
    expect(two.received.length).toBeLessThan(334);
    expect(one.received.length + two.received.length).toBe(2000);
  });

  it('sends requests of one property value to one host, whichever caller they come from', async () => {
    const hosts = await Promise.all(['a', 'b', 'c', 'd'].map((name) => server(name)));
    const { connect } = await stage({
      clusters: [{ name: 'ring', ports: hosts.map(({ port }) => port), more: { lb_policy: 'RING_HASH' } }],
      routes: [{ route: { cluster: 'ring', hash_policy: ['Cmd'] } }],
    });
    const clients = await Promise.all(Array.from({ length: 3 }, connect));
    const used = new Set<string>();
    for (let command = 0; command < 20; command++) {
      const bodies = new Set<string>();
      for (const client of clients) bodies.add((await client.call({ id: 1, command })).body);
      expect(bodies.size).toBe(1);
      for (const body of bodies) used.add(body);
    }
    expect(used.size).toBeGreaterThan(1);
  });

  it('mirrors requests without waiting for what the mirror says', async () => {
    const main = await server('main');
    const mirror = await server('mirror', () => {});
    const { connect, counter } = await stage({
      clusters: [
        { name: 'main', ports: [main.port] },
        { name: 'mirror', ports: [mirror.port] },
      ],
      routes: [{ route: { cluster: 'main', request_mirror_policies: [{ cluster: 'mirror' }] } }],
    });
    const client = await connect();
    for (let id = 0; id < 5; id++) expect((await client.call({ id, body: 'x' })).body).toBe('main:x');
    await vi.waitFor(() => expect(mirror.received.map(({ body }) => body)).toEqual(['x', 'x', 'x', 'x', 'x']));
    expect(await counter('mirrored')).toBe(5);
  });

  it('loses no request when a mirror is down', async () => {
    const main = await server('main');
    const down = await server('down');
    await down.close();
    const { connect } = await stage({
      clusters: [
        { name: 'main', ports: [main.port] },
        { name: 'down', ports: [down.port] },
      ],
      routes: [{ route: { cluster: 'main', request_mirror_policies: [{ cluster: 'down' }] } }],
    });
    const client = await connect();
    for (let id = 0; id < 20; id++) expect((await client.call({ id, body: 'x' })).code).toBe(0);
  });
});

describe('local rate limit', () => {
  const limit = (config: Record<string, unknown>): Record<string, unknown> => ({
    meta_protocol_filters: [
      {
        name: 'aeraki.meta_protocol.filters.local_ratelimit',
        config: {
          '@type': 'type.googleapis.com/aeraki.meta_protocol_proxy.filters.local_ratelimit.v1alpha.LocalRateLimit',
          stat_prefix: 'limit',
          ...config,
        },
      },
      { name: 'aeraki.meta_protocol.filters.router' },
    ],
  });
  const bucket = (max: number): unknown => ({ max_tokens: max, tokens_per_fill: max, fill_interval: '3600s' });

  it('admits what the bucket holds, from all callers together, and refuses the rest', async () => {
    const upstream = await server('v1');
    const { connect, counter } = await stage({
      clusters: [{ name: 'a', ports: [upstream.port] }],
      more: limit({ token_bucket: bucket(3) }),
    });
    const codes: number[] = [];
    for (const client of [await connect(), await connect()])
      for (let id = 0; id < 4; id++) codes.push((await client.call({ id })).code);
    expect(codes).toEqual([0, 0, 0, 1, 1, 1, 1, 1]);
    expect(await counter('rateLimited')).toBe(5);
    expect(upstream.received).toHaveLength(3);
  });

  it('is one bucket for all workers', async () => {
    const upstream = await server('v1');
    const { connect, counter } = await stage({
      clusters: [{ name: 'a', ports: [upstream.port] }],
      more: limit({ token_bucket: bucket(10) }),
      concurrency: 2,
    });
    const clients = await Promise.all(Array.from({ length: 16 }, connect));
    const replies = await Promise.all(clients.map((client, id) => client.call({ id })));
    expect(replies.filter(({ code }) => code === 0)).toHaveLength(10);
    expect(upstream.received).toHaveLength(10);
    expect(await counter('rateLimited')).toBe(6);
  });

  it('uses the bucket of the first condition that holds, and no other', async () => {
    const upstream = await server('v1');
    const condition = { match: { metadata: [{ name: 'cmd', exact_match: '2' }] }, token_bucket: bucket(1) };
    const { connect } = await stage({
      clusters: [{ name: 'a', ports: [upstream.port] }],
      more: limit({ token_bucket: bucket(2), conditions: [condition] }),
    });
    const client = await connect();
    const codes: number[] = [];
    for (const command of [2, 2, 1, 1, 1]) codes.push((await client.call({ id: 1, command })).code);
    expect(codes).toEqual([0, 1, 0, 0, 1]);
  });

  it('fills its bucket also after the wall clock was set back', async () => {
    const realNow = Date.now;
    let setBackMs = 0;
    const clock = vi.spyOn(Date, 'now').mockImplementation(() => realNow() - setBackMs);
    onTestFinished(() => clock.mockRestore());
    const upstream = await server('v1');
    const { connect } = await stage({
      clusters: [{ name: 'a', ports: [upstream.port] }],
      more: limit({ token_bucket: { max_tokens: 1, tokens_per_fill: 1, fill_interval: '0.05s' } }),
    });
    const client = await connect();
    expect((await client.call({ id: 1 })).code).toBe(0);
    setBackMs = 3_600_000;
    // By hand, since `waitFor` itself may live by that clock.
    let code = 1;
    for (let attempt = 0; attempt < 200 && code !== 0; attempt++) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      ({ code } = await client.call({ id: 2 }));
    }
    expect(code).toBe(0);
  });
});

it('stops without losing a request in flight', async () => {
  const upstream = await server('v1', (one, socket) => void setTimeout(() => socket.write(packet(one)), 50));
  const { connect, proxy } = await stage({ clusters: [{ name: 'a', ports: [upstream.port] }] });
  const client = await connect();
  client.send(...Array.from({ length: 20 }, (_, id) => packet({ id })));
  await vi.waitFor(() => expect(upstream.received).toHaveLength(20));
  const stopped = proxy.stop();
  for (let id = 0; id < 20; id++) expect((await client.next()).id).toBe(id);
  await vi.waitFor(() => expect(client.socket.readableEnded).toBe(true));
  client.socket.end();
  await stopped;
});
