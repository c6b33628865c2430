/** A protocol without request ids, whose replies are told apart by their order alone. */
import { readFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { load } from 'js-yaml';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { stage } from './proxy-stage.ts';

function zorkProtocol(multiplexing: boolean): Record<string, unknown> {
  const file = new URL('../../codecs/declarative/examples/zork.yaml', import.meta.url);
  const document: unknown = load(readFileSync(file, 'utf8'));
  const value: unknown = typeof document === 'object' && document !== null ? Reflect.get(document, 'spec') : undefined;
  const type_url = 'type.googleapis.com/isthmus.dev.v1alpha1.ProtocolCodec';
  const config = { '@type': 'type.googleapis.com/xds.type.v3.TypedStruct', type_url, value };
  return { name: 'zork', codec: { name: 'zork', config }, multiplexing };
}

/** Little endian: a tag, a type, attributes, the body's length. */
function frame(tag: number, body: string): Buffer {
  const bytes = Buffer.alloc(7 + body.length);
  bytes.writeInt8(tag, 0);
  bytes.writeUInt16LE(body.length, 5);
  bytes.write(body, 7, 'latin1');
  return bytes;
}

function onBodies(socket: Socket, onBody: (body: string) => void): void {
  let rest: Buffer = Buffer.alloc(0);
  socket.on('error', () => {});
  socket.on('data', (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= 7 && rest.length >= 7 + rest.readUInt16LE(5)) {
      const end = 7 + rest.readUInt16LE(5);
      onBody(rest.toString('latin1', 7, end));
      rest = rest.subarray(end);
    }
  });
}

/** A server that answers with `re:` before the body, when `release` is called for it. */
async function holdingServer() {
  const held = new Map<string, () => void>();
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    onBodies(socket, (body) => void held.set(body, () => socket.write(frame(1, `re:${body}`))));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  return { held, sockets, port: typeof address === 'object' && address !== null ? address.port : 0 };
}

async function caller(port: number): Promise<{ socket: Socket; replies: string[] }> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await new Promise((resolve) => socket.once('connect', resolve));
  onTestFinished(() => void socket.destroy());
  const replies: string[] = [];
  onBodies(socket, (body) => void replies.push(body));
  return { socket, replies };
}

describe.each([
  ['plain', false],
  ['multiplexed', true],
])('%s mode', (_name, multiplexing) => {
  const protocol = zorkProtocol(multiplexing);

  it('delivers replies in the order of the requests, each to its caller', async () => {
    const upstream = await holdingServer();
    const { port } = await stage({ protocol, clusters: [{ name: 'a', ports: [upstream.port] }] });
    const [one, two] = [await caller(port), await caller(port)];
    one.socket.write(Buffer.concat(['1a', '1b', '1c'].map((body) => frame(1, body))));
    two.socket.write(Buffer.concat(['2a', '2b'].map((body) => frame(1, body))));
    await vi.waitFor(() => expect(upstream.held.size).toBe(5));
    // On connections of their own requests may be answered in any order; on one, a server keeps to it.
    const order = multiplexing ? ['2a', '1a', '2b', '1b', '1c'] : ['1c', '2b', '1b', '1a', '2a'];
    for (const body of order) upstream.held.get(body)?.();
    await vi.waitFor(() => expect(one.replies.length + two.replies.length).toBe(5));
    expect(one.replies).toEqual(['re:1a', 're:1b', 're:1c']);
    expect(two.replies).toEqual(['re:2a', 're:2b']);
  });

  it('closes a caller instead of answering out of step when its upstream dies', async () => {
    const upstream = await holdingServer();
    const { port, counter } = await stage({ protocol, clusters: [{ name: 'a', ports: [upstream.port] }] });
    const { socket, replies } = await caller(port);
    const closed = new Promise((resolve) => socket.once('end', resolve));
    socket.write(Buffer.concat([frame(1, 'a'), frame(1, 'b')]));
    await vi.waitFor(() => expect(upstream.held.size).toBe(2));
    for (const one of upstream.sockets) one.destroy();
    await closed;
    expect(replies).toEqual([]);
    await vi.waitFor(async () => expect(await counter('requestActive')).toBe(0));
  });
});
