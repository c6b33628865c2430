/** Peers that misbehave: what metaproxy says, what it keeps, and that nobody else suffers. */
import { once } from 'node:events';
import { connect as connectSocket } from 'node:net';
import { describe, expect, it, vi } from 'vitest';
import { packet, TestClient } from '../e2e/awesomerpc-peers.ts';
import { server, stage } from '../e2e/proxy-stage.ts';

const header = (length: number): Buffer => {
  const bytes = packet({ id: 1 });
  bytes.writeUInt32BE(length, 5);
  return bytes;
};

describe('callers', () => {
  it('closes a connection whose bytes are no frames, counts it, and leaves the others alone', async () => {
    const upstream = await server('v1');
    const { connect, counter } = await stage({ clusters: [{ name: 'a', ports: [upstream.port] }] });
    const [bad, good] = [await connect(), await connect()];
    bad.send(header(3));
    await vi.waitFor(() => expect(bad.closed || bad.socket.readableEnded).toBe(true));
    expect((await good.call({ id: 1, body: 'x' })).body).toBe('v1:x');
    expect(await counter('requestDecodingError')).toBe(1);
  });

  it('closes a connection that announces a giant frame, without making room for it', async () => {
    const upstream = await server('v1');
    const { connect } = await stage({ clusters: [{ name: 'a', ports: [upstream.port] }] });
    const before = process.memoryUsage().arrayBuffers;
    const client = await connect();
    client.send(header(0xffffffff));
    await vi.waitFor(() => expect(client.closed || client.socket.readableEnded).toBe(true));
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8 * 1024 * 1024);
  });

  it('makes room for a large frame only as it arrives', async () => {
    const upstream = await server('v1');
    const { connect, counter } = await stage({ clusters: [{ name: 'a', ports: [upstream.port] }] });
    const before = process.memoryUsage().arrayBuffers;
    for (let count = 0; count < 20; count++) (await connect()).send(header(16 * 1024 * 1024));
    await vi.waitFor(async () => expect(await counter('rxBytes')).toBe(20 * 13));
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8 * 1024 * 1024);
  });

  it('serves a caller that sends a byte at a time', async () => {
    const upstream = await server('v1');
    const { connect } = await stage({ clusters: [{ name: 'a', ports: [upstream.port] }] });
    const client = await connect();
    for (const byte of packet({ id: 9, body: 'slow' })) {
      client.send(Buffer.of(byte));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect((await client.next()).body).toBe('v1:slow');
  });

  it.each([
    ['plain', false],
    ['multiplexed', true],
  ])('bounds what a caller that never reads makes it hold, in %s mode', async (_name, multiplexing) => {
    const reply = packet({ id: 0, body: 'r'.repeat(100_000) });
    const upstream = await server('v1', (one, socket) => {
      const answer = Buffer.from(reply);
      answer.writeUInt32BE(one.id, 1);
      socket.write(answer);
    });
    const { connect, port, counter } = await stage({
      multiplexing,
      clusters: [{ name: 'a', ports: [upstream.port] }],
      limits: { maxUnreadBytes: 4 * 1024 * 1024, maxInFlight: 64 },
    });
    const deaf = connectSocket({ port, host: '127.0.0.1' });
    await once(deaf, 'connect');
    deaf.on('error', () => {});
    deaf.pause();
    for (let id = 0; id < 20_000; id++) deaf.write(packet({ id }));
    await vi.waitFor(async () => expect(await counter('txBytes')).toBeGreaterThan(1_000_000));
    const good = await connect();
    for (let id = 0; id < 50; id++) expect((await good.call({ id })).id).toBe(id);
    // The kernel's buffers, one read's worth of requests in flight, and the limit.
    expect(await counter('txBytes')).toBeLessThan(800 * 1024 * 1024);
    expect(upstream.received.length).toBeLessThan(10_000);
    deaf.destroy();
  });

  it('stops reading a caller that does not read the errors it is answered', async () => {
    const { port, counter } = await stage({ clusters: [{ name: 'a', ports: [] }] });
    const deaf = connectSocket({ port, host: '127.0.0.1' });
    await once(deaf, 'connect');
    deaf.on('error', () => {});
    deaf.pause();
    const requests = Buffer.concat(Array.from({ length: 80_000 }, (_, id) => packet({ id })));
    const sent = 40;
    for (let count = 0; count < sent; count++) deaf.write(requests);
    let before = 0;
    await vi.waitFor(
      async () => {
        const now = await counter('rxBytes');
        const still = now === before && now > 1_000_000;
        before = now;
        expect(still).toBe(true);
      },
      { interval: 100 },
    );
    expect(before).toBeLessThan((sent * requests.length) / 2);
    deaf.destroy();
    await vi.waitFor(async () => expect(await counter('cxActive')).toBe(0));
  });

  it('takes a thousand connects at once, and lets go of them', async () => {
    const upstream = await server('v1');
    const { port, counter } = await stage({ clusters: [{ name: 'a', ports: [upstream.port] }] });
    const clients = await Promise.all(Array.from({ length: 1000 }, () => TestClient.connect(port)));
    const replies = await Promise.all(clients.map((client, id) => client.call({ id, body: 'x' })));
    expect(replies.every(({ code, body }) => code === 0 && body === 'v1:x')).toBe(true);
    expect(await counter('cxActive')).toBe(1000);
    for (const client of clients) client.close();
    await vi.waitFor(async () => expect(await counter('cxActive')).toBe(0));
  });

  it('does not accept more connections than it may', async () => {
    const upstream = await server('v1');
    const { connect, counter } = await stage({
      clusters: [{ name: 'a', ports: [upstream.port] }],
      limits: { maxConnections: 2 },
    });
    const [first] = [await connect(), await connect()];
    const third = await connect();
    await vi.waitFor(() => expect(third.closed || third.socket.readableEnded).toBe(true));
    expect((await first?.call({ id: 1 }))?.id).toBe(1);
    expect(await counter('cxOverflow')).toBe(1);
  });

  it('ends a connection that has been idle for the time of the listener', async () => {
    const upstream = await server('v1');
    const { connect, counter } = await stage({
      clusters: [{ name: 'a', ports: [upstream.port] }],
      more: { idle_timeout: '1s' },
      limits: { requestTimeoutMs: 1_000 },
    });
    const client = await connect();
    await client.call({ id: 1 });
    await vi.waitFor(() => expect(client.socket.readableEnded).toBe(true));
    expect(await counter('idleTimeout')).toBe(1);
  });
});

describe.each([
  ['plain', false],
  ['multiplexed', true],
])('upstreams in %s mode', (_name, multiplexing) => {
  it('answers pending requests with an error when an upstream dies', async () => {
    const upstream = await server('v1', (one, socket) => void (one.body === 'die' && socket.destroy()));
    const { connect } = await stage({ multiplexing, clusters: [{ name: 'a', ports: [upstream.port] }] });
    const client = await connect();
    client.send(packet({ id: 1, body: 'die' }));
    expect(await client.next()).toMatchObject({ id: 1, code: 1 });
  });

  it('answers with an error when an upstream closes in the middle of a reply', async () => {
    const upstream = await server('v1', (one, socket) =>
      socket.end(packet({ id: one.id, body: 'a long reply' }).subarray(0, 20)),
    );
    const { connect } = await stage({ multiplexing, clusters: [{ name: 'a', ports: [upstream.port] }] });
    const client = await connect();
    expect(await client.call({ id: 1 })).toMatchObject({ id: 1, code: 1 });
  });

  it('answers with an error when an upstream sends no frame, and connects anew for the next request', async () => {
    let garbled = false;
    const upstream = await server('v1', (one, socket) => {
      socket.write(garbled ? packet(one) : header(2));
      garbled = true;
    });
    const { connect, clusterCounter } = await stage({
      multiplexing,
      clusters: [{ name: 'a', ports: [upstream.port] }],
    });
    const client = await connect();
    expect(await client.call({ id: 1 })).toMatchObject({ id: 1, code: 1 });
    expect(await client.call({ id: 2 })).toMatchObject({ id: 2, code: 0 });
    expect(await clusterCounter('a', 'decodingErrors')).toBe(1);
  });

  it('answers with an error when an upstream does not answer in time', async () => {
    const upstream = await server('v1', (one, socket) => void (one.body === 'answer' && socket.write(packet(one))));
    const { connect, clusterCounter } = await stage({
      multiplexing,
      clusters: [{ name: 'a', ports: [upstream.port] }],
      limits: { requestTimeoutMs: 1_000 },
    });
    const client = await connect();
    expect(await client.call({ id: 1, body: 'never' })).toMatchObject({ id: 1, code: 1 });
    expect(await client.call({ id: 2, body: 'answer' })).toMatchObject({ id: 2, code: 0 });
    expect(await clusterCounter('a', 'rqTimeout')).toBe(1);
  });

  it('drops an answer that comes twice, and keeps answering the right requests', async () => {
    const upstream = await server('v1', (one, socket) => {
      if (one.body === 'twice') socket.write(Buffer.concat([packet(one), packet(one)]));
      else socket.write(packet({ ...one, body: `v1:${one.body}` }));
    });
    const { connect } = await stage({ multiplexing, clusters: [{ name: 'a', ports: [upstream.port] }] });
    const client = await connect();
    for (let id = 0; id < 10; id += 2) {
      expect(await client.call({ id, body: 'twice' })).toMatchObject({ id, body: 'twice' });
      expect(await client.call({ id: id + 1, body: 'once' })).toMatchObject({ id: id + 1, body: 'v1:once' });
    }
  });

  it('drops an answer that comes too late, and keeps answering the right requests', async () => {
    let late: (() => void) | undefined;
    const upstream = await server('v1', (one, socket) => {
      if (one.body === 'late') late = () => socket.write(packet({ ...one, body: 'too late' }));
      else socket.write(packet({ ...one, body: 'in time' }));
    });
    const { connect, counter } = await stage({
      multiplexing,
      clusters: [{ name: 'a', ports: [upstream.port] }],
      limits: { requestTimeoutMs: 1_000 },
    });
    const client = await connect();
    expect(await client.call({ id: 1, body: 'late' })).toMatchObject({ id: 1, code: 1 });
    late?.();
    for (let id = 1; id < 5; id++) expect(await client.call({ id })).toMatchObject({ id, code: 0, body: 'in time' });
    expect(await counter('requestActive')).toBe(0);
  });

  it('drops answers to callers that have gone, and keeps answering those that are there', async () => {
    const held: (() => void)[] = [];
    const upstream = await server('v1', (one, socket) => void held.push(() => socket.write(packet(one))));
    const { connect, counter } = await stage({ multiplexing, clusters: [{ name: 'a', ports: [upstream.port] }] });
    const [leaving, staying] = [await connect(), await connect()];
    leaving.send(packet({ id: 1, body: 'leaving' }));
    staying.send(packet({ id: 1, body: 'staying' }));
    await vi.waitFor(() => expect(held).toHaveLength(2));
    leaving.close();
    await vi.waitFor(async () => expect(await counter('cxActive')).toBe(1));
    for (const answer of held.splice(0)) answer();
    expect((await staying.next()).body).toBe('staying');
    staying.send(packet({ id: 2, body: 'next' }));
    await vi.waitFor(() => expect(held).toHaveLength(1));
    held[0]?.();
    expect(await staying.next()).toMatchObject({ id: 2, body: 'next' });
    expect(await counter('requestActive')).toBe(0);
  });
});

it('stops reading a caller whose upstream does not read', async () => {
  const upstream = await server('v1', () => {});
  const { port, counter } = await stage({ clusters: [{ name: 'a', ports: [upstream.port] }] });
  const pusher = connectSocket({ port, host: '127.0.0.1' });
  await once(pusher, 'connect');
  pusher.on('error', () => {});
  pusher.write(packet({ id: 0 }));
  await vi.waitFor(() => expect(upstream.received).toHaveLength(1));
  for (const socket of upstream.sockets) socket.pause();
  const request = packet({ id: 1, body: 'b'.repeat(1_000_000) });
  for (let count = 0; count < 200; count++) pusher.write(request);
  let before = 0;
  await vi.waitFor(
    async () => {
      const now = await counter('rxBytes');
      const still = now === before && now > 1_000_000;
      before = now;
      expect(still).toBe(true);
    },
    { interval: 100 },
  );
  expect(before).toBeLessThan(50_000_000);
  for (const socket of upstream.sockets) socket.resume();
  await vi.waitFor(() => expect(upstream.received).toHaveLength(201));
  pusher.destroy();
});

it('in multiplexed mode drops an answer under an id that nobody asked with', async () => {
  const upstream = await server('v1', (one, socket) => {
    const strangers = [0, 0xffff, 0x7fffffff, 0xffffffff].map((id) => packet({ id, body: 'stranger' }));
    socket.write(Buffer.concat([...strangers, packet({ ...one, body: 'mine' })]));
  });
  const { connect, clusterCounter } = await stage({ clusters: [{ name: 'a', ports: [upstream.port] }] });
  const client = await connect();
  for (let id = 0; id < 3; id++) expect(await client.call({ id })).toMatchObject({ id, code: 0, body: 'mine' });
  expect(await clusterCounter('a', 'lateReplies')).toBe(12);
  expect(upstream.sockets.size).toBe(1);
});

it('in plain mode answers BadResponse when an upstream answers under another id', async () => {
  const upstream = await server('v1', (one, socket) => void socket.write(packet({ ...one, id: one.id + 1 })));
  const { connect } = await stage({ multiplexing: false, clusters: [{ name: 'a', ports: [upstream.port] }] });
  const client = await connect();
  expect(await client.call({ id: 1 })).toMatchObject({ id: 1, code: 1 });
  await vi.waitFor(() => expect(upstream.sockets.size).toBe(0));
});
