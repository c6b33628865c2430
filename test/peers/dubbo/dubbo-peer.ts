/**
 * Apache Dubbo's own provider and consumer, unmodified, with a main of a few lines each: an Echo that is served and called.
 * A provider listens on loopback alone, and is registered at an address that nobody has.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { classPath, javaPeer } from '../java-peer.ts';
import { isAccepting, ServerProcess } from '../server-process.ts';

export const dubboPeer = javaPeer({
  name: 'dubbo',
  purpose: "Apache Dubbo 3.3's provider and consumer",
  folder: import.meta.dirname,
  mainClass: 'Provider',
});

export interface DubboProviderOptions {
  /** Port of each protocol: `{ dubbo: 20880, tri: 50051 }`. */
  readonly protocols: Readonly<Record<string, number>>;
  /** Such as zookeeper://127.0.0.1:2181; without one it registers nowhere. */
  readonly registry?: string;
  /** Interfaces, applications (`instance`), or both (`all`, the default). */
  readonly level?: 'all' | 'interface' | 'instance';
  readonly application?: string;
  /** What its method `who` answers. */
  readonly name?: string;
  readonly version?: string;
  readonly group?: string;
  readonly weight?: number;
  readonly parameters?: Readonly<Record<string, string>>;
}

/** Dubbo takes no address of loopback; a name of it will do. */
const loopbackName = 'dubbo.test';

/** Where providers are registered. */
export const registeredAddress = '10.99.0.1';

export interface DubboCall {
  /** Such as dubbo://127.0.0.1:20880, with any address of loopback: Dubbo would call another, and is told a name of it. */
  readonly url?: string;
  readonly registry?: string;
  readonly version?: string;
  readonly group?: string;
  readonly timeout?: number;
  readonly times?: number;
  /** Milliseconds between calls. */
  readonly pause?: number;
  readonly attachments?: Readonly<Record<string, string>>;
  /** One of Echo's. */
  readonly method: string;
  readonly parameters?: readonly string[];
}

export class DubboProvider {
  readonly #folder: string;
  readonly #process: ServerProcess;

  private constructor(folder: string, running: ServerProcess) {
    this.#folder = folder;
    this.#process = running;
  }

  static async start(options: DubboProviderOptions): Promise<DubboProvider> {
    const folder = mkdtempSync(path.join(tmpdir(), 'isthmus-dubbo-'));
    const ports = Object.values(options.protocols);
    const running = await ServerProcess.start({
      command: 'java',
      parameters: [...jvm(folder, '127.0.0.1'), 'Provider', ...providerArguments(options)],
      environment: { DUBBO_IP_TO_BIND: loopbackName, DUBBO_IP_TO_REGISTRY: registeredAddress },
      isReady: async () => (await Promise.all(ports.map((port) => isAccepting(port)))).every(Boolean),
    });
    return new DubboProvider(folder, running);
  }

  freeze(): void {
    this.#process.signal('SIGSTOP');
  }

  thaw(): void {
    this.#process.signal('SIGCONT');
  }

  /** Without a goodbye to its registry. */
  async kill(): Promise<void> {
    await this.#process.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Takes itself from its registry first. */
  async stop(): Promise<void> {
    await this.#process.terminate();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** What the consumer printed of each call: `= RESULT`, or `! CLASS: MESSAGE`. */
export async function callDubbo(call: DubboCall): Promise<readonly string[]> {
  const { method, parameters = [], attachments = {}, url, ...named } = call;
  const [address] = /127\.\d+\.\d+\.\d+/.exec(url ?? '') ?? ['127.0.0.1'];
  const folder = mkdtempSync(path.join(tmpdir(), 'isthmus-dubbo-'));
  try {
    const called = url === undefined ? [] : [['url', url.replace(address, loopbackName)] as const];
    const options = [...called, ...Object.entries(named), ...pairs('attachment', attachments)];
    const all = [
      ...jvm(folder, address),
      'Consumer',
      ...options.flatMap(([name, value]) => [`--${name}`, String(value)]),
    ];
    const { stdout } = await promisify(execFile)('java', [...all, method, ...parameters], { timeout: 120_000 });
    return stdout.split('\n').filter((line) => /^[=!] /.test(line));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function providerArguments({ protocols, parameters = {}, ...named }: DubboProviderOptions): readonly string[] {
  const listed = Object.entries(protocols).map(([protocol, port]) => ['protocol', `${protocol}:${port}`] as const);
  const options = [...listed, ...Object.entries(named), ...pairs('parameter', parameters)];
  return options.flatMap(([name, value]) => [`--${name}`, String(value)]);
}

function pairs(name: string, record: Readonly<Record<string, string>>): readonly (readonly [string, string])[] {
  return Object.entries(record).map(([key, value]) => [name, `${key}=${value}`]);
}

/** Small, quick to start, and with its files in a folder of its own. `loopback`: what the name of it stands for. */
function jvm(folder: string, loopback: string): readonly string[] {
  const classes = dubboPeer.find();
  if (classes === undefined) throw new Error('Dubbo is not installed');
  const hosts = path.join(folder, 'hosts');
  writeFileSync(hosts, `127.0.0.1 localhost\n${loopback} ${loopbackName}\n`);
  return [
    ...['-Xmx160m', '-XX:TieredStopAtLevel=1', '-Djava.net.preferIPv4Stack=true'],
    ...[`-Djdk.net.hosts.file=${hosts}`, `-Duser.home=${folder}`],
    ...['-Dorg.slf4j.simpleLogger.defaultLogLevel=warn', '-cp', classPath(classes)],
  ];
}
