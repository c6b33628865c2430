/** Callers that ask faster than they read or are answered: what they are held back by, and what lets them go on. */
import type { Socket } from 'node:net';
import { expect, it, onTestFinished, vi } from 'vitest';
import { type Packet, packet } from '../e2e/awesomerpc-peers.ts';
import { server, stage } from '../e2e/proxy-stage.ts';

const MEBIBYTE = 1024 * 1024;

/** An upstream that answers when it is told to. */
async function holdingServer() {
  const asked: { readonly request: Packet; readonly socket: Socket }[] = [];
  const upstream = await server('v1', (request, socket) => void asked.push({ request, socket }));
  const answer = (count: number): void => {
    for (const { request, socket } of asked.splice(0, count)) socket.write(packet({ ...request, body: 'served' }));
  };
  return { upstream, asked, answer };
}

it('a caller that reads none of its replies is cut off where its upstream connection serves others too', async () => {
  const body = 'r'.repeat(MEBIBYTE);
  const upstream = await server('v1', (one, socket) => {
    if (one.command === 2) socket.write(packet({ ...one, body }));
    else socket.write(packet(one));
  });
  const { connect, counter } = await stage({
    clusters: [{ name: 'a', ports: [upstream.port] }],
    limits: { maxUnreadBytes: MEBIBYTE },
  });
  const [deaf, good] = [await connect(), await connect()];
  deaf.socket.pause();
  // More than the kernel takes on both sides, and the limit.
  deaf.send(...Array.from({ length: 20 }, (_, id) => packet({ id, command: 2 })));
  await vi.waitFor(async () => expect(await counter('cxUnreadOverflow')).toBe(1));
  await vi.waitFor(async () => expect(await counter('cxActive')).toBe(1));
  expect((await good.call({ id: 7 })).id).toBe(7);
});

it('a caller with as many requests in flight as it may have is read from again when half of them are answered', async () => {
  const { upstream, asked, answer } = await holdingServer();
  const { connect } = await stage({ clusters: [{ name: 'a', ports: [upstream.port] }], limits: { maxInFlight: 4 } });
  const [greedy, other] = [await connect(), await connect()];
  /** Whatever the proxy had read of the greedy caller before has reached the upstream, on the same connection. */
  const reached = async (): Promise<number> => {
    other.send(packet({ id: 1, command: 9 }));
    await vi.waitFor(() => expect(asked.at(-1)?.request.command).toBe(9));
    answerLast();
    await other.next();
    return upstream.received.filter(({ command }) => command !== 9).length;
  };
  const answerLast = (): void => {
    const last = asked.pop();
    last?.socket.write(packet(last.request));
  };
  greedy.send(...Array.from({ length: 11 }, (_, id) => packet({ id })));
  await vi.waitFor(() => expect(asked).toHaveLength(4));
  expect(await reached()).toBe(4);
  answer(1);
  await greedy.next();
  expect(await reached()).toBe(4);
  answer(1);
  await greedy.next();
  expect(await reached()).toBe(6);
  let replies = 2;
  while (replies < 11) {
    await vi.waitFor(() => expect(asked.length).toBeGreaterThan(0));
    answer(1);
    await greedy.next();
    replies++;
  }
  expect(upstream.received.filter(({ command }) => command !== 9).map(({ body }) => body)).toHaveLength(11);
});

it('a caller that is never without a request in flight is drained all the same, and loses none that was read', async () => {
  const upstream = await server('v1', (one, socket) => {
    const timer = setTimeout(() => socket.write(packet(one)), 10);
    onTestFinished(() => clearTimeout(timer));
  });
  const { connect, counter, proxy } = await stage({
    clusters: [{ name: 'a', ports: [upstream.port] }],
    limits: { drainMs: 1_000, lingerMs: 5_000, requestTimeoutMs: 30_000 },
    admin: '127.0.0.1:0',
  });
  const client = await connect();
  let [sent, answered] = [0, 0];
  const ask = (): void => client.send(packet({ id: sent++ }));
  client.socket.on('end', () => client.socket.end());
  const pump = async (): Promise<never> => {
    for (;;) {
      await client.next();
      answered++;
      if (client.socket.writable) ask();
    }
  };
  for (let count = 0; count < 8; count++) ask();
  void pump();
  await vi.waitFor(() => expect(answered).toBeGreaterThan(8));
  await fetch(`http://${proxy.admin}/drain`, { method: 'POST' });
  await vi.waitFor(() => expect(client.closed).toBe(true));
  expect(await counter('cxDestroyLocalWithActiveRq')).toBe(0);
  // What came last before the end may be read after it.
  await vi.waitFor(() => expect(answered).toBe(upstream.received.length));
});
