/** A ZooKeeper of its own, on loopback and a free port, with an empty store; and the few commands that tests give it. */
import { type ExecFileSyncOptions, execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { freePorts } from '../../../examples/quickstart/free-ports.ts';
import { findOnPath, installDebian } from '../debian.ts';
import type { Peer } from '../peer.ts';
import { isAccepting, ServerProcess } from '../server-process.ts';

const jar = '/usr/share/java/zookeeper.jar';
/** The one that TLS needs beside those that the first one names. */
const classPath = `${jar}:/usr/share/java/netty-codec.jar`;

export const zooKeeperPeer: Peer = {
  name: 'zookeeper',
  purpose: 'ZooKeeper 3.8, where Dubbo registers',
  find: () => (existsSync(jar) && findOnPath('java') !== undefined ? jar : undefined),
  install: () => installDebian(['zookeeper', 'default-jre-headless']),
};

export interface ZooKeeperServerOptions {
  /** With a certificate that it made for itself: see certificate. */
  readonly tls?: boolean;
  /** Which one of an ensemble it is, and the lines that all of them have. */
  readonly member?: { readonly id: number; readonly ensemble: readonly string[] };
}

const keyPassword = 'for-tests';

export class ZooKeeperServer {
  readonly #folder: string;
  readonly #options: ZooKeeperServerOptions;
  readonly port: number;
  #running: ServerProcess | undefined;

  private constructor(folder: string, port: number, options: ZooKeeperServerOptions) {
    this.#folder = folder;
    this.port = port;
    this.#options = options;
  }

  static async start(options: ZooKeeperServerOptions = {}): Promise<ZooKeeperServer> {
    const server = await ZooKeeperServer.plan(options);
    await server.restart();
    return server;
  }

  /** Without starting it: an ensemble's members wait for one another. */
  static async plan(options: ZooKeeperServerOptions): Promise<ZooKeeperServer> {
    const [port = 0] = await freePorts(1);
    const folder = mkdtempSync(path.join(tmpdir(), 'isthmus-zookeeper-'));
    const server = new ZooKeeperServer(folder, port, options);
    if (options.tls === true) makeCertificate(folder);
    return server;
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** Path of the certificate of a server with TLS, which it signed itself. */
  get certificate(): string {
    return path.join(this.#folder, 'cert.pem');
  }

  /** Starts it again with the store that it has. */
  async restart(): Promise<void> {
    await this.kill();
    const { member, tls = false } = this.#options;
    const main = member === undefined ? 'ZooKeeperServerMain' : 'quorum.QuorumPeerMain';
    const netty = 'org.apache.zookeeper.server.NettyServerCnxnFactory';
    this.#running = await ServerProcess.start({
      command: 'java',
      parameters: [
        ...['-Xmx256m', ...(tls ? [`-Dzookeeper.serverCnxnFactory=${netty}`] : [])],
        ...['-cp', classPath, `org.apache.zookeeper.server.${main}`, this.#configure()],
      ],
      isReady: async () => (tls ? isAccepting(this.port) : (await this.command('srvr')).includes('Mode:')),
    });
  }

  #configure(): string {
    const { member, tls = false } = this.#options;
    const data = path.join(this.#folder, 'data');
    mkdirSync(data, { recursive: true });
    if (member !== undefined) writeFileSync(path.join(data, 'myid'), String(member.id));
    const lines = [
      ...['tickTime=500', 'minSessionTimeout=1000', `dataDir=${data}`],
      ...(tls ? secureLines(this.#folder, this.port) : [`clientPort=${this.port}`, 'clientPortAddress=127.0.0.1']),
      ...['admin.enableServer=false', '4lw.commands.whitelist=*'],
      // A test's changes need not survive a loss of power.
      'forceSync=no',
      ...(member?.ensemble ?? []),
    ];
    const configuration = path.join(this.#folder, 'zoo.cfg');
    writeFileSync(configuration, `${lines.join('\n')}\n`);
    return configuration;
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

  /** One of four letters, such as `cons`. Rejects where no answer comes: a server that starts may never give one. */
  async command(letters: string): Promise<string> {
    const socket = createConnection({ port: this.port, host: '127.0.0.1' });
    socket.setTimeout(1_000, () => socket.destroy(new Error(`no answer to ${letters}`)));
    socket.write(letters);
    return text(socket);
  }

  async stop(): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function secureLines(folder: string, port: number): readonly string[] {
  return [
    ...[`secureClientPort=${port}`, 'secureClientPortAddress=127.0.0.1', 'ssl.clientAuth=none'],
    ...[`ssl.keyStore.location=${path.join(folder, 'keys.p12')}`, `ssl.keyStore.password=${keyPassword}`],
  ];
}

function makeCertificate(folder: string): void {
  const store = ['-keystore', 'keys.p12', '-storetype', 'PKCS12', '-storepass', keyPassword, '-alias', 'server'];
  const named = ['-dname', 'CN=localhost', '-ext', 'san=ip:127.0.0.1,dns:localhost', '-keyalg', 'EC', '-validity', '2'];
  const options: ExecFileSyncOptions = { cwd: folder, stdio: 'pipe' };
  execFileSync('keytool', ['-genkeypair', ...store, ...named], options);
  execFileSync('keytool', ['-exportcert', '-rfc', ...store, '-file', 'cert.pem'], options);
}
