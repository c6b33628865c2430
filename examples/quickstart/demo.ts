/** One protocol in the quickstart: its service, its two versions, its manifests, and the load on it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Caller, type Load, startLoad } from './load.ts';
import type { ManifestFolder } from './manifests.ts';
import { type RouteName, routeManifest, type Target } from './routes.ts';

export interface DemoServer {
  readonly port: number;
  /** Requests received since it started. */
  readonly requests: number;
  close(): Promise<void>;
}

/** What a protocol brings to the quickstart. */
export interface DemoProtocol {
  readonly name: 'awesomerpc' | 'thrift';
  readonly target: Target;
  startServer(options: {
    readonly version: 'v1' | 'v2';
    readonly host: string;
    readonly port: number;
  }): Promise<DemoServer>;
  connect(host: string, port: number): Promise<Caller>;
}

/** Ports of one demo: the service's own, and one for each place where a version runs. */
export interface DemoPorts {
  readonly service: number;
  readonly v1: number;
  readonly v2: number;
  readonly v1Moved: number;
}

const CALLERS = 3;
/** How long a copy that was sent may take to arrive. */
const ARRIVES_WITHIN_MS = 50;
const SERVER_HOST = '127.0.0.1';
/** Where the server-side proxy stands for the place that version 1 moves to. */
export const MOVED_ADDRESS = '127.0.10.3';

export class Demo {
  readonly protocol: DemoProtocol;
  readonly load: Load;
  readonly #manifests: ManifestFolder;
  readonly #ports: DemoPorts;
  readonly #virtualIp: string;
  #v1: DemoServer;
  readonly #v2: DemoServer;
  #leaving: DemoServer | undefined;
  #leavingSeen = 0;
  #copiesSeen = 0;

  private constructor(parts: {
    protocol: DemoProtocol;
    manifests: ManifestFolder;
    ports: DemoPorts;
    virtualIp: string;
    servers: readonly [DemoServer, DemoServer];
    callers: readonly Caller[];
  }) {
    this.protocol = parts.protocol;
    this.#manifests = parts.manifests;
    this.#ports = parts.ports;
    this.#virtualIp = parts.virtualIp;
    [this.#v1, this.#v2] = parts.servers;
    this.load = startLoad(parts.callers);
  }

  static async startServers(protocol: DemoProtocol, ports: DemoPorts): Promise<readonly [DemoServer, DemoServer]> {
    return [
      await protocol.startServer({ version: 'v1', host: SERVER_HOST, port: ports.v1 }),
      await protocol.startServer({ version: 'v2', host: SERVER_HOST, port: ports.v2 }),
    ];
  }

  static async start(
    protocol: DemoProtocol,
    manifests: ManifestFolder,
    ports: DemoPorts,
    virtualIp: string,
    servers: readonly [DemoServer, DemoServer],
  ): Promise<Demo> {
    const connect = async (): Promise<Caller> => protocol.connect(virtualIp, ports.service);
    const callers = await Promise.all(Array.from({ length: CALLERS }, connect));
    return new Demo({ protocol, manifests, ports, virtualIp, servers, callers });
  }

  get target(): Target {
    return this.protocol.target;
  }

  async connect(): Promise<Caller> {
    return this.protocol.connect(this.#virtualIp, this.#ports.service);
  }

  /** Puts a MetaRouter of routes/ in force. */
  useRoute(name: RouteName): void {
    this.#manifests.write(`route-${this.target.name}.yaml`, routeManifest(this.target, name));
  }

  /** Requests that version 2 received since the last call of this; waits until no more arrive, for nobody awaits a mirror. */
  async takeCopies(): Promise<number> {
    let seen = -1;
    while (seen !== this.#v2.requests) {
      seen = this.#v2.requests;
      await sleep(ARRIVES_WITHIN_MS);
    }
    const received = seen - this.#copiesSeen;
    this.#copiesSeen = seen;
    return received;
  }

  /** Replaces the place where version 1 runs: its server starts anew elsewhere, and one write tells the mesh so. */
  async moveVersion1(): Promise<void> {
    this.useRoute('all-to-v1');
    const moved = await this.protocol.startServer({ version: 'v1', host: SERVER_HOST, port: this.#ports.v1Moved });
    this.#leaving = this.#v1;
    this.#leavingSeen = this.#leaving.requests;
    this.#v1 = moved;
    const file = `${this.target.name}-v1.yaml`;
    const text = this.#manifests
      .template(file)
      .replace('127.0.10.1', MOVED_ADDRESS)
      .replace(String(this.#ports.v1), String(this.#ports.v1Moved));
    this.#manifests.write(file, text);
  }

  /** Whether callers reach the new place, and none the old one since the last call of this. */
  hasMoved(): boolean {
    const calls = this.#leaving === undefined ? 0 : this.#leaving.requests - this.#leavingSeen;
    this.#leavingSeen += calls;
    return calls === 0 && this.#v1.requests > 0;
  }

  async closeOldPlace(): Promise<void> {
    await this.#leaving?.close();
    this.#leaving = undefined;
  }

  async stop(): Promise<void> {
    await this.load.stop();
    await this.closeOldPlace();
    await this.#v1.close();
    await this.#v2.close();
  }
}
