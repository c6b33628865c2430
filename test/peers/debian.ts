/** Peers that are packages of Debian. */
import { execFileSync } from 'node:child_process';

export function installDebian(packages: readonly string[]): void {
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  run('apt-get', ['update', '-qq'], environment);
  run(
    'apt-get',
    ['install', '-y', '-qq', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=300', ...packages],
    environment,
  );
}

export function findOnPath(command: string): string | undefined {
  try {
    return run('which', [command]).trim();
  } catch {
    return undefined;
  }
}

function run(command: string, parameters: readonly string[], environment: NodeJS.ProcessEnv = process.env): string {
  return execFileSync(command, parameters, { encoding: 'utf8', env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
}
