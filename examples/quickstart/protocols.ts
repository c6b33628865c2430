/** The two protocols of the quickstart: a private one, and Apache Thrift by Apache's own library. */
import type { DemoProtocol } from './demo.ts';
import type { Answer } from './load.ts';
import { connectOrderCaller } from './services/awesomerpc-caller.ts';
import { startOrderServer } from './services/awesomerpc-server.ts';
import { connectGreeterCaller } from './services/greeter-caller.ts';
import { startGreeterServer } from './services/greeter-server.ts';

/** Registered by manifests/awesomerpc.yaml. Command 2 marks a request for version 2. */
export const awesomerpc: DemoProtocol = {
  name: 'awesomerpc',
  target: { name: 'orders', host: 'orders.shop.mesh' },
  startServer: startOrderServer,
  connect: async (host, port) => {
    const caller = await connectOrderCaller(host, port);
    return {
      call: async (marked) => {
        const reply = await caller.call(marked ? 2 : 1, 'an order');
        // The header has room for a code but for no reason: any error counts as a limit, and a phase without a limit
        // takes each for a fault.
        return reply.code === 0 ? versionIn(reply.body) : 'limited';
      },
      close: () => caller.close(),
    };
  },
};

/** Built in. The method greetBeta marks a request for version 2. */
export const thrift: DemoProtocol = {
  name: 'thrift',
  target: { name: 'greeter', host: 'greeter.shop.mesh' },
  startServer: startGreeterServer,
  connect: async (host, port) => {
    const caller = await connectGreeterCaller(host, port);
    return {
      call: async (marked) => {
        try {
          return versionIn(await caller.call(marked ? 'greetBeta' : 'greet', 'world'));
        } catch (error) {
          if (saysLimited(error)) return 'limited';
          throw error;
        }
      },
      close: () => caller.close(),
    };
  },
};

function versionIn(reply: string): Answer {
  const version = reply.slice(0, reply.indexOf(':'));
  if (version === 'v1' || version === 'v2') return version;
  throw new Error(`a reply that no version gives: ${JSON.stringify(reply)}`);
}

/** A Thrift exception carries its reason as text. */
function saysLimited(error: unknown): boolean {
  return error instanceof Error && error.name === 'TApplicationException' && /limit/i.test(error.message);
}
