/** Raw clients and servers of awesomerpc for tests: bytes and sockets, nothing of the product. */

import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

const HEADER = 13;

export interface Packet {
  readonly id: number;
  readonly command: number;
  readonly code: number;
  readonly body: string;
}

export function packet({ id, command = 1, code = 0, body = '' }: Partial<Packet> & { id: number }): Buffer {
  const bytes = Buffer.alloc(HEADER + Buffer.byteLength(body));
  bytes[0] = 1;
  bytes.writeUInt32BE(id >>> 0, 1);
  bytes.writeUInt32BE(bytes.length, 5);
  bytes.writeInt16BE(command, 9);
  bytes.writeInt16BE(code, 11);
  bytes.write(body, HEADER);
  return bytes;
}

/** Whole packets from the front of `bytes`, and what is left. */
export function packets(bytes: Buffer): { readonly whole: readonly Packet[]; readonly rest: Buffer } {
  const whole: Packet[] = [];
  let at = 0;
  while (bytes.length - at >= HEADER && bytes.length - at >= bytes.readUInt32BE(at + 5)) {
    const end = at + bytes.readUInt32BE(at + 5);
    whole.push({
      id: bytes.readUInt32BE(at + 1),
      command: bytes.readInt16BE(at + 9),
      code: bytes.readInt16BE(at + 11),
      body: bytes.toString('utf8', at + HEADER, end),
    });
    at = end;
  }
  return { whole, rest: bytes.subarray(at) };
}

/** Calls `onPacket` for each packet that the socket receives. */
export function onPackets(socket: Socket, onPacket: (packet: Packet) => void): void {
  let rest: Buffer = Buffer.alloc(0);
  socket.on('data', (chunk) => {
    const parsed = packets(Buffer.concat([rest, chunk]));
    rest = Buffer.from(parsed.rest);
    for (const one of parsed.whole) onPacket(one);
  });
}

export interface TestServer {
  readonly port: number;
  readonly received: Packet[];
  readonly sockets: Set<Socket>;
  close(): Promise<void>;
}

/** A server on loopback, of IPv4 unless told otherwise; `answer` gets each packet and the socket it came on. The default echoes with `name:` before. */
export async function startServer(
  name: string,
  answer: (packet: Packet, socket: Socket) => void = (received, socket) =>
    void socket.write(packet({ ...received, body: `${name}:${received.body}` })),
  port = 0,
  host = '127.0.0.1',
): Promise<TestServer> {
  const received: Packet[] = [];
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
    onPackets(socket, (one) => {
      received.push(one);
      answer(one, socket);
    });
  });
  server.listen(port, host);
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
  return {
    port: address.port,
    received,
    sockets,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export class TestClient {
  readonly socket: Socket;
  readonly #waiting: ((packet: Packet) => void)[] = [];
  readonly #arrived: Packet[] = [];
  closed = false;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('error', () => {});
    socket.on('close', () => {
      this.closed = true;
    });
    onPackets(socket, (one) => {
      const waiting = this.#waiting.shift();
      if (waiting === undefined) this.#arrived.push(one);
      else waiting(one);
    });
  }

  static async connect(port: number, host = '127.0.0.1'): Promise<TestClient> {
    const socket = connect({ port, host, noDelay: true, allowHalfOpen: true });
    await once(socket, 'connect');
    return new TestClient(socket);
  }

  send(...all: readonly Buffer[]): void {
    this.socket.write(Buffer.concat(all));
  }

  /** The next packet that arrives. */
  async next(): Promise<Packet> {
    return this.#arrived.shift() ?? new Promise((resolve) => this.#waiting.push(resolve));
  }

  async call(request: Partial<Packet> & { id: number }): Promise<Packet> {
    this.send(packet(request));
    return this.next();
  }

  close(): void {
    this.socket.destroy();
  }
}
