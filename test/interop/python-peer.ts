/** Apache's Python library on both ends: processes that serve the desk and call it (python/desk.py). */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';

export interface DeskServer {
  /** Transport and protocol, as python/flavours.py names them. */
  readonly flavour: string;
  readonly version: string;
  readonly port: number;
}

export interface Session {
  readonly flavour: string;
  readonly port: number;
  readonly host: string;
  /** Methods with their argument, called one after the other on one connection. */
  readonly calls: readonly (readonly [method: string, argument?: string])[];
  /** The service that multiplexed calls name. */
  readonly service?: string;
  /** THeader's key-values. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** What a call came to: exactly one of result, refused (declared), exception (TApplicationException's type), failed. */
export interface Outcome {
  readonly result?: unknown;
  readonly refused?: string;
  readonly exception?: number;
  readonly message?: string;
  readonly failed?: string;
}

/** A Python script that talks line by line. */
class LineProcess {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: AsyncIterator<string>;

  constructor(python: string, script: string, parameters: readonly string[]) {
    const file = path.join(import.meta.dirname, 'python', script);
    this.#child = spawn(python, ['-B', file, ...parameters], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  async line(): Promise<string> {
    const { done, value } = await this.#lines.next();
    if (done === true) throw new Error('the Python process ended');
    return value;
  }

  write(line: string): void {
    this.#child.stdin.write(`${line}\n`);
  }

  /** It ends with its input. */
  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, 'exit');
    this.#child.stdin.end();
    await gone;
  }
}

/** Resolves once all listen. */
export async function startDeskServers(
  python: string,
  servers: readonly DeskServer[],
): Promise<{ stop(): Promise<void> }> {
  const child = new LineProcess(python, 'server.py', [JSON.stringify(servers)]);
  await child.line();
  return child;
}

export class DeskClient {
  readonly #child: LineProcess;

  constructor(python: string) {
    this.#child = new LineProcess(python, 'client.py', []);
  }

  async session({ headers = {}, service = '', ...session }: Session): Promise<readonly Outcome[]> {
    this.#child.write(JSON.stringify({ ...session, headers, service }));
    const outcomes: Outcome[] = JSON.parse(await this.#child.line());
    return outcomes;
  }

  async stop(): Promise<void> {
    await this.#child.stop();
  }
}
