/** Callers that ask for more than their share of the connections that all callers meet on. */
import { expect, it, vi } from 'vitest';
import { packet } from '../e2e/awesomerpc-peers.ts';
import { server, stage } from '../e2e/proxy-stage.ts';

const NEVER = 9;
const requests = (count: number): Buffer[] => Array.from({ length: count }, (_, id) => packet({ id, command: NEVER }));

const waiting = async () => {
  const upstream = await server('v1', (one, socket) => {
    if (one.command !== NEVER) socket.write(packet({ ...one, body: 'served' }));
  });
  const { connect, counter } = await stage({
    clusters: [{ name: 'a', ports: [upstream.port] }],
    limits: { maxInFlight: 70_000 },
  });
  return { connect, counter, upstream };
};

it('keeps room for others from a caller with more requests in flight than an upstream answers', async () => {
  const { connect, counter } = await waiting();
  const [greedy, modest] = [await connect(), await connect()];
  greedy.send(...requests(70_000));
  await vi.waitFor(async () => expect(await counter('request')).toBe(70_000));
  expect(await modest.call({ id: 1 })).toMatchObject({ id: 1, code: 0, body: 'served' });
  expect(await counter('requestActive')).toBeGreaterThan(4096);
});

it('gives the room of callers that have gone to those that come', async () => {
  const { connect, counter, upstream } = await waiting();
  const greedy = [await connect(), await connect(), await connect(), await connect(), await connect(), await connect()];
  for (const one of greedy) one.send(...requests(20_000));
  await vi.waitFor(async () => expect(await counter('request')).toBe(120_000));
  const before = upstream.received.length;
  for (const one of greedy) one.close();
  await vi.waitFor(async () => expect(await counter('cxActive')).toBe(0));
  const heir = await connect();
  heir.send(...requests(7000), packet({ id: 7001 }));
  expect(await heir.next()).toMatchObject({ id: 7001, code: 0, body: 'served' });
  expect(upstream.received.length).toBe(before + 7001);
});

it('in plain mode gives the connections and the queue of callers that have gone to those that come', async () => {
  const upstream = await server('v1', (one, socket) => {
    if (one.command !== NEVER) socket.write(packet({ ...one, body: 'served' }));
  });
  const more = { circuit_breakers: { thresholds: [{ max_connections: 2, max_pending_requests: 2 }] } };
  const { connect, counter, clusterCounter } = await stage({
    multiplexing: false,
    clusters: [{ name: 'a', ports: [upstream.port], more }],
  });
  const greedy = await connect();
  greedy.send(...requests(4));
  await vi.waitFor(() => expect(upstream.received).toHaveLength(2));
  expect((await (await connect()).call({ id: 1 })).code).toBe(1);
  greedy.close();
  await vi.waitFor(async () => expect(await counter('requestActive')).toBe(0));
  const heirs = await Promise.all(Array.from({ length: 2 }, connect));
  const replies = await Promise.all(heirs.map((heir, id) => heir.call({ id })));
  expect(replies).toEqual([0, 1].map((id) => expect.objectContaining({ id, code: 0, body: 'served' })));
  expect(await clusterCounter('a', 'cxActive')).toBeLessThanOrEqual(2);
});
