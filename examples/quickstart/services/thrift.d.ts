/** Of Apache's npm library, which comes without types, what the greeter uses. */
declare module 'thrift' {
  import type { EventEmitter } from 'node:events';
  import type { Server } from 'node:net';

  export interface Transport {
    flush(): void;
  }
  export interface TransportClass {
    new (buffer?: Buffer, onFlush?: (bytes: Buffer, seqid: number) => void): Transport;
  }

  export interface Protocol {
    writeMessageBegin(name: string, type: number, seqid: number): void;
    writeMessageEnd(): void;
    writeStructBegin(name: string): void;
    writeStructEnd(): void;
    writeFieldBegin(name: string, type: number, id: number): void;
    writeFieldEnd(): void;
    writeFieldStop(): void;
    writeString(value: string): void;
    flush(): void;
    readMessageBegin(): { readonly fname: string; readonly mtype: number; readonly rseqid: number };
    readMessageEnd(): void;
    readStructBegin(): void;
    readStructEnd(): void;
    readFieldBegin(): { readonly ftype: number; readonly fid: number };
    readFieldEnd(): void;
    readString(): string;
    skip(type: number): void;
  }
  export interface ProtocolClass {
    new (transport: Transport): Protocol;
  }

  export class TApplicationException extends Error {
    constructor(type?: number, message?: string);
    readonly type: number;
    read(input: Protocol): void;
    write(output: Protocol): void;
  }
  export const Thrift: {
    readonly Type: { readonly STOP: number; readonly STRING: number; readonly STRUCT: number };
    readonly MessageType: { readonly CALL: number; readonly REPLY: number; readonly EXCEPTION: number };
    readonly TApplicationException: typeof TApplicationException;
    readonly TApplicationExceptionType: { readonly UNKNOWN_METHOD: number; readonly MISSING_RESULT: number };
  };

  export interface Stack {
    readonly transport: TransportClass;
    readonly protocol: ProtocolClass;
  }
  export const TFramedTransport: TransportClass;
  export const TBinaryProtocol: ProtocolClass;

  export class Connection extends EventEmitter<{ connect: []; error: [error: Error]; close: [] }> {
    destroy(): void;
  }
  export function createConnection(host: string, port: number, options: Stack): Connection;
  export function createClient<Client>(
    service: { readonly Client: new (output: Transport, protocol: ProtocolClass) => Client },
    connection: Connection,
  ): Client;
  export function createServer<Handler>(
    service: { readonly Processor: new (handler: Handler) => { process(input: Protocol, output: Protocol): void } },
    handler: Handler,
    options: Stack,
  ): Server;
}
