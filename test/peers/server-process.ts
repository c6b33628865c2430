/** A server that a suite starts, watches and ends. One that ends by itself fails the suite with its last lines. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createConnection } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface ServerCommand {
  readonly command: string;
  readonly parameters: readonly string[];
  readonly cwd?: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** Resolves when it can be used; called again and again until it gives true. */
  readonly isReady: () => Promise<boolean>;
}

const keptCharacters = 4000;
/** Ends what hangs: a machine that does much else takes a minute for a start of Java. */
const readyWithinMs = 180_000;

export class ServerProcess {
  readonly #child: ChildProcess;
  #output = '';
  #isEnding = false;

  private constructor(child: ChildProcess) {
    this.#child = child;
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk: Buffer) => {
        this.#output = `${this.#output}${chunk}`.slice(-keptCharacters);
      });
  }

  /** Rejects with its last lines when it ends, or is not ready in time. */
  static async start(server: ServerCommand): Promise<ServerProcess> {
    const { command, parameters, cwd, environment, isReady } = server;
    const child = spawn(command, parameters, {
      ...(cwd === undefined ? {} : { cwd }),
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const running = new ServerProcess(child);
    for (const end = performance.now() + readyWithinMs; performance.now() < end; await sleep(50)) {
      running.check();
      if (await isReady().catch(() => false)) return running;
    }
    await running.kill();
    throw new Error(`${command} is not ready within ${readyWithinMs} ms:\n${running.#output}`);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Throws when it has ended by itself. */
  check(): void {
    const { exitCode, signalCode, spawnfile } = this.#child;
    if (this.#isEnding || (exitCode === null && signalCode === null)) return;
    throw new Error(`${spawnfile} ended with ${exitCode ?? signalCode}:\n${this.#output}`);
  }

  signal(name: 'SIGSTOP' | 'SIGCONT'): void {
    this.#child.kill(name);
  }

  /** As a crash does: at once, without a chance to say goodbye. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  async terminate(): Promise<void> {
    await this.#end('SIGTERM');
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    this.#isEnding = true;
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, 'exit');
    this.#child.kill(signal);
    await gone;
  }
}

/** Whether something listens there. */
export async function isAccepting(port: number, host = '127.0.0.1'): Promise<boolean> {
  const socket = createConnection({ port, host });
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
