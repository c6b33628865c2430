import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { askTcp, host, queryFor, readResponse, testTable } from './dns-fixture.ts';
import { MessageStream, withLength } from './message-stream.ts';
import { createDnsServer, type DnsLimits } from './server.ts';

const names = [
  host('orders.shop.mesh', ['240.241.0.1']),
  host(
    'crowd.shop.mesh',
    Array.from({ length: 4000 }, (_, at) => `10.1.${at >> 8}.${at & 255}`),
  ),
];
const query = withLength(queryFor('orders.shop.mesh', 'A'));

async function started(limits: Partial<DnsLimits> = {}, handled: () => void = () => {}): Promise<number> {
  const server = createDnsServer({ table: testTable(names).table, upstreams: [], limits, observer: { handled } });
  onTestFinished(() => server.close());
  return (await server.listen({ host: '127.0.0.1', port: 0 })).port;
}

async function connected(port: number): Promise<Socket> {
  const socket = createConnection({ host: '127.0.0.1', port });
  socket.on('error', () => {});
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  return socket;
}

/** By an error or without one. */
async function untilClosed(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once('close', () => resolve()));
}

describe('a connection', () => {
  it('is for who may ask', async () => {
    const server = createDnsServer({ table: testTable(names).table, upstreams: [], allow: ['10.0.0.0/8'] });
    onTestFinished(() => server.close());
    const { port } = await server.listen({ host: '127.0.0.1', port: 0 });
    await untilClosed((await connected(port)).resume());
  });

  it('carries many queries at once, each of which is answered', async () => {
    const ids = Array.from({ length: 500 }, (_, id) => id);
    const queries = Buffer.concat(ids.map((id) => withLength(queryFor('orders.shop.mesh', 'A', { id }))));
    const responses = (await askTcp(await started(), queries, ids.length)).map(readResponse);
    expect(responses.map(({ id }) => id).toSorted((a, b) => a - b)).toEqual(ids);
    for (const { answers } of responses) expect(answers).toHaveLength(1);
  });

  it('may split a query anywhere, its length too', async () => {
    const socket = await connected(await started());
    for (const byte of query) {
      socket.write(Buffer.from([byte]));
      await new Promise((resolve) => setImmediate(resolve));
    }
    const [chunk]: unknown[] = await once(socket, 'data');
    const [response] = Buffer.isBuffer(chunk) ? (new MessageStream(65_535).push(chunk) ?? []) : [];
    expect(readResponse(response ?? Buffer.alloc(0)).answers).toEqual(['orders.shop.mesh 30 A 240.241.0.1']);
  });

  it('is closed when no whole query comes in time, though bytes do', async () => {
    const port = await started({ idleMs: 1_000 });
    const [idle, slow] = [await connected(port), await connected(port)];
    const drip = setInterval(() => slow.write(Buffer.from([0])), 20);
    onTestFinished(() => clearInterval(drip));
    slow.write(Buffer.from([15]));
    await Promise.all([idle, slow].map((socket) => untilClosed(socket.resume())));
    expect((await askTcp(port, query)).length).toBe(1);
  });

  it('is closed when it announces a query that nobody needs', async () => {
    const socket = await connected(await started());
    socket.write(Buffer.from([0xff, 0xff]));
    await untilClosed(socket.resume());
  });

  it('that does not read its answers is not read either, and is closed', async () => {
    let handled = 0;
    const port = await started({ idleMs: 400, unreadBytes: 100_000 }, () => handled++);
    const socket = await connected(port);
    socket.pause();
    const asked = 2000;
    const large = withLength(queryFor('crowd.shop.mesh', 'A'));
    for (let count = 0; count < asked; count++) socket.write(large);
    // What is sent to a connection that is closed is an error.
    const drip = setInterval(() => socket.write(large), 20);
    onTestFinished(() => clearInterval(drip));
    await untilClosed(socket);
    expect(handled).toBeGreaterThan(0);
    // Each answer takes 64 KB: what was handled fills the buffers of two kernels and ours, and no more.
    expect(handled).toBeLessThan(asked / 4);
  });

  it('that has been silent the longest makes room for a new one', async () => {
    const port = await started({ connections: 2 });
    const [first, second] = [await connected(port), await connected(port)];
    first.write(query);
    await once(first, 'data');
    const third = await connected(port);
    await untilClosed(second.resume());
    for (const socket of [first, third]) {
      socket.write(query);
      await once(socket, 'data');
    }
  });
});

it('bytes that are no queries end a connection at most', async () => {
  const port = await started();
  for (let seed = 1; seed < 40; seed++) {
    const socket = await connected(port);
    const noise = Buffer.from(Array.from({ length: 300 }, (_, at) => (at * at * seed * 31 + (at >> 3)) & 255));
    socket.resume().end(Buffer.concat([Buffer.from([0, seed]), noise]));
    await untilClosed(socket);
  }
  expect(await askTcp(port, query)).toHaveLength(1);
});

it('an answer by TCP is whole as far as a message can be', async () => {
  const port = await started();
  const [packet] = await askTcp(port, withLength(queryFor('crowd.shop.mesh', 'A', { udpBytes: 1232 })));
  const response = readResponse(packet ?? Buffer.alloc(0));
  expect(response.answers).toHaveLength(4000);
  expect(response.flags).not.toContain('truncated');
});
