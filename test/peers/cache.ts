/** Where peers are kept: outside the clone, keyed by the manifest that names them, so that a fresh clone finds them built. */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';

const root = process.env.ISTHMUS_PEERS ?? path.join(homedir(), '.cache/isthmus/peers');

/** The folder of one peer as these files make it: its manifest, and what of ours is built; created when it is not there. */
export function cacheFolder(peer: string, ...files: readonly string[]): string {
  const hash = createHash('sha256');
  for (const file of files) hash.update(readFileSync(file));
  const folder = path.join(root, `${peer}-${hash.digest('hex').slice(0, 12)}`);
  mkdirSync(folder, { recursive: true });
  return folder;
}
