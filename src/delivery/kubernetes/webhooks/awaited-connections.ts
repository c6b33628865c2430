/**
 * The connections of a server from which something is still awaited: a handshake, a request, the rest of a body. Strangers can
 * open as many as they like and say nothing, so there is room for so many, and a new one ends the one that is awaited longest:
 * who has something to say has said it long before its turn comes. While a connection is answered nobody ends it.
 */
import type { IncomingMessage } from 'node:http';
import type { Server } from 'node:https';
import type { Socket } from 'node:net';

export class AwaitedConnections {
  readonly #most: number;
  readonly #open = new Set<string>();
  /** By peer, the longest awaited first. */
  readonly #awaited = new Map<string, Socket>();

  constructor(server: Server, most: number) {
    this.#most = most;
    server.on('connection', (socket: Socket) => this.#take(socket));
  }

  /** Ends the one that is awaited longest. */
  shed(): void {
    const [longest] = this.#awaited;
    if (longest === undefined) return;
    const [peer, socket] = longest;
    this.#awaited.delete(peer);
    socket.destroy();
  }

  /** From here on its peer waits for us. Gives what is to be called when it has its answer. */
  answering(request: IncomingMessage): () => void {
    const peer = peerOf(request.socket);
    const socket = this.#awaited.get(peer);
    this.#awaited.delete(peer);
    return () => {
      if (socket !== undefined && this.#open.has(peer)) this.#awaited.set(peer, socket);
    };
  }

  #take(socket: Socket): void {
    const peer = peerOf(socket);
    this.#open.add(peer);
    this.#awaited.set(peer, socket);
    socket.once('close', () => {
      this.#open.delete(peer);
      this.#awaited.delete(peer);
    });
    if (this.#open.size > this.#most) this.shed();
  }
}

/** A connection has the same before and within TLS. */
function peerOf({ remoteAddress, remotePort }: Pick<Socket, 'remoteAddress' | 'remotePort'>): string {
  return `${remoteAddress} ${remotePort}`;
}
