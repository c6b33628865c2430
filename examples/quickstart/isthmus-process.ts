/** Runs the product as its users do: `isthmus run` and `isthmus proxy`, as processes of their own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cleanup } from './cleanup.ts';

const program = path.resolve(import.meta.dirname, '../../dist/isthmus.mjs');
const READY_WITHIN_MS = 90_000;
const STOPS_WITHIN_MS = 15_000;
const SHOWN_LOG_LINES = 15;

/** Starts the program and waits until it says on its admin address that it is ready. `cleanup` stops it. */
export async function startIsthmus(
  parameters: readonly string[],
  admin: string,
  log: string,
  cleanup: Cleanup,
): Promise<ChildProcess> {
  if (!existsSync(program)) throw new Error(`${program} is not there; "npm run build" makes it`);
  const child = cleanup.own(() => spawnIsthmus([...parameters, '--admin', admin], log), stop);
  await untilReady(child, admin, parameters, log);
  return child;
}

function spawnIsthmus(parameters: readonly string[], log: string): ChildProcess {
  const output = openSync(log, 'w');
  const child = spawn(process.execPath, [program, ...parameters, '--log-format', 'text'], {
    stdio: ['ignore', output, output],
  });
  closeSync(output);
  // If this program ends without having stopped it, whatever the reason.
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  child.once('exit', () => process.off('exit', kill));
  return child;
}

async function untilReady(
  child: ChildProcess,
  admin: string,
  parameters: readonly string[],
  log: string,
): Promise<void> {
  const deadline = performance.now() + READY_WITHIN_MS;
  const url = `http://${admin}${parameters[0] === 'proxy' ? '/ready' : '/readyz'}`;
  while (!hasEnded(child) && performance.now() < deadline) {
    if (await answers(url)) return;
    await sleep(20);
  }
  const how = hasEnded(child)
    ? `ended with ${child.exitCode ?? child.signalCode}`
    : `did not get ready within ${READY_WITHIN_MS / 1000} s`;
  const lines = readFileSync(log, 'utf8').trimEnd().split('\n').slice(-SHOWN_LOG_LINES);
  throw new Error(`"isthmus ${parameters.join(' ')}" ${how}. Its log ends with:\n  ${lines.join('\n  ')}`);
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok;
  } catch {
    return false;
  }
}

/** Asks it to shut down and waits until it has. */
async function stop(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOPS_WITHIN_MS);
  await gone;
  clearTimeout(timer);
}
