/** A greeter served by Apache's own Thrift library, framed and binary. */
import { createServer } from 'thrift';
import type { DemoServer } from '../demo.ts';
import { framedBinary, type Handler, Processor } from './greeter.ts';
import { listenOn } from './listening.ts';

/** Both methods greet, with the version before the greeting; port 0 takes any free one. */
export async function startGreeterServer(options: {
  readonly version: string;
  readonly host: string;
  readonly port: number;
}): Promise<DemoServer> {
  let requests = 0;
  const greet = (name: string): string => {
    requests++;
    return `${options.version}: hello ${name}`;
  };
  const handler: Handler = { greet, greetBeta: greet };
  const server = createServer({ Processor }, handler, framedBinary);
  const listening = await listenOn(server, options.host, options.port);
  // The library reports here what went wrong on one connection, which it then ends by itself.
  server.on('error', () => {});
  return {
    ...listening,
    get requests() {
      return requests;
    },
  };
}
