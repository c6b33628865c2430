/**
 * A Nacos server of its own, without a console, on loopback and free ports, with an empty store. Its consensus protocol,
 * which one server alone does not need, is the one thing that cannot be bound to loopback.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { freePorts } from '../../../examples/quickstart/free-ports.ts';
import { classPath, javaPeer } from '../java-peer.ts';
import { ServerProcess } from '../server-process.ts';

const mainClass = 'NacosServer';

export const nacosPeer = javaPeer({
  name: 'nacos',
  purpose: 'Nacos 3.1, a registry',
  folder: import.meta.dirname,
  mainClass,
});

/** An instance as Nacos' HTTP API takes it; what is absent has the API's default. */
export interface NacosInstance {
  readonly serviceName: string;
  readonly groupName?: string;
  readonly namespaceId?: string;
  readonly ip: string;
  readonly port: number;
  readonly weight?: number;
  readonly healthy?: boolean;
  readonly enabled?: boolean;
  /** Goes with the server, or with its client; true by default. */
  readonly ephemeral?: boolean;
  readonly clusterName?: string;
  readonly metadata?: Readonly<Record<string, string>>;
}

export interface NacosServerOptions {
  /** Of the first user, `nacos`. Without one, whoever asks is answered. */
  readonly password?: string;
  /** Whether the HTTP API of 1.x is there as well. */
  readonly hasOldApi?: boolean;
}

/** Ephemeral instances live by heartbeats; those of tests live without for as long as a test may take. */
const noHeartbeats = { 'preserved.heart.beat.timeout': '600000', 'preserved.ip.delete.timeout': '600000' };
const open = ['java.lang', 'java.util', 'java.nio', 'sun.nio.ch'].map((name) => `java.base/${name}=ALL-UNNAMED`);

export class NacosServer {
  /** host:port of HTTP; gRPC is at the port and 1000. */
  readonly address: string;
  readonly #port: number;
  readonly #folder: string;
  readonly #options: NacosServerOptions;
  #process: ServerProcess | undefined;
  #token = '';

  private constructor(port: number, folder: string, options: NacosServerOptions) {
    this.#port = port;
    this.#folder = folder;
    this.#options = options;
    this.address = `127.0.0.1:${port}`;
  }

  static async start(options: NacosServerOptions = {}): Promise<NacosServer> {
    const folder = mkdtempSync(path.join(tmpdir(), 'isthmus-nacos-'));
    const server = new NacosServer(await freeBase(), folder, options);
    await server.restart();
    return server;
  }

  /** Starts it again with the store that it has: only persistent instances are in it. */
  async restart(): Promise<void> {
    await this.kill();
    const { password, hasOldApi = true } = this.#options;
    configure(this.#folder, { isAuthenticated: password !== undefined, hasOldApi });
    this.#process = await ServerProcess.start({
      command: 'java',
      parameters: parametersOf(this.#folder, this.#port),
      isReady: async () => (await fetch(`${this.#url}/v3/client/ns/instance/list?serviceName=x`)).status !== 503,
    });
    if (password !== undefined && this.#token === '') await this.#logIn(password);
  }

  /** Starts it again with nothing in its store. */
  async restartEmpty(): Promise<void> {
    await this.kill();
    rmSync(path.join(this.#folder, 'data'), { recursive: true, force: true });
    this.#token = '';
    await this.restart();
  }

  async kill(): Promise<void> {
    await this.#process?.kill();
  }

  freeze(): void {
    this.#process?.signal('SIGSTOP');
  }

  thaw(): void {
    this.#process?.signal('SIGCONT');
  }

  /** Registers an instance, or what changed of it. */
  async register({ metadata, ...instance }: NacosInstance): Promise<void> {
    const json = JSON.stringify({ ...noHeartbeats, ...metadata });
    await this.#call('POST', '/v3/client/ns/instance', { ...instance, metadata: json });
  }

  async deregister({ serviceName, groupName, namespaceId, ip, port, ephemeral }: NacosInstance): Promise<void> {
    const parameters = { serviceName, groupName, namespaceId, ip, port, ephemeral };
    await this.#call('DELETE', '/v3/client/ns/instance', parameters);
  }

  /** The last instance of its service, and the service, which would stay in lists for a minute or two. */
  async remove(instance: NacosInstance): Promise<void> {
    const { serviceName, groupName, namespaceId } = instance;
    await this.deregister(instance);
    await this.#call('DELETE', '/v3/admin/ns/service', { serviceName, groupName, namespaceId });
  }

  /** Changes an instance as an operator does it. */
  async update(instance: NacosInstance): Promise<void> {
    const metadata = JSON.stringify({ ...noHeartbeats, ...instance.metadata });
    await this.#call('PUT', '/v3/admin/ns/instance', { ...instance, metadata });
  }

  async createNamespace(id: string): Promise<void> {
    await this.#call('POST', '/v3/admin/core/namespace', { namespaceId: id, namespaceName: id });
  }

  async stop(): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  get #url(): string {
    return `http://${this.address}/nacos`;
  }

  /** The first user is made by whoever comes first; it takes the server a moment to know it. */
  async #logIn(password: string): Promise<void> {
    await this.#call('POST', '/v3/auth/user/admin', { password });
    const body = new URLSearchParams({ username: 'nacos', password });
    for (const end = performance.now() + 60_000; this.#token === ''; ) {
      const response = await fetch(`${this.#url}/v3/auth/user/login`, { method: 'POST', body });
      if (response.ok) this.#token = tokenIn(await response.json());
      else if (performance.now() > end) throw new Error(`login: ${response.status} ${await response.text()}`);
    }
  }

  async #call(
    method: string,
    call: string,
    parameters: Readonly<Record<string, string | number | boolean | undefined>>,
  ): Promise<void> {
    const form = new URLSearchParams();
    for (const [name, value] of Object.entries({ ...parameters, accessToken: this.#token || undefined }))
      if (value !== undefined) form.set(name, String(value));
    const response = await fetch(`${this.#url}${call}?${form}`, { method });
    if (!response.ok) throw new Error(`${method} ${call}: ${response.status} ${await response.text()}`);
  }
}

function parametersOf(folder: string, port: number): readonly string[] {
  const classes = nacosPeer.find();
  if (classes === undefined) throw new Error('nacos is not installed');
  const properties = {
    'nacos.standalone': 'true',
    'nacos.home': folder,
    'nacos.logs.path': path.join(folder, 'logs'),
    'nacos.inetutils.ip-address': '127.0.0.1',
    'nacos.remote.grpc.listen.ip': '127.0.0.1',
    'nacos.server.main.port': port,
    'server.port': port,
    'server.address': '127.0.0.1',
    'spring.config.additional-location': `file:${folder}/conf/`,
  };
  return [
    ...['-Xmx384m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'],
    ...open.flatMap((module) => ['--add-opens', module]),
    ...Object.entries(properties).map(([name, value]) => `-D${name}=${value}`),
    // Two jars bear the same classes; with the other one first it never pushes, and does not say why.
    ...['-cp', classPath(classes, ['hessian-4']), mainClass],
  ];
}

interface Configuration {
  readonly isAuthenticated: boolean;
  readonly hasOldApi: boolean;
}

function configure(folder: string, { isAuthenticated, hasOldApi }: Configuration): void {
  const properties = {
    'nacos.core.auth.system.type': 'nacos',
    'nacos.core.auth.enabled': isAuthenticated,
    'nacos.core.auth.admin.enabled': isAuthenticated,
    'nacos.core.auth.server.identity.key': 'isthmus',
    'nacos.core.auth.server.identity.value': 'isthmus',
    'nacos.core.auth.plugin.nacos.token.secret.key': Buffer.alloc(48, 'isthmus').toString('base64'),
    'nacos.core.api.compatibility.client.enabled': hasOldApi,
    // So that tests wait no longer than they have to; 500 ms by default.
    'nacos.naming.push.pushTaskDelay': 20,
    'db.pool.config.connectionTimeout': 60_000,
  };
  mkdirSync(path.join(folder, 'conf'), { recursive: true });
  const lines = Object.entries(properties).map(([name, value]) => `${name}=${value}\n`);
  writeFileSync(path.join(folder, 'conf/application.properties'), lines.join(''), { mode: 0o600 });
}

/** A free port of which those that the server derives from it are free as well. */
async function freeBase(): Promise<number> {
  for (;;) {
    const [port = 0] = await freePorts(1);
    const others = await Promise.all([port - 1_000, port + 1_000, port + 1_001].map(isFree));
    if (others.every(Boolean)) return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '0.0.0.0', () => server.close(() => resolve(true)));
  });
}

function tokenIn(value: unknown): string {
  const token: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, 'accessToken') : undefined;
  if (typeof token !== 'string') throw new Error(`no token in ${JSON.stringify(value)}`);
  return token;
}
