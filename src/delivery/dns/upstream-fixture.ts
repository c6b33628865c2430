/** For tests: an upstream server on loopback that says what the test wants, and counts what it is asked. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { onTestFinished } from 'vitest';
import { MessageStream, withLength } from './message-stream.ts';

export type Transport = 'udp' | 'tcp';

export interface TestUpstream {
  readonly host: string;
  readonly port: number;
  /** The transports of the queries so far, in order. */
  readonly asked: readonly Transport[];
}

/** What is given back is sent, in order; nothing is silence. */
export type Answerer = (query: Buffer, transport: Transport) => readonly Buffer[] | Promise<readonly Buffer[]>;

export async function startUpstream(answer: Answerer): Promise<TestUpstream> {
  const asked: Transport[] = [];
  const respond = (query: Buffer, transport: Transport, send: (response: Buffer) => void): void => {
    asked.push(transport);
    Promise.resolve(answer(query, transport)).then(
      (responses) => responses.forEach(send),
      () => {},
    );
  };
  const server = createServer((socket) => {
    const stream = new MessageStream(65_535);
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      for (const query of stream.push(chunk) ?? [])
        respond(query, 'tcp', (response) => socket.write(withLength(response)));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const socket = createSocket('udp4');
  socket.on('message', (query, peer) => {
    respond(query, 'udp', (response) => socket.send(response, peer.port, peer.address));
  });
  socket.bind(port, '127.0.0.1');
  await once(socket, 'listening');
  onTestFinished(() => {
    socket.close();
    server.close();
  });
  return { host: '127.0.0.1', port, asked };
}
