/** Of Apache's npm library, what only these tests use beside the greeter (examples/quickstart/services/thrift.d.ts). */
declare module 'thrift' {
  import type { Server } from 'node:net';

  interface MessageProcessor {
    process(input: Protocol, output: Protocol): void;
  }
  type ClientClass<Client> = new (output: Transport, protocol: ProtocolClass) => Client;

  export const TBufferedTransport: TransportClass;
  export const TCompactProtocol: ProtocolClass;
  export class Multiplexer {
    createClient<Client>(
      service: string,
      client: { readonly Client: ClientClass<Client> },
      connection: Connection,
    ): Client;
  }
  export class MultiplexedProcessor {
    registerProcessor(service: string, processor: MessageProcessor): void;
    process(input: Protocol, output: Protocol): void;
  }
  export function createMultiplexServer(processor: MessageProcessor, options: Stack): Server;
}
