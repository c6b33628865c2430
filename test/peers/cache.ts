/** Where peers are kept: outside the clone, keyed by the manifest that names them, so that a fresh clone finds them built. */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';

const root = process.env.ISTHMUS_PEERS ?? path.join(homedir(), '.cache/isthmus/peers');

/** The folder of one peer at the version that its manifest names; created when it is not there. */
export function cacheFolder(peer: string, manifest: string): string {
  const hash = createHash('sha256').update(readFileSync(manifest)).digest('hex').slice(0, 12);
  const folder = path.join(root, `${peer}-${hash}`);
  mkdirSync(folder, { recursive: true });
  return folder;
}
