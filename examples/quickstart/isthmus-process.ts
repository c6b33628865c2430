/** Runs the product as its users do: `isthmus run` and `isthmus proxy`, as processes of their own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const program = path.resolve(import.meta.dirname, '../../dist/isthmus.mjs');

export interface IsthmusProcess {
  readonly pid: number;
  readonly admin: string;
  readonly log: string;
  /** Asks it to shut down (SIGTERM) and waits until it has. */
  stop(): Promise<void>;
}

/** Starts the program and waits until it says on its admin address that it is ready. */
export async function startIsthmus(parameters: readonly string[], admin: string, log: string): Promise<IsthmusProcess> {
  const output = openSync(log, 'w');
  const child = spawn(process.execPath, [program, ...parameters, '--admin', admin, '--log-format', 'text'], {
    stdio: ['ignore', output, output],
  });
  closeSync(output);
  await untilReady(child, admin, parameters, log);
  return { pid: child.pid ?? 0, admin, log, stop: () => stop(child) };
}

async function untilReady(
  child: ChildProcess,
  admin: string,
  parameters: readonly string[],
  log: string,
): Promise<void> {
  const deadline = performance.now() + 20_000;
  const path = parameters[0] === 'proxy' ? '/ready' : '/readyz';
  while (child.exitCode === null && performance.now() < deadline) {
    if (await answers(`http://${admin}${path}`)) return;
    await sleep(20);
  }
  await stop(child);
  throw new Error(`isthmus ${parameters.join(' ')} did not get ready. Its log:\n${readFileSync(log, 'utf8')}`);
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok;
  } catch {
    return false;
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 15_000);
  await gone;
  clearTimeout(timer);
}
