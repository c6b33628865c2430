/** A protocol that only a YAML file describes, with heartbeats and headers, through metaproxy. */
import { describe, expect, it, vi } from 'vitest';
import { encodeFrame, Flag, keyValueClient, keyValueServer, kvHeaderProtocol } from './kv-header-peers.ts';
import { server, stage } from './proxy-stage.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const both = [
  ['plain', false],
  ['multiplexed', true],
] as const;

const mutating = [
  {
    name: 'r',
    route: { cluster: 'a' },
    request_mutation: [
      { key: 'tenant', value: 'blue' },
      { key: 'added', value: 'x'.repeat(300) },
    ],
    response_mutation: [{ key: 'served-by', value: 'metaproxy' }],
  },
];
/** A section of headers has room for these, and for no more of 300 bytes. */
const tooLarge = { big: 'b'.repeat(65_400) };

describe.each(both)('%s mode', (_name, multiplexing) => {
  const protocol = kvHeaderProtocol(multiplexing);

  it('answers a heartbeat of the caller itself, and forwards none', async () => {
    const upstream = await keyValueServer();
    const { port, counter } = await stage({ protocol, clusters: [{ name: 'a', ports: [upstream.port] }] });
    const { socket, replies } = await keyValueClient(port);
    socket.write(Buffer.concat([encodeFrame({ flags: Flag.heartbeat, id: 9 }), encodeFrame({ id: 10, body: 'hi' })]));
    await vi.waitFor(() => expect(replies).toHaveLength(2));
    expect(replies).toContainEqual({ flags: Flag.heartbeat | Flag.response, id: 9, code: 0, headers: {}, body: '' });
    expect(upstream.received.map(({ body }) => body)).toEqual(['hi']);
    expect(await counter('requestEvent')).toBe(1);
  });

  it('answers a heartbeat of the upstream itself, glued to a reply or not, and shows the caller none', async () => {
    const upstream = await keyValueServer((frame, socket) => {
      if ((frame.flags & Flag.heartbeat) !== 0) return;
      const heartbeat = encodeFrame({ flags: Flag.heartbeat, id: 77 });
      socket.write(Buffer.concat([heartbeat, encodeFrame({ ...frame, flags: Flag.response }), heartbeat]));
    });
    const { port, clusterCounter } = await stage({ protocol, clusters: [{ name: 'a', ports: [upstream.port] }] });
    const { socket, replies } = await keyValueClient(port);
    socket.write(encodeFrame({ id: 1 }));
    await vi.waitFor(() => expect(upstream.received).toHaveLength(3));
    const answers = upstream.received.slice(1);
    expect(answers.map(({ flags, id }) => [flags, id])).toEqual([
      [Flag.heartbeat | Flag.response, 77],
      [Flag.heartbeat | Flag.response, 77],
    ]);
    expect(replies.map(({ id }) => id)).toEqual([1]);
    expect(await clusterCounter('a', 'heartbeats')).toBe(2);
  });

  it('changes requests and replies as the route says', async () => {
    const upstream = await keyValueServer();
    const clusters = [{ name: 'a', ports: [upstream.port] }];
    const { port } = await stage({ protocol, clusters, routes: mutating });
    const { socket, replies } = await keyValueClient(port);
    socket.write(encodeFrame({ id: 3, headers: { tenant: 'red', kept: 'k' }, body: 'body' }));
    await vi.waitFor(() => expect(replies).toHaveLength(1));
    expect(upstream.received[0]).toMatchObject({ headers: { tenant: 'blue', kept: 'k', added: 'x'.repeat(300) } });
    expect(replies[0]).toMatchObject({ id: 3, headers: { tenant: 'blue', 'served-by': 'metaproxy' }, body: 'body' });
  });

  it('answers an error when a request cannot be changed, and goes on with the connection', async () => {
    const upstream = await keyValueServer();
    const clusters = [{ name: 'a', ports: [upstream.port] }];
    const { port, counter } = await stage({ protocol, clusters, routes: mutating });
    const { socket, replies } = await keyValueClient(port);
    socket.write(Buffer.concat([encodeFrame({ id: 4, headers: tooLarge }), encodeFrame({ id: 5 })]));
    await vi.waitFor(() => expect(replies).toHaveLength(2));
    expect(replies).toContainEqual(expect.objectContaining({ id: 4, code: 4, body: 'the request cannot be changed' }));
    expect(replies).toContainEqual(expect.objectContaining({ id: 5, code: 0 }));
    expect(upstream.received).toHaveLength(1);
    expect(await counter('requestDecodingError')).toBe(0);
  });

  it('answers an error when a reply cannot be changed, and goes on with both connections', async () => {
    const upstream = await keyValueServer((frame, socket) => {
      const headers = frame.body === 'big' ? { big: 'b'.repeat(65_508) } : {};
      socket.write(encodeFrame({ flags: Flag.response, id: frame.id, headers }));
    });
    const clusters = [{ name: 'a', ports: [upstream.port] }];
    const { port, counter } = await stage({ protocol, clusters, routes: mutating });
    const { socket, replies } = await keyValueClient(port);
    socket.write(encodeFrame({ id: 4, body: 'big' }));
    await vi.waitFor(() => expect(replies).toHaveLength(1));
    socket.write(encodeFrame({ id: 5 }));
    await vi.waitFor(() => expect(replies).toHaveLength(2));
    expect(replies.map(({ id, code }) => [id, code])).toEqual([
      [4, 4],
      [5, 0],
    ]);
    expect(upstream.sockets).toHaveLength(1);
    expect(await counter('requestActive')).toBe(0);
  });

  it('gives a request an x-request-id of its own, unless it has one', async () => {
    const upstream = await keyValueServer();
    const { port } = await stage({ protocol, clusters: [{ name: 'a', ports: [upstream.port] }] });
    const { socket, replies } = await keyValueClient(port);
    const own = { 'x-request-id': 'mine' };
    socket.write(Buffer.concat([encodeFrame({ id: 1 }), encodeFrame({ id: 2 }), encodeFrame({ id: 3, headers: own })]));
    await vi.waitFor(() => expect(replies).toHaveLength(3));
    const ids = upstream.received.map(({ headers }) => headers['x-request-id']);
    expect(new Set(ids).size).toBe(3);
    expect(ids.filter((id) => id !== 'mine')).toEqual([expect.stringMatching(UUID), expect.stringMatching(UUID)]);
  });

  it('forwards a request unchanged when there is no room for an x-request-id', async () => {
    const upstream = await keyValueServer();
    const { port } = await stage({ protocol, clusters: [{ name: 'a', ports: [upstream.port] }] });
    const { socket, replies } = await keyValueClient(port);
    const headers = { big: 'b'.repeat(65_508) };
    socket.write(encodeFrame({ id: 1, headers }));
    await vi.waitFor(() => expect(replies).toHaveLength(1));
    expect(upstream.received[0]?.headers).toEqual(headers);
    expect(replies[0]).toMatchObject({ id: 1, code: 0 });
  });
});

it('survives a oneway request to an upstream that is down, and counts it as lost', async () => {
  const down = await server('down');
  await down.close();
  const upstream = await keyValueServer();
  const { port, counter, clusterCounter } = await stage({
    protocol: kvHeaderProtocol(true),
    clusters: [
      { name: 'down', ports: [down.port] },
      { name: 'a', ports: [upstream.port] },
    ],
    routes: [
      { match: { metadata: [{ name: 'to', exact_match: 'down' }] }, route: { cluster: 'down' } },
      { route: { cluster: 'a' } },
    ],
  });
  const { socket, replies } = await keyValueClient(port);
  const oneway = { flags: Flag.oneway, id: 1 };
  socket.write(Buffer.concat([encodeFrame({ ...oneway, headers: { to: 'down' } }), encodeFrame({ id: 2 })]));
  await vi.waitFor(() => expect(replies.map(({ id }) => id)).toEqual([2]));
  socket.write(Buffer.concat([encodeFrame(oneway), encodeFrame({ id: 3 })]));
  await vi.waitFor(() => expect(replies.map(({ id }) => id)).toEqual([2, 3]));
  expect(upstream.received).toHaveLength(3);
  expect(await clusterCounter('down', 'rqOnewayLost')).toBe(1);
  expect(await counter('requestActive')).toBe(0);
});
