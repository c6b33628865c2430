/** The program of examples/bookstore, started as its reader starts it, and all the processes that come of it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { until } from '../../../examples/bookstore/until.ts';

const root = path.resolve(import.meta.dirname, '../../..');

export class RunningBookstore {
  readonly folder = mkdtempSync(path.join(tmpdir(), 'isthmus-bookstore-'));
  /** By an inherited variable the processes of this one are told from those of all others. */
  readonly #mark = `ISTHMUS_BOOKSTORE_OF_TEST=${randomUUID()}`;
  readonly #npx: ChildProcess;
  readonly #ended: Promise<unknown>;
  #said = '';

  constructor(command: string) {
    const [name = '', value = ''] = this.#mark.split('=');
    const env = { ...process.env, [name]: value };
    const parameters = ['-c', `exec ${command} --folder ${this.folder}`];
    this.#npx = spawn('/bin/sh', parameters, { cwd: root, env, stdio: ['ignore', 'ignore', 'pipe'] });
    this.#ended = once(this.#npx, 'close');
    this.#npx.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#said += text;
    });
  }

  said(): string {
    return this.#said;
  }

  /** Numbers of all processes that came of it. */
  processes(): readonly number[] {
    const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
    return all.filter((pid) => contains(`/proc/${pid}/environ`, this.#mark)).map(Number);
  }

  /** Resolves once nobody writes to its terminal any more. */
  async interrupt(whom: 'npx' | 'program', signal: NodeJS.Signals): Promise<void> {
    const program = this.processes().find((pid) =>
      contains(`/proc/${pid}/cmdline`, 'node\0examples/bookstore/bookstore.ts'),
    );
    const pid = whom === 'npx' ? this.#npx.pid : program;
    if (pid === undefined) throw new Error('it does not run');
    process.kill(pid, signal);
    await this.#ended;
  }

  /** With the last process in a network namespace its interfaces are gone. */
  async untilNothingIsLeft(): Promise<void> {
    await until('nothing is left of the bookstore', () => this.processes().length === 0);
  }

  async stop(): Promise<void> {
    for (const pid of this.processes()) process.kill(pid, 'SIGKILL');
    await this.untilNothingIsLeft();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function contains(file: string, text: string): boolean {
  try {
    return readFileSync(file, 'latin1').includes(text);
  } catch {
    return false; // it has ended meanwhile
  }
}
