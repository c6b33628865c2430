/** `isthmus proxy intercept`: the scripts of examples/interception, which lie beside the program, with its own words around. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import path from 'node:path';
import type { InterceptionWay } from '../cli/actions.ts';
import { ExitCode, IsthmusError, messageOf } from '../model/errors.ts';

const scripts = { route: 'intercept.sh', redirect: 'redirect.sh' } as const;

/** Throws UNAVAILABLE where the script, or what it calls, says that it cannot be done; USAGE where it is told so. */
export async function intercept(way: InterceptionWay, parameters: readonly string[]): Promise<ExitCode> {
  const child = spawn('sh', [scriptOf(way), ...parameters], { stdio: 'inherit' });
  const [code] = await once(child, 'exit').catch((cause: unknown) => {
    throw new IsthmusError('UNAVAILABLE', `sh cannot be started: ${messageOf(cause)}.`, { cause });
  });
  if (code === 0) return ExitCode.ok;
  return code === ExitCode.usage ? ExitCode.usage : ExitCode.unavailable;
}

/** Beside the bundle, or in the repository. */
function scriptOf(way: InterceptionWay): string {
  const places = ['..', '../..'].map((up) =>
    path.resolve(import.meta.dirname, up, 'examples/interception', scripts[way]),
  );
  const found = places.find(existsSync);
  if (found === undefined) throw new IsthmusError('UNAVAILABLE', `${scripts[way]} is not there: install isthmus anew.`);
  return found;
}
