/** The quickstart's servers and callers, face to face: what the mesh does between them is tested elsewhere. */
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { DemoProtocol, DemoServer } from '../../examples/quickstart/demo.ts';
import type { Caller } from '../../examples/quickstart/load.ts';
import { awesomerpc, thrift } from '../../examples/quickstart/protocols.ts';
import { connectOrderCaller } from '../../examples/quickstart/services/awesomerpc-caller.ts';
import { encodePacket } from '../../examples/quickstart/services/awesomerpc-packets.ts';
import { connectGreeterCaller } from '../../examples/quickstart/services/greeter-caller.ts';

const host = '127.0.0.1';

async function serve(protocol: DemoProtocol, version: 'v1' | 'v2'): Promise<DemoServer> {
  const server = await protocol.startServer({ version, host, port: 0 });
  onTestFinished(() => server.close());
  return server;
}

async function callerOf(protocol: DemoProtocol, port: number): Promise<Caller> {
  const caller = await protocol.connect(host, port);
  onTestFinished(() => caller.close());
  return caller;
}

/** A server of bytes: what each connection does is up to the test. */
async function rawServer(onConnection: (socket: Socket) => void): Promise<number> {
  const server: Server = createServer((socket) => {
    socket.on('error', () => {});
    onTestFinished(() => void socket.destroy());
    onConnection(socket);
  });
  server.listen(0, host);
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

describe.each([awesomerpc, thrift])('$name', (protocol) => {
  test('a reply names the version that answered, marked or not, and the server counts', async () => {
    for (const version of ['v1', 'v2'] as const) {
      const server = await serve(protocol, version);
      const caller = await callerOf(protocol, server.port);
      expect([await caller.call(false), await caller.call(true)]).toEqual([version, version]);
      expect(server.requests).toBe(2);
    }
  });

  test('closing the server fails what waits and what follows, and waits for nobody', async () => {
    const server = await serve(protocol, 'v1');
    const caller = await callerOf(protocol, server.port);
    await caller.call(false);
    await server.close();
    await expect(caller.call(false)).rejects.toThrow(/connection/);
    await expect(caller.call(false)).rejects.toThrow(/connection/);
  });

  test('a call whose connection ends before the reply fails', async () => {
    const port = await rawServer((socket) => socket.once('data', () => socket.destroy()));
    const caller = await callerOf(protocol, port);
    await expect(caller.call(false)).rejects.toThrow(/connection/);
  });

  test('connecting to where nobody listens fails', async () => {
    const server = await serve(protocol, 'v1');
    await server.close();
    await expect(protocol.connect(host, server.port)).rejects.toThrow(/ECONNREFUSED/);
  });

  test('a caller that resets its connection does not stop the server', async () => {
    const server = await serve(protocol, 'v1');
    const rude = connect({ host, port: server.port });
    await once(rude, 'connect');
    rude.write('no request of any kind, in any protocol at all');
    rude.resetAndDestroy();
    const caller = await callerOf(protocol, server.port);
    expect(await caller.call(false)).toBe('v1');
  });

  test('a second server on the same port is refused', async () => {
    const server = await serve(protocol, 'v1');
    await expect(protocol.startServer({ version: 'v2', host, port: server.port })).rejects.toThrow(/EADDRINUSE/);
  });
});

describe('awesomerpc on the wire', () => {
  const request = (id: number, body: string): Buffer => encodePacket({ id, command: 1, code: 0, body });

  test('a packet has the bytes of the reference', () => {
    expect(request(7, 'hi').toString('hex')).toBe('01000000070000000f000100006869');
  });

  test('pipelined and split requests are each answered with their id', async () => {
    const server = await serve(awesomerpc, 'v1');
    const socket = connect({ host, port: server.port, noDelay: true });
    onTestFinished(() => void socket.destroy());
    const bytes = Buffer.concat([request(1, 'one'), request(2, ''), request(0xffffffff, 'three')]);
    for (const byte of bytes) await new Promise((sent) => socket.write(Buffer.of(byte), sent));
    socket.write(bytes);
    const answers = Buffer.concat(
      [1, 2, 0xffffffff].map((id, i) =>
        encodePacket({ id, command: 1, code: 0, body: `v1: ${['one', '', 'three'][i]}` }),
      ),
    );
    const expected = Buffer.concat([answers, answers]);
    let received = Buffer.alloc(0);
    while (received.length < expected.length) received = Buffer.concat([received, ...(await once(socket, 'data'))]);
    expect(received.toString('hex')).toBe(expected.toString('hex'));
    expect(server.requests).toBe(6);
  });

  test.each([0, 12, 0xffffffff])('a packet that claims %d bytes ends the connection', async (length) => {
    const server = await serve(awesomerpc, 'v1');
    const socket = connect({ host, port: server.port });
    const bytes = request(1, '');
    bytes.writeUInt32BE(length, 5);
    socket.write(bytes);
    await once(socket, 'close');
    expect(server.requests).toBe(0);
  });

  test('replies in any order find their calls, and an unknown one harms nobody', async () => {
    const reply = (id: number): Buffer => encodePacket({ id, command: 1, code: 0, body: `reply ${id}` });
    const port = await rawServer((socket) => {
      let received = 0;
      socket.on('data', (chunk) => {
        received += chunk.length;
        if (received === 2 * request(0, 'body').length) socket.write(Buffer.concat([reply(99), reply(2), reply(1)]));
      });
    });
    const caller = await connectOrderCaller(host, port);
    onTestFinished(() => caller.close());
    const replies = await Promise.all([caller.call(1, 'body'), caller.call(1, 'body')]);
    expect(replies.map(({ body }) => body)).toEqual(['reply 1', 'reply 2']);
  });

  test('an error reply counts as limited, for the header carries no reason', async () => {
    const port = await rawServer((socket) =>
      socket.on('data', (chunk) => {
        socket.write(encodePacket({ id: chunk.readUInt32BE(1), command: 1, code: 1, body: '' }));
      }),
    );
    expect(await (await callerOf(awesomerpc, port)).call(false)).toBe('limited');
  });

  test('a reply that does not come fails its call', async () => {
    const port = await rawServer(() => {});
    const caller = await connectOrderCaller(host, port, 20);
    onTestFinished(() => caller.close());
    await expect(caller.call(1, 'a')).rejects.toThrow('no reply to request 1 within 20 ms');
  });
});

describe('thrift on the wire', () => {
  /** The frame that metaproxy answers with: an exception of type 6 with a message, for greet, seqid 1. */
  const exception = (message: string): Buffer => {
    const text = Buffer.from(message);
    const payload = Buffer.concat([
      Buffer.from('80010003 00000005 6772656574 00000001 0b0001'.replaceAll(' ', ''), 'hex'),
      Buffer.of(0, 0, 0, text.length),
      text,
      Buffer.from('080002 00000006 00'.replaceAll(' ', ''), 'hex'),
    ]);
    return Buffer.concat([Buffer.of(0, 0, 0, payload.length), payload]);
  };

  test('an exception that speaks of a limit is limited', async () => {
    const port = await rawServer((socket) => socket.on('data', () => socket.write(exception('over the rate limit'))));
    expect(await (await callerOf(thrift, port)).call(false)).toBe('limited');
  });

  test('any other exception is a failure', async () => {
    const port = await rawServer((socket) => socket.on('data', () => socket.write(exception('no route'))));
    await expect((await callerOf(thrift, port)).call(false)).rejects.toThrow('no route');
  });

  test('a method that the server does not have is an exception, not silence', async () => {
    const server = await serve(thrift, 'v1');
    const socket = connect({ host, port: server.port });
    onTestFinished(() => void socket.destroy());
    // A call of ping, sequence id 7, as the reference lists it.
    socket.write(Buffer.from('00000019800100010000000470696e67000000070b0001000000017800', 'hex'));
    const [reply] = await once(socket, 'data');
    expect(reply.toString('latin1')).toContain('Unknown function ping');
    expect(server.requests).toBe(0);
  });

  test('a reply that does not come fails its call', async () => {
    const port = await rawServer(() => {});
    const caller = await connectGreeterCaller(host, port, 20);
    onTestFinished(() => caller.close());
    await expect(caller.call('greet', 'world')).rejects.toThrow('no reply to request 1 within 20 ms');
  });
});
