/** Queries by UDP: a packet in, a packet out. */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import type { QueryHandler } from './query-handler.ts';
import { asItIs } from './upstream-exchange.ts';

/** The kernel keeps what comes in a burst; it may allow less. */
const RECEIVE_BUFFER_BYTES = 1 << 20;
/** Answers that the kernel does not take are dropped beyond this, as a network would. */
const SEND_QUEUE_BYTES = 4 * 1024 * 1024;
/** To ask for the length of the queue takes as long as a send. */
const SENDS_BETWEEN_CHECKS = 256;

export class UdpListener {
  readonly #socket: Socket;
  readonly #handler: QueryHandler;
  #sends = 0;
  #isCongested = false;
  #isClosed = false;

  private constructor(socket: Socket, handler: QueryHandler) {
    this.#socket = socket;
    this.#handler = handler;
    socket.on('message', (packet, peer) => this.#receive(packet, peer));
  }

  /** Rejects with the error of the system. `failed` is told of errors later on, none of which ends it. */
  static async bind(
    { host, port }: { readonly host: string; readonly port: number },
    handler: QueryHandler,
    failed: (error: unknown) => void,
  ): Promise<UdpListener> {
    const socket = createSocket({ type: isIPv6(host) ? 'udp6' : 'udp4', lookup: asItIs });
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.bind({ address: host, port }, () => {
        socket.off('error', reject);
        resolve();
      });
    }).catch((error: unknown) => {
      socket.close();
      throw error;
    });
    socket.on('error', failed);
    raiseReceiveBuffer(socket);
    return new UdpListener(socket, handler);
  }

  get port(): number {
    return this.#socket.address().port;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    return new Promise((resolve) => this.#socket.close(resolve));
  }

  #receive(packet: Buffer, peer: RemoteInfo): void {
    if (peer.port === 0) return;
    this.#handler.handle({
      packet,
      address: peer.address,
      transport: 'udp',
      reply: (response) => this.#send(response, peer),
      ignore: () => {},
    });
  }

  /** What waited for an upstream may be late: then there is nobody to send it. */
  #send(response: Buffer, { port, address }: RemoteInfo): void {
    if (this.#isClosed) return;
    if (this.#sends++ % SENDS_BETWEEN_CHECKS === 0 || this.#isCongested) {
      this.#isCongested = this.#socket.getSendQueueSize() > SEND_QUEUE_BYTES;
    }
    if (!this.#isCongested) this.#socket.send(response, port, address);
  }
}

function raiseReceiveBuffer(socket: Socket): void {
  try {
    socket.setRecvBufferSize(RECEIVE_BUFFER_BYTES);
  } catch {
    // The system's own size serves as well.
  }
}
