/** Apache Dubbo on both ends: the desk of java/, compiled against the peer's jars, in processes that talk line by line. */
import { type ChildProcessByStdio, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { classPath } from '../peers/java-peer.ts';

const sources = path.join(import.meta.dirname, 'java');

/** Dubbo takes no address of loopback, which it would replace by another of the machine; names of it will do. */
const boundName = 'provider.test';

/** What a call came to: a result, a RpcException's code, or what was thrown on the other side. */
export interface Outcome {
  readonly result?: string;
  readonly code?: number;
  readonly thrown?: string;
  readonly message?: string;
}

export interface DeskCall {
  /** Such as `dubbo://desk.test:20880?timeout=1000`. */
  readonly url: string;
  /** One of DeskService's. */
  readonly method: string;
  readonly argument?: string;
  readonly attachments?: Readonly<Record<string, string>>;
}

type Child = ChildProcessByStdio<Writable, Readable, null>;

/** The desk's classes in a folder of their own, and how they are run. */
export class JavaDesk {
  readonly #folder = mkdtempSync(path.join(tmpdir(), 'isthmus-desk-'));
  readonly #classPath: string;

  /** `peer`: the classes of the installed peer. `hosts`: addresses by name, as the programs resolve them. */
  constructor(peer: string, hosts: Readonly<Record<string, string>>) {
    const jars = classPath(peer);
    const files = readdirSync(sources).map((file) => path.join(sources, file));
    execFileSync('javac', ['-d', this.#folder, '-cp', jars, ...files]);
    this.#classPath = [this.#folder, jars].join(path.delimiter);
    const named = { localhost: '127.0.0.1', [boundName]: '127.0.0.1', ...hosts };
    const lines = Object.entries(named).map(([name, address]) => `${address} ${name}\n`);
    writeFileSync(this.#hostsFile, lines.join(''));
  }

  get #hostsFile(): string {
    return path.join(this.#folder, 'hosts');
  }

  async provide(name: string, port: number): Promise<DeskProcess> {
    const provider = new DeskProcess(this.#run('desk.DeskProvider', name, String(port)));
    await provider.line();
    return provider;
  }

  async consume(): Promise<DeskConsumer> {
    const consumer = new DeskConsumer(this.#run('desk.DeskConsumer'));
    await consumer.line();
    void consumer.read();
    return consumer;
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true });
  }

  #run(main: string, ...parameters: readonly string[]): Child {
    const options = [
      ...['-Xmx160m', '-XX:TieredStopAtLevel=1', '-Djava.net.preferIPv4Stack=true'],
      ...[`-Djdk.net.hosts.file=${this.#hostsFile}`, `-Duser.home=${this.#folder}`],
      ...['-Dorg.slf4j.simpleLogger.defaultLogLevel=off', '-cp', this.#classPath],
    ];
    const env = { ...process.env, DUBBO_IP_TO_BIND: boundName };
    return spawn('java', [...options, main, ...parameters], { stdio: ['pipe', 'pipe', 'ignore'], env });
  }
}

export class DeskProcess {
  readonly #child: Child;
  readonly #lines: AsyncIterator<string>;

  constructor(child: Child) {
    this.#child = child;
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  }

  /** The next one that it says. */
  async line(): Promise<string> {
    const { done, value } = await this.#lines.next();
    if (done === true) throw new Error('the Java process ended');
    return value;
  }

  write(line: string): void {
    this.#child.stdin.write(`${line}\n`);
  }

  /** SIGTERM lets Dubbo say its farewells; resolves when the process has gone. */
  async kill(signal: 'SIGTERM' | 'SIGKILL' = 'SIGKILL'): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, 'exit');
    this.#child.kill(signal);
    await gone;
  }
}

export class DeskConsumer extends DeskProcess {
  readonly #waiting = new Map<string, (outcome: Outcome) => void>();
  #calls = 0;

  /** Calls run side by side. */
  async call({ url, method, argument = '', attachments = {} }: DeskCall): Promise<Outcome> {
    const number = String(++this.#calls);
    const pairs = Object.entries(attachments).map(([key, value]) => `${key}=${value}`);
    const outcome = new Promise<Outcome>((resolve) => this.#waiting.set(number, resolve));
    this.write([number, url, method, argument, ...pairs].join('\t'));
    return outcome;
  }

  /** Takes outcomes until the process ends. */
  async read(): Promise<void> {
    try {
      for (;;) this.#take((await this.line()).split('\t'));
    } catch (error) {
      for (const resolve of this.#waiting.values()) resolve({ message: String(error) });
    }
  }

  #take([number = '', kind, ...rest]: readonly string[]): void {
    this.#waiting.get(number)?.(outcomeOf(kind, rest));
    this.#waiting.delete(number);
  }
}

function outcomeOf(kind: string | undefined, [first = '', message = '']: readonly string[]): Outcome {
  if (kind === 'result') return { result: first };
  return kind === 'rpc' ? { code: Number(first), message } : { thrown: first, message };
}
