/** A protocol that only a YAML file describes, with heartbeats and headers, through metaproxy. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import type { MissedMutation } from '../../src/proxy/connections/missed-mutations.ts';
import { temporaryFolder } from './isthmus-process.ts';
import { encodeFrame, Flag, keyValueClient, keyValueServer, kvHeaderProtocol } from './kv-header-peers.ts';
import { fileAccessLog } from './proxy-bootstraps.ts';
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

const byBig = (one: Readonly<Record<string, string>>, other: typeof one): number =>
  (one.big?.length ?? 0) - (other.big?.length ?? 0);

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

  it('changes a request as the route says though it has no room for an x-request-id beside', async () => {
    const upstream = await keyValueServer();
    const routes = [{ route: { cluster: 'a' }, request_mutation: [{ key: 'tenant', value: 'blue' }] }];
    const { port } = await stage({ protocol, clusters: [{ name: 'a', ports: [upstream.port] }], routes });
    const { socket, replies } = await keyValueClient(port);
    const headers = { big: 'b'.repeat(65_480) };
    socket.write(encodeFrame({ id: 1, headers }));
    await vi.waitFor(() => expect(replies).toHaveLength(1));
    expect(upstream.received[0]?.headers).toEqual({ ...headers, tenant: 'blue' });
  });

  it('mirrors a request as it is sent, with the same x-request-id', async () => {
    const [upstream, copied] = [await keyValueServer(), await keyValueServer()];
    const clusters = [
      { name: 'a', ports: [upstream.port] },
      { name: 'b', ports: [copied.port] },
    ];
    const mirror = { cluster: 'b', runtime_fraction: { default_value: { numerator: 100 } } };
    const routes = [{ route: { cluster: 'a', request_mirror_policies: [mirror] } }];
    const { port } = await stage({ protocol, clusters, routes });
    const { socket } = await keyValueClient(port);
    const full = { big: 'b'.repeat(65_508) };
    socket.write(Buffer.concat([encodeFrame({ id: 1 }), encodeFrame({ id: 2, headers: full })]));
    await vi.waitFor(() => expect([upstream.received.length, copied.received.length]).toEqual([2, 2]));
    const headersOf = ({ received }: typeof upstream) => received.map(({ headers }) => headers).toSorted(byBig);
    expect(headersOf(copied)).toEqual(headersOf(upstream));
    expect(headersOf(copied)).toEqual([{ 'x-request-id': expect.stringMatching(UUID) }, full]);
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

it("logs the x-request-id that a request was sent with, its own or the caller's", async () => {
  const upstream = await keyValueServer();
  const file = path.join(await temporaryFolder(), 'access.log');
  const json_format = {
    request_id: '%REQ(X-REQUEST-ID)%',
    tenant: '%REQ(tenant)%',
    found: '%REQ(nothing?X-Request-Id)%',
  };
  const { port } = await stage({
    protocol: kvHeaderProtocol(true),
    clusters: [{ name: 'a', ports: [upstream.port] }],
    routes: [{ route: { cluster: 'a' }, request_mutation: [{ key: 'tenant', value: 'blue' }] }],
    more: { access_log: [fileAccessLog(file, json_format)] },
  });
  const { socket } = await keyValueClient(port);
  const own = { 'x-request-id': 'mine', tenant: 'red' };
  socket.write(Buffer.concat([encodeFrame({ id: 1 }), encodeFrame({ id: 2, headers: own })]));
  const lines = await vi.waitFor(async () => {
    const text = (await readFile(file, 'utf8')).trim().split('\n');
    expect(text).toHaveLength(2);
    return text.map((line): unknown => JSON.parse(line));
  });
  const sent = upstream.received.map(({ headers }) => headers['x-request-id']);
  expect(sent).toEqual([expect.stringMatching(UUID), 'mine']);
  expect(lines).toEqual([
    { request_id: sent[0], tenant: null, found: sent[0] },
    { request_id: 'mine', tenant: 'red', found: 'mine' },
  ]);
});

it('tells once for each route and reason of changes that cannot be made, by names alone, and counts them all', async () => {
  const upstream = await keyValueServer((frame, socket) => {
    const headers = { big: 'b'.repeat(frame.body === 'big' ? 65_508 : 0) };
    socket.write(encodeFrame({ flags: Flag.response, id: frame.id, headers }));
  });
  const told: MissedMutation[] = [];
  const { port, counter } = await stage({
    protocol: kvHeaderProtocol(true),
    clusters: [{ name: 'a', ports: [upstream.port] }],
    routes: mutating,
    observer: { mutationMissed: (missed) => void told.push(missed) },
  });
  const { socket, replies } = await keyValueClient(port);
  for (let id = 0; id < 3; id++)
    socket.write(Buffer.concat([encodeFrame({ id, headers: tooLarge }), encodeFrame({ id: id + 10, body: 'big' })]));
  await vi.waitFor(() => expect(replies).toHaveLength(6));
  const where = { listener: 'test', protocol: 'kv-header', route: 'r', forwarded: false };
  const reason = expect.stringMatching(/^The value 65\d\d\d does not fit into u16\.$/);
  await expect
    .poll(() => told.toSorted((one, other) => one.side.localeCompare(other.side)))
    .toEqual([
      { ...where, side: 'request', fields: ['tenant', 'added'], reason },
      { ...where, side: 'response', fields: ['served-by'], reason },
    ]);
  expect(await counter('requestMutationRefused')).toBe(3);
  expect(await counter('responseMutationRefused')).toBe(3);
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
