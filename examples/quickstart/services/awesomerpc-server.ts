/** An order service that speaks awesomerpc: a process that runs today, and knows nothing of a mesh. */
import { createServer } from 'node:net';
import type { DemoServer } from '../demo.ts';
import { encodePacket, readPackets } from './awesomerpc-packets.ts';
import { listenOn } from './listening.ts';

/** Answers each request with its own body and the version before it; port 0 takes any free one. */
export async function startOrderServer(options: {
  readonly version: string;
  readonly host: string;
  readonly port: number;
}): Promise<DemoServer> {
  let requests = 0;
  const server = createServer((socket) => {
    // A caller that goes away in mid-request is its own affair; 'close' follows and ends the connection.
    socket.on('error', () => {});
    readPackets(socket, (request) => {
      requests++;
      socket.write(encodePacket({ ...request, code: 0, body: `${options.version}: ${request.body}` }));
    });
  });
  const listening = await listenOn(server, options.host, options.port);
  return {
    ...listening,
    get requests() {
      return requests;
    },
  };
}
