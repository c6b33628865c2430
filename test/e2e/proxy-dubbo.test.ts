/** Dubbo 2 through metaproxy: calls of all callers on shared connections, told apart by 64-bit ids. */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { describe, expect, it, vi } from 'vitest';
import { dubboFrame } from '../../codecs/dubbo/dubbo-frames.ts';
import {
  answerUsually,
  call,
  type DubboFrame,
  type DubboServer,
  dubboClient,
  dubboServer,
  Flag,
  heartbeat,
  readOnlyNotice,
  result,
  textOf,
} from './dubbo-peers.ts';
import { type StageOptions, server, stage } from './proxy-stage.ts';

const protocol = { name: 'dubbo', codec: { name: 'aeraki.meta_protocol.codec.dubbo' } };

function dubboStage(servers: readonly DubboServer[], more: Omit<StageOptions, 'clusters'> = {}) {
  const clusters = servers.map(({ port }, index) => ({ name: `c${index}`, ports: [port] }));
  return stage({ protocol, ...more, clusters });
}

const to = (cluster: string, ...metadata: readonly object[]) => ({ match: { metadata }, route: { cluster } });
const exactly = (name: string, value: string) => ({ name, exact_match: value });

it('routes call by call on one connection: by interface, method, version, group and any other attachment', async () => {
  const names = ['default', 'interface', 'method', 'version', 'group', 'tag'];
  const servers = await Promise.all(names.map((name) => dubboServer(name)));
  const routes = [
    to('c1', exactly('interface', 'org.example.Other')),
    to('c2', exactly('method', 'list')),
    to('c3', { name: 'version', prefix_match: '2.' }),
    to('c4', exactly('group', 'blue')),
    to('c5', exactly('Tag', 'canary')),
    { route: { cluster: 'c0' } },
  ];
  const { port } = await dubboStage(servers, { routes });
  const { socket, replies } = await dubboClient(port);
  const calls = [
    {},
    { interface: 'org.example.Other' },
    { method: 'list' },
    { version: '2.1.0' },
    { attachments: { path: 'p', group: 'blue' }, argument: 'é\u{1F980}'.repeat(500) },
    { attachments: { tag: 'canary' } },
  ];
  socket.write(Buffer.concat(calls.map((options, index) => call(BigInt(index), options))));
  await vi.waitFor(() => expect(replies).toHaveLength(names.length));
  expect(new Map(replies.map((reply) => [Number(reply.id), textOf(reply)]))).toEqual(new Map(names.entries()));
});

it('puts the calls of all callers on one connection, and brings each its reply under its own 64-bit id', async () => {
  const held: { frame: DubboFrame; socket: Socket }[] = [];
  const upstream = await dubboServer('held', (frame, socket) => void held.push({ frame, socket }));
  const { port } = await dubboStage([upstream]);
  const callers = await Promise.all(Array.from({ length: 3 }, () => dubboClient(port)));
  const ids = [0n, 1n, 0xffff_ffff_ffff_ffffn, 0x8000_0000_0000_0001n];
  for (const [index, { socket }] of callers.entries())
    socket.write(Buffer.concat(ids.map((id) => call(id, { argument: `${index}/${id}` }))));
  await vi.waitFor(() => expect(held).toHaveLength(12));
  for (const { frame, socket } of held.toReversed()) {
    const argument = frame.body.toString('latin1').match(/[0-2]\/\d+/)?.[0] ?? '';
    socket.write(result(frame.id, argument));
  }
  for (const [index, { replies }] of callers.entries()) {
    await vi.waitFor(() => expect(replies).toHaveLength(4));
    expect(new Map(replies.map((reply) => [reply.id, textOf(reply)]))).toEqual(
      new Map(ids.map((id) => [id, `${index}/${id}`])),
    );
  }
  expect(upstream.sockets).toHaveLength(1);
});

it('forwards calls and results as they are but for the id, where no route asks for a change', async () => {
  const upstream = await dubboServer('a', ({ id }, socket) => void socket.write(result(id, 'a')));
  const { port } = await dubboStage([upstream]);
  const { socket, replies } = await dubboClient(port);
  const other = dubboFrame({ flags: 0xc0 | 23, id: 8n, body: Buffer.from('any bytes of fastjson2') });
  socket.write(Buffer.concat([call(7n), other]));
  await vi.waitFor(() => expect(replies).toHaveLength(2));
  expect(upstream.received.map(({ body }) => body)).toEqual([call(7n).subarray(16), other.subarray(16)]);
  expect(replies.map(({ body }) => body)).toEqual([result(7n, 'a').subarray(16), result(8n, 'a').subarray(16)]);
});

it('forwards calls without a reply, and waits for none', async () => {
  const upstream = await dubboServer('a');
  const { port, counter } = await dubboStage([upstream]);
  const { socket, replies } = await dubboClient(port);
  socket.write(Buffer.concat([call(1n, { flags: Flag.oneway }), call(2n)]));
  await vi.waitFor(() => expect(replies.map(({ id }) => id)).toEqual([2n]));
  expect(upstream.received.map(({ flags }) => flags)).toEqual([Flag.oneway, Flag.call]);
  expect(await counter('requestActive')).toBe(0);
});

describe('attachments', () => {
  const mutating = [
    {
      route: { cluster: 'c0' },
      request_mutation: [{ key: 'tag', value: 'canary' }],
      response_mutation: [{ key: 'served-by', value: 'metaproxy' }],
    },
  ];

  it('are changed in calls and results as the route says, and an x-request-id comes with it', async () => {
    const upstream = await dubboServer('a');
    const { port } = await dubboStage([upstream], { routes: mutating });
    const { socket, replies } = await dubboClient(port);
    socket.write(call(1n, { attachments: { tag: 'stable', 'x-request-id': 'mine' } }));
    await vi.waitFor(() => expect(replies).toHaveLength(1));
    const expected = call(1n, { attachments: { tag: 'canary', 'x-request-id': 'mine' } });
    expect(upstream.received[0]?.body).toEqual(expected.subarray(16));
    expect(replies[0]?.body).toEqual(result(1n, 'a', { 'served-by': 'metaproxy' }).subarray(16));
    socket.write(call(2n));
    await vi.waitFor(() => expect(replies).toHaveLength(2));
    expect(upstream.received[1]?.body.toString('latin1')).toMatch(/x-request-id0?.[0-9a-f]{8}-/);
  });

  it('are left alone in errors and in other serializations, which have no place for them', async () => {
    const failed = dubboFrame({ flags: Flag.response, status: 70, id: 0n, body: Buffer.from([0x02, 0x6e, 0x6f]) });
    const upstream = await dubboServer('a', ({ flags, id }, socket) => {
      const reply = Buffer.from(failed);
      reply[2] = flags & 0x1f;
      reply.writeBigUInt64BE(id, 4);
      socket.write(reply);
    });
    const { port } = await dubboStage([upstream], { routes: mutating });
    const { socket, replies } = await dubboClient(port);
    socket.write(Buffer.concat([call(1n), dubboFrame({ flags: 0xd7, id: 2n, body: Buffer.from('json') })]));
    await vi.waitFor(() => expect(replies).toHaveLength(2));
    expect(replies.map(({ status, body }) => [status, body])).toEqual([
      [70, failed.subarray(16)],
      [70, failed.subarray(16)],
    ]);
    expect(upstream.received.map(({ body }) => body.toString('latin1'))).toContain('json');
  });
});

describe('errors', () => {
  const statusOf = async (port: number, options = {}): Promise<readonly [number, string]> => {
    const { socket, replies } = await dubboClient(port);
    socket.write(call(0xfedc_ba98_7654_3210n, options));
    await vi.waitFor(() => expect(replies).toHaveLength(1));
    const [reply] = replies;
    expect([reply?.flags, reply?.id]).toEqual([Flag.response, 0xfedc_ba98_7654_3210n]);
    return reply === undefined ? [0, ''] : [reply.status, textOf(reply)];
  };

  it('are SERVICE_NOT_FOUND where no route takes the call, also one whose body cannot be read', async () => {
    const { port } = await dubboStage([await dubboServer('a')], { routes: [to('c0', exactly('tag', 't'))] });
    expect(await statusOf(port)).toEqual([60, 'no route matches the request']);
    const { socket, replies } = await dubboClient(port);
    const broken = dubboFrame({ flags: Flag.call, id: 1n, body: Buffer.from('05322e', 'hex') });
    socket.write(Buffer.concat([broken, call(2n, { attachments: { tag: 't' } })]));
    await vi.waitFor(() => expect(replies).toHaveLength(2));
    expect(replies.map(({ id, status }) => [id, status])).toEqual(
      expect.arrayContaining([
        [1n, 60],
        [2n, 20],
      ]),
    );
  });

  it('are SERVER_ERROR where there is no cluster, no host, or the host dies', async () => {
    const dying = await dubboServer('dying', (_frame, socket) => void socket.destroy());
    const down = await server('down');
    await down.close();
    const { port } = await stage({
      protocol,
      clusters: [
        { name: 'dying', ports: [dying.port] },
        { name: 'empty', ports: [] },
        { name: 'down', ports: [down.port] },
      ],
      routes: ['dying', 'empty', 'down', 'nowhere'].map((name) => to(name, exactly('method', name))),
      limits: { connectRetryMs: 50 },
    });
    expect(await statusOf(port, { method: 'dying' })).toEqual([80, 'remote connection failure']);
    expect(await statusOf(port, { method: 'empty' })).toEqual([80, 'no healthy upstream']);
    expect(await statusOf(port, { method: 'down' })).toEqual([80, 'remote connection failure']);
    expect(await statusOf(port, { method: 'nowhere' })).toEqual([80, 'cluster nowhere is not known']);
  });

  it('are SERVER_TIMEOUT where the server takes too long, whose late result goes to nobody', async () => {
    const held: { frame: DubboFrame; socket: Socket }[] = [];
    const upstream = await dubboServer('slow', (frame, socket) => void held.push({ frame, socket }));
    const { port, clusterCounter } = await dubboStage([upstream], { limits: { requestTimeoutMs: 80 } });
    expect(await statusOf(port)).toEqual([31, 'upstream request timeout']);
    for (const { frame, socket } of held) if (!socket.destroyed) socket.write(result(frame.id, 'late'));
    await vi.waitFor(async () => expect(await clusterCounter('c0', 'rqTimeout')).toBe(1));
  });

  it('are BAD_RESPONSE where the server sends what is no frame', async () => {
    const { port } = await dubboStage([
      await dubboServer('odd', (_frame, socket) => void socket.write('HTTP/1.1 400')),
    ]);
    expect(await statusOf(port)).toEqual([50, 'upstream sent an undecodable response']);
  });

  it('are SERVER_THREADPOOL_EXHAUSTED_ERROR over a limit', async () => {
    const type = 'type.googleapis.com/aeraki.meta_protocol_proxy.filters.local_ratelimit.v1alpha.LocalRateLimit';
    const bucket = { max_tokens: 1, tokens_per_fill: 1, fill_interval: '3600s' };
    const filters = [
      { name: 'limit', config: { '@type': type, stat_prefix: 'limit', token_bucket: bucket } },
      { name: 'aeraki.meta_protocol.filters.router' },
    ];
    const { port } = await dubboStage([await dubboServer('a')], { more: { meta_protocol_filters: filters } });
    expect(await statusOf(port)).toEqual([20, 'a']);
    expect(await statusOf(port)).toEqual([100, 'over the rate limit']);
  });

  it('of the server come as they are, and count as such', async () => {
    const upstream = await dubboServer('a', ({ id }, socket) => {
      socket.write(dubboFrame({ flags: Flag.response, status: 100, id, body: Buffer.from('0466756c6c', 'hex') }));
    });
    const { port, counter } = await dubboStage([upstream]);
    expect(await statusOf(port)).toEqual([100, 'full']);
    expect(await counter('responseError')).toBe(1);
  });
});

describe('heartbeats', () => {
  it('of a caller are answered by the proxy, and not forwarded', async () => {
    const upstream = await dubboServer('a');
    const { port } = await dubboStage([upstream]);
    const { socket, replies } = await dubboClient(port);
    socket.write(Buffer.concat([heartbeat(9n), call(10n)]));
    await vi.waitFor(() => expect(replies).toHaveLength(2));
    expect(replies).toContainEqual({ flags: Flag.heartbeatAnswer, status: 20, id: 9n, body: Buffer.from([0x4e]) });
    expect(upstream.received.map(({ flags }) => flags)).toEqual([Flag.call]);
  });

  it('of a server are answered, glued to a result or not, and no caller sees them', async () => {
    const upstream = await dubboServer('a', (frame, socket) => {
      if (frame.flags === Flag.call)
        socket.write(Buffer.concat([heartbeat(77n), result(frame.id, 'a'), heartbeat(78n)]));
    });
    const { port } = await dubboStage([upstream]);
    const { socket, replies } = await dubboClient(port);
    socket.write(call(1n));
    await vi.waitFor(() => expect(upstream.received).toHaveLength(3));
    expect(upstream.received.slice(1).map(({ flags, status, id }) => [flags, status, id])).toEqual([
      [Flag.heartbeatAnswer, 20, 77n],
      [Flag.heartbeatAnswer, 20, 78n],
    ]);
    expect(replies.map(({ id }) => id)).toEqual([1n]);
  });

  it('are sent to a server that is silent, which keeps its connection as long as it answers', async () => {
    const upstream = await dubboServer('a');
    const { port } = await dubboStage([upstream], { limits: { heartbeatMs: 60, requestTimeoutMs: 1_000 } });
    const { socket, replies } = await dubboClient(port);
    socket.write(call(1n));
    await vi.waitFor(() => expect(upstream.received.length).toBeGreaterThan(5));
    expect(new Set(upstream.received.slice(1).map(({ flags }) => flags))).toEqual(new Set([Flag.heartbeat]));
    socket.write(call(2n));
    await vi.waitFor(() => expect(replies.map(({ id }) => id)).toEqual([1n, 2n]));
    expect(upstream.sockets).toHaveLength(1);
  });

  it('that are not answered end the connection, and the next call goes over another', async () => {
    const upstream = await dubboServer('a', (frame, socket) => {
      if (frame.flags === Flag.call) answerUsually('a', frame, socket);
    });
    const { port } = await dubboStage([upstream], { limits: { heartbeatMs: 60, requestTimeoutMs: 80 } });
    const { socket, replies } = await dubboClient(port);
    socket.write(call(1n));
    await vi.waitFor(() => expect(upstream.sockets).toHaveLength(1));
    const [first] = upstream.sockets;
    if (first !== undefined) await once(first, 'close');
    socket.write(call(2n));
    await vi.waitFor(() => expect(replies.map(({ id }) => id)).toEqual([1n, 2n]));
    expect(upstream.sockets).toHaveLength(2);
  });
});

describe('a read-only notice', () => {
  it('of a server lets its calls finish, and sends the next ones to others', async () => {
    const held: { frame: DubboFrame; socket: Socket }[] = [];
    const leaving = await dubboServer('leaving', (frame, socket) => void held.push({ frame, socket }));
    const staying = await dubboServer('staying');
    const clusters = [{ name: 'c', ports: [leaving.port, staying.port] }];
    const { port } = await stage({ protocol, clusters });
    const { socket, replies } = await dubboClient(port);
    for (let id = 1n; held.length === 0; id++) {
      const answered = replies.length;
      socket.write(call(id));
      await vi.waitFor(() => expect(held.length > 0 || replies.length > answered).toBe(true));
    }
    const [kept] = held;
    kept?.socket.write(readOnlyNotice);
    const before = replies.length;
    await vi.waitFor(async () => {
      socket.write(call(1000n));
      await vi.waitFor(() => expect(replies.length).toBeGreaterThan(before));
    });
    const more = replies.length;
    socket.write(Buffer.concat(Array.from({ length: 10 }, (_, index) => call(2000n + BigInt(index)))));
    await vi.waitFor(() => expect(replies.length).toBe(more + 10));
    expect(held.length).toBeLessThanOrEqual(2);
    for (const { frame, socket: upstream } of held) upstream.write(result(frame.id, 'leaving'));
    await vi.waitFor(() => expect(replies.filter((reply) => textOf(reply) === 'leaving')).toHaveLength(held.length));
    if (kept?.socket.closed === false) await once(kept.socket, 'close');
    expect(leaving.sockets).toHaveLength(1);
  });

  it('of a caller is taken, and neither answered nor forwarded', async () => {
    const upstream = await dubboServer('a');
    const { port } = await dubboStage([upstream]);
    const { socket, replies } = await dubboClient(port);
    socket.write(Buffer.concat([readOnlyNotice, call(1n)]));
    await vi.waitFor(() => expect(replies.map(({ id }) => id)).toEqual([1n]));
    expect(upstream.received.map(({ flags }) => flags)).toEqual([Flag.call]);
  });
});

it('tells a server that calls back that it has nobody to call', async () => {
  const upstream = await dubboServer('a', (frame, socket) => {
    if (frame.flags === Flag.call) socket.write(Buffer.concat([call(5n), result(frame.id, 'a')]));
  });
  const { port } = await dubboStage([upstream]);
  const { socket, replies } = await dubboClient(port);
  socket.write(call(1n));
  await vi.waitFor(() => expect(upstream.received).toHaveLength(2));
  expect(upstream.received[1]).toMatchObject({ flags: Flag.response, status: 60, id: 5n });
  expect(replies.map(({ id }) => id)).toEqual([1n]);
});
