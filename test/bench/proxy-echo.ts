/** The server of the proxy's benches, a process of its own: answers frames of one size, touching as little as it can. */
import { createServer } from 'node:net';
import { type BenchProtocol, frameBytes, replyEdits } from './proxy-frames.ts';

const protocols: readonly BenchProtocol[] = ['thrift', 'awesomerpc', 'dubbo'];
const protocol = protocols.find((name) => name === process.argv[2]) ?? 'awesomerpc';
const size = frameBytes(protocol);
const edits = replyEdits[protocol];

const server = createServer({ noDelay: true }, (socket) => {
  /** Offset of the next byte within its frame. */
  let offset = 0;
  socket.on('error', () => {});
  socket.on('data', (chunk) => {
    for (const [at, value] of edits)
      for (let index = (at - offset + size) % size; index < chunk.length; index += size) chunk[index] = value;
    offset = (offset + chunk.length) % size;
    socket.write(chunk);
  });
});
server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => {
  const address = server.address();
  process.send?.(typeof address === 'object' ? address?.port : undefined);
});
process.on('disconnect', () => process.exit(0));
