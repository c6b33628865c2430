/**
 * `npm run test:peers`: installs the peers that can be installed, says in one line what is missing, and runs the suites
 * that need them. With PEERS=required a missing peer is a failure.
 */
import { spawnSync } from 'node:child_process';
import { messageOf } from '../../src/model/errors.ts';
import type { Peer } from './peer.ts';
import { peers } from './peers.ts';

function provide(peer: Peer): boolean {
  if (peer.find() !== undefined) return true;
  process.stderr.write(`installing ${peer.name} ... `);
  try {
    peer.install();
  } catch (error) {
    process.stderr.write(`failed: ${messageOf(error).split('\n').slice(0, 3).join(' ')}\n`);
    return false;
  }
  const found = peer.find() !== undefined;
  process.stderr.write(found ? 'done\n' : 'failed: installed, yet not found\n');
  return found;
}

const missing = peers.filter((peer) => !provide(peer));
for (const peer of missing) console.error(`missing peer: ${peer.name} (${peer.purpose})`);
if (missing.length > 0 && process.env.PEERS === 'required') {
  console.error('PEERS=required, and a peer is missing.');
  process.exit(1);
}
const projects = ['peers', 'registries', 'kubernetes'].flatMap((name) => ['--project', name]);
const result = spawnSync('vitest', ['run', ...projects, ...process.argv.slice(2)], { stdio: 'inherit' });
process.exit(result.status ?? 1);
