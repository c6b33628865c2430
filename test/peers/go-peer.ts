/** Peers that are Go programs: built from a manifest beside their script, into the cache. */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync } from 'node:fs';
import path from 'node:path';
import { cacheFolder } from './cache.ts';
import type { Peer } from './peer.ts';

interface GoProgram {
  readonly name: string;
  readonly purpose: string;
  /** Folder with go.mod and go.sum. */
  readonly folder: string;
  /** What is built: an import path. */
  readonly source: string;
  /** What the program is told of itself, by variable. */
  readonly linkerVariables?: Readonly<Record<string, string>>;
  /** Build tags. */
  readonly tags?: readonly string[];
  /** For the go command, beside its flags. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Programs of one manifest share a cache; its name is the program's when absent. */
  readonly cache?: string;
}

/** One build at a time, on all cores but with few at once: the linker of a large program takes gigabytes. */
const flags = ['-mod=mod', '-buildvcs=false', '-p=2'].join(' ');

export function goPeer({
  name,
  purpose,
  folder,
  source,
  linkerVariables = {},
  tags = [],
  environment,
  cache: shared,
}: GoProgram): Peer {
  const cache = (): string => cacheFolder(shared ?? name, path.join(folder, 'go.mod'));
  const set = Object.entries(linkerVariables).map(([variable, value]) => `-X ${variable}=${value}`);
  const program = (): string => path.join(cache(), name);
  return {
    name,
    purpose,
    find: () => (existsSync(program()) ? program() : undefined),
    install: () => {
      // Built in the cache: the go command completes go.mod and go.sum, and those of the clone stay as they are.
      for (const file of ['go.mod', 'go.sum']) cpSync(path.join(folder, file), path.join(cache(), file));
      const built = [`-tags=${tags.join(',')}`, `-ldflags=${['-s -w', ...set].join(' ')}`, '-o', name, source];
      execFileSync('go', ['build', '-trimpath', ...built], {
        cwd: cache(),
        env: { ...process.env, ...environment, GOFLAGS: flags },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
    },
  };
}

/** The folder of a module in Go's cache, which has it once the program was built. */
export function goModuleFolder(cwd: string, module: string): string {
  const options = { cwd, env: { ...process.env, GOFLAGS: '-mod=mod' }, encoding: 'utf8' } as const;
  return execFileSync('go', ['list', '-m', '-f', '{{.Dir}}', module], options).trim();
}
