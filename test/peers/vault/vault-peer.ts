/**
 * Vault 1.21.4, built from its Go module. Not among the peers that everybody installs, for it takes a quarter of an hour of both
 * cores and 6 GB of modules: `node test/peers/vault/install.ts`.
 *
 * The module lacks the two that Vault keeps beside it, and those that are published under their numbers are a little newer:
 * three calls are adapted to them, none of which has to do with certificates.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { cacheFolder } from '../cache.ts';
import { goModuleFolder } from '../go-peer.ts';
import type { Peer } from '../peer.ts';

const module = 'github.com/hashicorp/vault';
const manifest = path.join(import.meta.dirname, 'go.mod');
const cache = (): string => cacheFolder('vault', manifest);
const program = (): string => path.join(cache(), 'vault');

interface Adaptation {
  readonly file: string;
  readonly before: string;
  readonly after: string;
}

const adaptations: readonly Adaptation[] = [
  {
    file: 'vault/identity_store.go',
    before: 'ActivationFunc: iStore.activateDeduplication,',
    after:
      'ActivationFunc: func(ctx context.Context, req *logical.Request, _ string) error { return iStore.activateDeduplication(ctx, req) },',
  },
  {
    file: 'vault/logical_system_activation_flags.go',
    before: 'ActivationFunc(ctx, nil)',
    after: 'ActivationFunc(ctx, nil, "")',
  },
  {
    file: 'builtin/logical/transit/path_restore.go',
    before: 'restoredKeyName, err := b.lm',
    after: 'restoredKeyName := keyName\n\terr := b.lm',
  },
];

export const vaultPeer: Peer = {
  name: 'vault',
  purpose: 'Vault 1.21, an authority with an API',
  find: () => (existsSync(program()) ? program() : undefined),
  install,
};

function install(): void {
  const source = path.join(cache(), 'source');
  rmSync(source, { recursive: true, force: true });
  mkdirSync(source);
  cpSync(manifest, path.join(cache(), 'go.mod'));
  go(cache(), 'mod', 'download', module);
  execFileSync('cp', ['-r', '--no-preserve=mode', `${goModuleFolder(cache(), module)}/.`, source]);
  for (const { file, before, after } of adaptations) replace(path.join(source, file), before, after);
  const declared = path.join(source, 'go.mod');
  const own = /^replace github\.com\/hashicorp\/vault\/.*\n/gm;
  writeFileSync(declared, readFileSync(declared, 'utf8').replace(own, ''));
  go(source, 'build', '-trimpath', '-ldflags=-s -w', '-o', program(), '.');
  rmSync(source, { recursive: true });
}

function replace(file: string, before: string, after: string): void {
  const text = readFileSync(file, 'utf8');
  if (!text.includes(before)) throw new Error(`${file} is not as it was in the version that is pinned`);
  writeFileSync(file, text.replace(before, after));
}

function go(cwd: string, ...parameters: readonly string[]): void {
  const environment = { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-mod=mod -buildvcs=false -p=2' };
  execFileSync('go', parameters, { cwd, env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
}
