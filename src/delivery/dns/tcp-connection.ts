/** One client's connection: its queries are handled a few in a turn, and none while it does not read its answers. */
import type { Socket } from 'node:net';
import { MessageStream, withLength } from './message-stream.ts';
import type { QueryHandler } from './query-handler.ts';

export interface TcpLimits {
  readonly connections: number;
  readonly idleMs: number;
  /** Queries of one connection that wait for their answers; what else it sends waits, most of it in the kernel. */
  readonly pipelined: number;
  readonly queryBytes: number;
  /** Answers of one connection that it has not read yet. */
  readonly unreadBytes: number;
}

export class TcpConnection {
  readonly #socket: Socket;
  readonly #address: string;
  readonly #handler: QueryHandler;
  readonly #limits: TcpLimits;
  readonly #stream: MessageStream;
  readonly #asked: () => void;
  readonly #queue: Buffer[] = [];
  #waiting = 0;
  #isScheduled = false;
  /** Of performance.now(), when a whole query came last. */
  lastQuery = performance.now();

  /** `asked` is called for each chunk with a whole query. */
  constructor(socket: Socket, handler: QueryHandler, limits: TcpLimits, asked: () => void) {
    this.#socket = socket;
    this.#address = socket.remoteAddress ?? '';
    this.#handler = handler;
    this.#limits = limits;
    this.#asked = asked;
    this.#stream = new MessageStream(limits.queryBytes);
    socket.on('data', (chunk) => this.#read(chunk));
    socket.on('drain', () => this.#work());
    socket.on('error', () => this.close());
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(chunk: Buffer): void {
    const packets = this.#stream.push(chunk);
    if (packets === undefined) this.close();
    if (packets === undefined || packets.length === 0) return;
    this.lastQuery = performance.now();
    this.#asked();
    this.#queue.push(...packets);
    this.#work();
  }

  /** A chunk may hold thousands of queries: a few are handled in a turn, and none while answers are not read. */
  #work(): void {
    if (this.#isScheduled) return;
    for (let count = 0; count < this.#limits.pipelined && this.#hasRoom(); count++) {
      const packet = this.#queue.shift();
      if (packet === undefined) break;
      this.#handle(packet);
    }
    if (this.#queue.length === 0 && this.#hasRoom()) {
      this.#socket.resume();
      return;
    }
    this.#socket.pause();
    if (!this.#hasRoom()) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#work();
    });
  }

  #handle(packet: Buffer): void {
    this.#waiting++;
    let isDone = false;
    const settle = (): void => {
      this.#waiting--;
      if (isDone) this.#work();
    };
    this.#handler.handle({
      packet,
      address: this.#address,
      transport: 'tcp',
      reply: (response) => {
        if (!this.#socket.destroyed) this.#socket.write(withLength(response));
        settle();
      },
      ignore: settle,
    });
    isDone = true;
  }

  /** Whether one more query may be handled now. */
  #hasRoom(): boolean {
    const { pipelined, unreadBytes } = this.#limits;
    return !this.#socket.destroyed && this.#socket.writableLength <= unreadBytes && this.#waiting < pipelined;
  }
}
