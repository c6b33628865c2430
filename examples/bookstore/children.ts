/** Programs that this one started. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** By itself or by a signal; also true of what could not be started. */
export function hasEnded({ exitCode, signalCode, pid }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null || pid === undefined;
}

/** Without a word of farewell; resolves once they are gone. */
export async function kill(...children: readonly ChildProcess[]): Promise<void> {
  const running = children.filter((child) => !hasEnded(child));
  const gone = running.map((child) => once(child, 'exit'));
  for (const child of running) child.kill('SIGKILL');
  await Promise.all(gone);
}
