/** Thrift through metaproxy: a protocol whose ids cannot be trusted and whose upstream connections are not shared. */
import { once } from 'node:events';
import { connect as connectSocket, createServer, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { MissedMutation } from '../../src/proxy/connections/missed-mutations.ts';
import type { MetaproxyObserver } from '../../src/proxy/metaproxy-observer.ts';
import { stage } from './proxy-stage.ts';

const Type = { call: 1, reply: 2, exception: 3, oneway: 4 } as const;

interface Message {
  readonly type: number;
  readonly name: string;
  readonly sequence: number;
}

/** Framed, strict binary, an empty struct. */
function frame({ type, name, sequence }: Message): Buffer {
  const bytes = Buffer.alloc(4 + 4 + 4 + name.length + 4 + 1);
  bytes.writeUInt32BE(bytes.length - 4, 0);
  bytes.writeUInt32BE((0x80010000 | type) >>> 0, 4);
  bytes.writeUInt32BE(name.length, 8);
  bytes.write(name, 12);
  bytes.writeInt32BE(sequence, 12 + name.length);
  return bytes;
}

/** Framed compact, an empty struct; the sequence id below 128. */
function compactFrame({ type, name, sequence }: Message): Buffer {
  const body = [0x82, (type << 5) | 1, sequence, name.length, ...Buffer.from(name), 0];
  return Buffer.from([0, 0, 0, body.length, ...body]);
}

function read(bytes: Buffer): Message {
  if (bytes[4] === 0x82) {
    const length = bytes[7] ?? 0;
    return { type: (bytes[5] ?? 0) >> 5, sequence: bytes[6] ?? 0, name: bytes.toString('utf8', 8, 8 + length) };
  }
  const length = bytes.readUInt32BE(8);
  return {
    type: bytes.readUInt32BE(4) & 0xff,
    name: bytes.toString('utf8', 12, 12 + length),
    sequence: bytes.readInt32BE(12 + length),
  };
}

function onFrames(socket: Socket, onFrame: (message: Message, bytes: Buffer) => void): void {
  let rest: Buffer = Buffer.alloc(0);
  socket.on('error', () => {});
  socket.on('data', (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= 4 && rest.length >= 4 + rest.readUInt32BE(0)) {
      const end = 4 + rest.readUInt32BE(0);
      onFrame(read(rest.subarray(0, end)), rest.subarray(0, end));
      rest = rest.subarray(end);
    }
  });
}

interface Peer {
  readonly received: Message[];
  readonly sockets: Socket[];
}

/** A proxy in front of a Thrift server that answers as `answer` says. */
async function thriftStage(
  answer: (message: Message, socket: Socket) => void,
  multiplexing = true,
  { mutation = {}, observer = {} }: { readonly mutation?: object; readonly observer?: Partial<MetaproxyObserver> } = {},
) {
  const peer: Peer = { received: [], sockets: [] };
  const server = createServer((socket) => {
    peer.sockets.push(socket);
    onFrames(socket, (message) => {
      peer.received.push(message);
      answer(message, socket);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of peer.sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  const staged = await stage({
    protocol: { name: 'thrift', codec: { name: 'aeraki.meta_protocol.codec.thrift' }, multiplexing },
    clusters: [{ name: 'a', ports: [typeof address === 'object' && address !== null ? address.port : 0] }],
    routes: [
      { match: { metadata: [{ name: 'method', prefix_match: 'lost' }] }, route: { cluster: 'nowhere' } },
      { route: { cluster: 'a' }, ...mutation },
    ],
    observer,
  });
  return { ...staged, peer };
}

async function caller(port: number): Promise<{ socket: Socket; replies: Message[] }> {
  const socket = connectSocket({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  onTestFinished(() => void socket.destroy());
  const replies: Message[] = [];
  onFrames(socket, (message) => void replies.push(message));
  return { socket, replies };
}

const call = (name: string, sequence: number): Message => ({ type: Type.call, name, sequence });
const reply = ({ name, sequence }: Message): Buffer => frame({ type: Type.reply, name, sequence });

describe.each([
  ['plain', false],
  ['multiplexed', true],
])('%s mode', (_name, multiplexing) => {
  it('forwards a oneway request and does not wait for an answer', async () => {
    const { port, peer } = await thriftStage(
      (message, socket) => void (message.type === Type.call && socket.write(reply(message))),
      multiplexing,
    );
    const { socket, replies } = await caller(port);
    socket.write(Buffer.concat([frame({ type: Type.oneway, name: 'notify', sequence: 1 }), frame(call('ping', 2))]));
    await vi.waitFor(() => expect(replies).toEqual([{ type: Type.reply, name: 'ping', sequence: 2 }]));
    await vi.waitFor(() => expect(peer.received.map(({ name }) => name).toSorted()).toEqual(['notify', 'ping']));
  });

  it('delivers a oneway request of a caller that leaves at once', async () => {
    const { port, peer } = await thriftStage(() => {}, multiplexing);
    const { socket } = await caller(port);
    socket.end(frame({ type: Type.oneway, name: 'farewell', sequence: 1 }));
    await vi.waitFor(() => expect(peer.received.map(({ name }) => name)).toEqual(['farewell']));
  });

  it('answers an exception of the caller own protocol when no cluster is there', async () => {
    const { port } = await thriftStage((message, socket) => void socket.write(reply(message)), multiplexing);
    const { socket, replies } = await caller(port);
    socket.write(Buffer.concat([frame(call('lost', 9)), frame(call('ping', 10))]));
    await vi.waitFor(() => expect(replies).toHaveLength(2));
    expect(replies).toContainEqual({ type: Type.exception, name: 'lost', sequence: 9 });
  });
});

it('matches replies to callers that give every request the same id, in whatever order the server answers', async () => {
  const held: { message: Message; socket: Socket }[] = [];
  const { port, peer } = await thriftStage((message, socket) => void held.push({ message, socket }));
  const [one, two] = [await caller(port), await caller(port)];
  one.socket.write(Buffer.concat([frame(call('one-a', 0)), frame(call('one-b', 0))]));
  two.socket.write(frame(call('two-a', 0)));
  await vi.waitFor(() => expect(held).toHaveLength(3));
  for (const { message, socket } of held.toReversed()) socket.write(reply(message));
  await vi.waitFor(() => expect(one.replies).toHaveLength(2));
  await vi.waitFor(() => expect(two.replies).toHaveLength(1));
  expect(one.replies.map(({ name, sequence }) => [name, sequence])).toEqual([
    ['one-b', 0],
    ['one-a', 0],
  ]);
  expect(two.replies[0]).toMatchObject({ name: 'two-a', sequence: 0 });
  expect(peer.sockets).toHaveLength(2);
});

it('pipelines frames whose id has no fixed place, and matches their replies in order', async () => {
  const { port, peer } = await thriftStage(
    (message, socket) => void socket.write(compactFrame({ ...message, type: Type.reply })),
  );
  const { socket, replies } = await caller(port);
  socket.write(Buffer.concat(['a', 'b', 'c'].map((name) => compactFrame(call(name, 0)))));
  await vi.waitFor(() => expect(replies.map(({ name }) => name)).toEqual(['a', 'b', 'c']));
  expect(peer.sockets).toHaveLength(1);
});

it('answers each pending request with an exception when the upstream connection dies', async () => {
  const { port } = await thriftStage((message, socket) => void (message.name === 'die' && socket.destroy()));
  const { socket, replies } = await caller(port);
  socket.write(Buffer.concat([frame(call('wait', 5)), frame(call('wait', 5)), frame(call('die', 6))]));
  await vi.waitFor(() => expect(replies).toHaveLength(3));
  expect(replies.map(({ type, sequence }) => [type, sequence])).toEqual([
    [Type.exception, 5],
    [Type.exception, 5],
    [Type.exception, 6],
  ]);
});

it('forwards frames that have no place for a change as they are, and tells once of it', async () => {
  const told: MissedMutation[] = [];
  const change = [{ key: 'token', value: 'secret' }];
  const { port, counter } = await thriftStage((message, socket) => void socket.write(reply(message)), true, {
    mutation: { name: 'r', request_mutation: change, response_mutation: change },
    observer: { mutationMissed: (missed) => void told.push(missed) },
  });
  const { socket, replies } = await caller(port);
  socket.write(Buffer.concat([frame(call('a', 1)), frame(call('b', 2))]));
  await vi.waitFor(() => expect(replies.map(({ name }) => name)).toEqual(['a', 'b']));
  const missed = { listener: 'test', protocol: 'thrift', route: 'r', fields: ['token'], forwarded: true };
  const reason = 'Frames of this flavour have no place for it.';
  await expect
    .poll(() => told)
    .toEqual([
      { ...missed, side: 'request', reason },
      { ...missed, side: 'response', reason },
    ]);
  expect([await counter('requestMutationLeftOut'), await counter('responseMutationLeftOut')]).toEqual([2, 2]);
  expect([await counter('requestMutationRefused'), await counter('responseMutationRefused')]).toEqual([0, 0]);
});
