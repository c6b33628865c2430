/**
 * Plain mode, where requests of many callers use a connection one after the other: answers that come twice, late, or to
 * requests that should get none never reach the next caller. Callers all ask under the same id.
 */
import type { Socket } from 'node:net';
import { describe, expect, it, vi } from 'vitest';
import { awesomerpc } from '../../codecs/awesomerpc/awesomerpc.ts';
import { type Codec, FrameKind } from '../../codecs/codec.ts';
import { registerCodec } from '../../codecs/registry.ts';
import { type Packet, packet } from '../e2e/awesomerpc-peers.ts';
import { server, stage } from '../e2e/proxy-stage.ts';

const ONEWAY = 7;
const COMMAND_AT = 9;

/** awesomerpc with oneway requests; without `ids` replies are told apart by nothing. */
function variant(name: string, ids: boolean): Codec {
  const codec: Codec = {
    ...awesomerpc,
    name,
    capabilities: { ...awesomerpc.capabilities, correlation: ids ? 'id' : 'order' },
    decoder: (direction, limits) => {
      const inner = awesomerpc.decoder(direction, limits);
      return {
        decode: (bytes, start, end, frame) => {
          if (!inner.decode(bytes, start, end, frame)) return false;
          frame.rewritable = ids;
          if (direction === 'request' && bytes.readInt16BE(start + COMMAND_AT) === ONEWAY)
            frame.kind = FrameKind.oneway;
          return true;
        },
      };
    },
  };
  registerCodec(codec);
  return codec;
}

async function pooled(codec: Codec, answer: (one: Packet, socket: Socket) => void, maxConnections = 1) {
  const upstream = await server('v1', answer);
  const more = { circuit_breakers: { thresholds: [{ max_connections: maxConnections }] } };
  const staged = await stage({
    protocol: { name: 'variant', codec: { name: codec.name }, multiplexing: false },
    clusters: [{ name: 'a', ports: [upstream.port], more }],
  });
  return { ...staged, upstream };
}

describe.each([
  ['with ids', variant('test.codec.ids', true)],
  ['without ids', variant('test.codec.no-ids', false)],
])('a protocol %s', (_name, codec) => {
  it('gives the second of two answers that come at once to nobody', async () => {
    let release: (() => void) | undefined;
    const { connect, counter } = await pooled(codec, (one, socket) => {
      const twice = Buffer.concat(['secret of A', 'again'].map((body) => packet({ ...one, body })));
      if (one.body === 'A') release = () => socket.write(twice);
      else socket.write(packet({ ...one, body: 'right' }));
    });
    const [a, b] = [await connect(), await connect()];
    a.send(packet({ id: 1, body: 'A' }));
    await vi.waitFor(() => expect(release).toBeDefined());
    b.send(packet({ id: 1, body: 'B' }));
    await vi.waitFor(async () => expect(await counter('request')).toBe(2));
    release?.();
    expect(await a.next()).toMatchObject({ id: 1, body: 'secret of A' });
    expect(await b.next()).toMatchObject({ id: 1, body: 'right' });
  });

  it('gives an answer that is cut in the middle of its double to nobody', async () => {
    const { connect } = await pooled(codec, (one, socket) => {
      const answer = packet({ ...one, body: 'secret of A' });
      if (one.body !== 'A') socket.write(packet({ ...one, body: 'right' }));
      else {
        socket.write(Buffer.concat([answer, answer.subarray(0, 15)]));
        setTimeout(() => socket.write(answer.subarray(15)), 30);
      }
    });
    const [a, b] = [await connect(), await connect()];
    expect(await a.call({ id: 1, body: 'A' })).toMatchObject({ id: 1, body: 'secret of A' });
    expect(await b.call({ id: 1, body: 'B' })).toMatchObject({ id: 1, code: 0, body: 'right' });
  });

  it('gives an answer to a request that should get none to nobody', async () => {
    let late: (() => void) | undefined;
    const { connect, upstream } = await pooled(
      codec,
      (one, socket) => {
        if (one.command === ONEWAY) late = () => socket.write(packet({ ...one, body: 'answer to the oneway of A' }));
        else {
          late?.();
          setTimeout(() => socket.write(packet({ ...one, body: 'right' })), 30);
        }
      },
      2,
    );
    const [a, b] = [await connect(), await connect()];
    a.send(packet({ id: 1, command: ONEWAY, body: 'A' }));
    await vi.waitFor(() => expect(late).toBeDefined());
    expect(await b.call({ id: 1, body: 'B' })).toMatchObject({ id: 1, code: 0, body: 'right' });
    expect(await b.call({ id: 1, body: 'B' })).toMatchObject({ id: 1, code: 0, body: 'right' });
    expect(upstream.received.map(({ body }) => body)).toEqual(['A', 'B', 'B']);
  });

  it('carries requests with and without reply in turn, on one connection at a time', async () => {
    const { connect, upstream, clusterCounter } = await pooled(codec, (one, socket) => {
      if (one.command !== ONEWAY) socket.write(packet(one));
    });
    const client = await connect();
    for (let round = 0; round < 5; round++) {
      client.send(packet({ id: 1, command: ONEWAY, body: `oneway ${round}` }));
      await vi.waitFor(() => expect(upstream.received.at(-1)?.body).toBe(`oneway ${round}`));
      expect(await client.call({ id: 1, body: `call ${round}` })).toMatchObject({ code: 0, body: `call ${round}` });
    }
    expect(upstream.received).toHaveLength(10);
    expect(await clusterCounter('a', 'cxActive')).toBeLessThanOrEqual(1);
  });
});

it('gives a second answer that comes during the next request to nobody, where there are ids', async () => {
  let again: (() => void) | undefined;
  const { connect, upstream, clusterCounter } = await pooled(variant('test.codec.late', true), (one, socket) => {
    again?.();
    again = () => socket.write(packet({ ...one, body: `again: ${one.body}` }));
    setTimeout(() => socket.write(packet({ ...one, body: `re: ${one.body}` })), 10);
  });
  const [a, b] = [await connect(), await connect()];
  for (let round = 0; round < 3; round++) {
    expect(await a.call({ id: 1, body: 'A' })).toMatchObject({ id: 1, body: 're: A' });
    expect(await b.call({ id: 1, body: 'B' })).toMatchObject({ id: 1, body: 're: B' });
  }
  expect(upstream.sockets.size).toBe(1);
  expect(await clusterCounter('a', 'lateReplies')).toBe(5);
});
