/** A ZooKeeper of its own, on loopback and a free port, with an empty store; and the few commands that tests give it. */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { freePorts } from '../../../examples/quickstart/free-ports.ts';
import { findOnPath, installDebian } from '../debian.ts';
import type { Peer } from '../peer.ts';
import { ServerProcess } from '../server-process.ts';

const jar = '/usr/share/java/zookeeper.jar';

export const zooKeeperPeer: Peer = {
  name: 'zookeeper',
  purpose: 'ZooKeeper 3.8, where Dubbo registers',
  find: () => (existsSync(jar) && findOnPath('java') !== undefined ? jar : undefined),
  install: () => installDebian(['zookeeper', 'default-jre-headless']),
};

export class ZooKeeperServer {
  readonly #folder: string;
  readonly port: number;
  #running: ServerProcess | undefined;

  private constructor(folder: string, port: number) {
    this.#folder = folder;
    this.port = port;
  }

  static async start(): Promise<ZooKeeperServer> {
    const [port = 0] = await freePorts(1);
    const server = new ZooKeeperServer(mkdtempSync(path.join(tmpdir(), 'isthmus-zookeeper-')), port);
    await server.restart();
    return server;
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** Starts it again with the store that it has. */
  async restart(): Promise<void> {
    await this.kill();
    const data = path.join(this.#folder, 'data');
    mkdirSync(data, { recursive: true });
    const configuration = path.join(this.#folder, 'zoo.cfg');
    const lines = [
      'tickTime=500',
      'minSessionTimeout=1000',
      `dataDir=${data}`,
      `clientPort=${this.port}`,
      'clientPortAddress=127.0.0.1',
      'admin.enableServer=false',
      '4lw.commands.whitelist=*',
      // A test's changes need not survive a loss of power.
      'forceSync=no',
    ];
    writeFileSync(configuration, `${lines.join('\n')}\n`);
    this.#running = await ServerProcess.start({
      command: 'java',
      parameters: ['-Xmx256m', '-cp', jar, 'org.apache.zookeeper.server.ZooKeeperServerMain', configuration],
      isReady: async () => (await this.command('ruok')) === 'imok' && (await this.command('srvr')).includes('Mode:'),
      readyWithin: 30_000,
    });
  }

  /** Starts it again with nothing in its store. */
  async restartEmpty(): Promise<void> {
    await this.kill();
    rmSync(path.join(this.#folder, 'data'), { recursive: true, force: true });
    await this.restart();
  }

  async kill(): Promise<void> {
    await this.#running?.kill();
  }

  freeze(): void {
    this.#running?.signal('SIGSTOP');
  }

  thaw(): void {
    this.#running?.signal('SIGCONT');
  }

  /** One of four letters, such as `cons`. */
  async command(letters: string): Promise<string> {
    const socket = createConnection({ port: this.port, host: '127.0.0.1' });
    socket.write(letters);
    return text(socket);
  }

  async stop(): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
