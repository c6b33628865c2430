/** For tests: the built program as a process, as its users start it. Nothing outlives the test. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';

export const program = path.resolve(import.meta.dirname, '../../dist/isthmus.mjs');
export const quickstartManifests = path.resolve(import.meta.dirname, '../../examples/quickstart/manifests');

/** Flags with which nobody is met: each address has a port of the kernel's choice. */
export const freePorts = ['--xds', '127.0.0.1:0', '--admin', '127.0.0.1:0'] as const;

export interface RunningProgram {
  readonly process: ChildProcess;
  /** What it wrote to standard error so far. */
  log(): string;
  /** Resolves with the exit code, or the name of the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>;
}

export interface RunningIsthmus extends RunningProgram {
  readonly xds: string;
  readonly admin: string;
  /** Empty where DNS is not served. */
  readonly dns: string;
}

export interface Outcome {
  readonly code: number | NodeJS.Signals;
  readonly stdout: string;
  readonly stderr: string;
}

interface Surroundings {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** A command that starts the program: what follows it is Node, the program and its parameters. */
  readonly by?: readonly string[];
}

/** A folder that goes with the test. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'isthmus-test-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** `isthmus run`. Resolves when it serves, and fails with its log when it ends before. */
export async function startIsthmus(
  parameters: readonly string[],
  surroundings: Surroundings = {},
): Promise<RunningIsthmus> {
  const started = await startUntil('serving', ['run', ...parameters], surroundings);
  const line = started
    .log()
    .split('\n')
    .find((one) => one.includes('"msg":"serving"'));
  const { xds = '', admin = '', dns = '' } = JSON.parse(line ?? '{}') as Readonly<Record<string, string>>;
  return { ...started, xds, admin, dns };
}

/** A command that runs until it is told to stop. Resolves when its log has a message that begins so. */
export async function startUntil(
  message: string,
  parameters: readonly string[],
  surroundings: Surroundings = {},
): Promise<RunningProgram> {
  const [command = '', ...rest] = parameters;
  const child = launch([command, '--log-format', 'json', ...rest], surroundings);
  let log = '';
  const ended = end(child);
  const arrived = new Promise<void>((resolve) => {
    child.stderr?.on('data', (chunk: Buffer) => {
      log += String(chunk);
      const lines = log.split('\n').slice(0, -1);
      if (lines.some((line) => line.includes(`"msg":"${message}`))) resolve();
    });
  });
  const early = await Promise.race([arrived, ended]);
  if (early !== undefined) throw new Error(`isthmus ${command} ended with ${early} before "${message}":\n${log}`);
  return { process: child, log: () => log, ended };
}

/** Any command, run to its end. */
export async function runIsthmus(
  parameters: readonly string[],
  surroundings: Surroundings & { readonly input?: string } = {},
): Promise<Outcome> {
  const child = launch(parameters, surroundings);
  let [stdout, stderr] = ['', ''];
  child.stdout?.on('data', (chunk: Buffer) => (stdout += String(chunk)));
  child.stderr?.on('data', (chunk: Buffer) => (stderr += String(chunk)));
  child.stdin?.end(surroundings.input ?? '');
  const code = await end(child);
  return { code, stdout, stderr };
}

function launch(parameters: readonly string[], { cwd, env, by = [] }: Surroundings): ChildProcess {
  const [command = '', ...rest] = [...by, process.execPath, program, ...parameters];
  const child = spawn(command, rest, {
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(cwd === undefined ? {} : { cwd }),
    env: { ...process.env, ...env },
  });
  child.stdin?.on('error', () => {});
  child.stdout?.resume();
  onTestFinished(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  });
  return child;
}

async function end(child: ChildProcess): Promise<number | NodeJS.Signals> {
  await once(child, 'close');
  return child.exitCode ?? child.signalCode ?? 'SIGKILL';
}
