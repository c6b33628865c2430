/** For tests: stands in for a ZooKeeper server where the real one cannot show the fault. One tree, one-shot watches. */
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { FrameReader } from './frame-reader.ts';
import { bytes, int, JuteReader, long, text } from './jute.ts';
import { Operation, Status, Xid } from './messages.ts';

interface Watcher {
  readonly socket: Socket;
  readonly path: string;
}

const isHeartbeat = (message: Buffer): boolean => new JuteReader(message).int() === Xid.ping;

export class ZooKeeperStandIn {
  /** Data by path; parents are there with their children. */
  readonly #nodes = new Map<string, { data: string; version: bigint }>();
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #watchers: Watcher[] = [];
  /** Paths that were read, since it was cleared. */
  reads: string[] = [];
  /** Of the newest change that each client had seen when it came. */
  readonly greetings: bigint[] = [];
  /** The most requests that came before the first of them was answered; heartbeats, which are sent beside them, aside. */
  mostAtOnce = 0;
  zxid = 100n;
  /** Whether it answers; heartbeats too. */
  isSilent = false;
  /** Instead of an answer to a request. */
  garbage: Buffer | undefined;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<ZooKeeperStandIn> {
    const server = createServer();
    const standIn = new ZooKeeperStandIn(server);
    server.on('connection', (socket) => standIn.#serve(socket));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return standIn;
  }

  get address(): string {
    const address = this.#server.address();
    return `127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  }

  put(path: string, data = ''): void {
    const parent = parentOf(path);
    const isNew = !this.#nodes.has(path);
    if (parent !== '' && !this.#nodes.has(parent)) this.put(parent);
    this.#nodes.set(path, { data, version: ++this.zxid });
    this.#fire(path);
    if (isNew && parent !== '') this.#touch(parent);
  }

  remove(path: string): void {
    for (const below of [...this.#nodes.keys()].filter((one) => one.startsWith(`${path}/`))) this.remove(below);
    if (!this.#nodes.delete(path)) return;
    this.zxid++;
    this.#fire(path);
    this.#touch(parentOf(path));
  }

  /** All nodes go, and nobody is told. */
  forgetAll(): void {
    this.#nodes.clear();
  }

  /** Ends all connections. */
  drop(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async stop(): Promise<void> {
    this.drop();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #touch(path: string): void {
    const node = this.#nodes.get(path);
    if (node !== undefined) node.version = ++this.zxid;
    this.#fire(path);
  }

  #fire(path: string): void {
    const fired = this.#watchers.filter((watcher) => watcher.path === path);
    this.#watchers = this.#watchers.filter((watcher) => watcher.path !== path);
    for (const { socket } of fired)
      send(socket, Buffer.concat([int(Xid.event), long(-1n), int(0), int(4), int(3), text(path)]));
  }

  #serve(socket: Socket): void {
    const frames = new FrameReader(1 << 20);
    let isOpen = false;
    this.#sockets.add(socket);
    socket.on('close', () => {
      this.#sockets.delete(socket);
      this.#watchers = this.#watchers.filter((watcher) => watcher.socket !== socket);
    });
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk) => {
      const messages = [...frames.push(chunk)];
      this.mostAtOnce = Math.max(this.mostAtOnce, messages.filter((message) => !isHeartbeat(message)).length);
      for (const message of messages) {
        if (this.isSilent) return;
        if (isOpen) this.#answer(socket, new JuteReader(message));
        else isOpen = this.#greet(socket, new JuteReader(message));
      }
    });
  }

  #greet(socket: Socket, message: JuteReader): boolean {
    const zxid = message.skip(4).long();
    this.greetings.push(zxid);
    // As ZooKeeper does: "Refusing session request for client as it has seen zxid ...".
    if (zxid > this.zxid) socket.destroy();
    else send(socket, Buffer.concat([int(0), int(message.int()), long(1n), bytes(Buffer.alloc(16)), Buffer.of(0)]));
    return zxid <= this.zxid;
  }

  #answer(socket: Socket, message: JuteReader): void {
    const xid = message.int();
    const operation = message.int();
    if (operation === Operation.close) socket.end();
    else if (operation === Operation.ping || operation === Operation.auth || operation === Operation.sync)
      this.#reply(socket, xid, Status.ok);
    else if (this.garbage !== undefined) socket.write(this.garbage);
    else this.#read(socket, xid, operation, message);
  }

  #read(socket: Socket, xid: number, operation: number, message: JuteReader): void {
    const path = message.text();
    this.reads.push(path);
    if (message.bool()) this.#watchers.push({ socket, path });
    const node = this.#nodes.get(path);
    if (node === undefined) {
      this.#reply(socket, xid, Status.noNode);
      return;
    }
    const stat = Buffer.concat([long(1n), long(node.version), Buffer.alloc(44), long(node.version)]);
    const names = [...this.#nodes.keys()].filter((one) => parentOf(one) === path).map((one) => nameOf(one));
    const children = Buffer.concat([int(names.length), ...names.map(text)]);
    const body = operation === Operation.children ? children : text(node.data);
    this.#reply(socket, xid, Status.ok, ...(operation === Operation.exists ? [stat] : [body, stat]));
  }

  #reply(socket: Socket, xid: number, status: number, ...body: readonly Buffer[]): void {
    send(socket, Buffer.concat([int(xid), long(this.zxid), int(status), ...body]));
  }
}

function send(socket: Socket, message: Buffer): void {
  socket.write(bytes(message));
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
