/**
 * `npx node examples/bookstore/bookstore.ts`: the bookstore, up and running, for the steps of README.md.
 *
 * Says every few seconds what the buyer and the thief met. Ends, and takes everything with it, at Ctrl-C. Exit code 64 for
 * a wrong option, 69 if it could not run, 130 if it was interrupted.
 */
import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Cleanup, Interrupted } from '../quickstart/cleanup.ts';
import { findEnvoy, isInstalled } from './envoy.ts';
import { writePlaces } from './places.ts';
import { Scene } from './scene.ts';

const USAGE = 'Usage: npx node examples/bookstore/bookstore.ts [--envoy PROGRAM] [--folder FOLDER]';
const SAYS_EVERY_MS = 5000;
type Say = (text: string) => void;
const say: Say = (text) => console.error(text);

interface Options {
  readonly envoy: string | undefined;
  readonly folder: string;
}

function readOptions(): Options | undefined {
  try {
    const options = { envoy: { type: 'string' }, folder: { type: 'string', default: '.isthmus/bookstore' } } as const;
    const { envoy, folder } = parseArgs({ options }).values;
    return { envoy, folder: path.resolve(folder) };
  } catch (error) {
    say(`${messageOf(error)} ${USAGE}`);
    return undefined;
  }
}

async function main(): Promise<number> {
  const options = readOptions();
  if (options === undefined) return 64;
  const cleanup = new Cleanup();
  try {
    // What goes wrong because everything is being stopped is no news.
    const sayOfPlay: Say = (text) => (cleanup.isOver ? undefined : say(text));
    return await Promise.race([play(options, cleanup, sayOfPlay), cleanup.interruption]);
  } catch (error) {
    if (error instanceof Interrupted) {
      say('\nstopping');
      return error.exitCode;
    }
    say(`The bookstore cannot open: ${messageOf(error)}`);
    return 69;
  } finally {
    await cleanup.run();
  }
}

async function play({ envoy: named, folder }: Options, cleanup: Cleanup, say: Say): Promise<never> {
  const envoy = findEnvoy(named, say);
  const hasDatabase = ['mariadbd', 'mariadb', 'nft'].every(isInstalled);
  if (!hasDatabase)
    say('without mariadb-server-core, mariadb-client-core and nftables the warehouse keeps its books in memory');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const scene = await Scene.start({ folder, envoy, hasDatabase }, cleanup, say);
  writePlaces(path.join(folder, 'at'), scene.places);
  say(whatToTryNext(scene));
  for (;;) {
    const [bought, stolen] = [scene.buyer.length, scene.thief.length];
    await sleep(SAYS_EVERY_MS);
    await scene.restore(say);
    say(`buyer  ${scene.buyer.summary(bought)}\nthief  ${scene.thief.summary(stolen)}`);
  }
}

/** How to get to where the workloads are. */
function whatToTryNext({ places, folder }: Scene): string {
  const at = path.relative('', folder);
  return `
Manifests are watched in ${at}/manifests. Commands are run where somebody is by
  ${at}/at WHO COMMAND...
of which WHO is one of ${[...places.keys()].join(', ')}.

What to do now: examples/bookstore/README.md. Ctrl-C ends all of this.
`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

// Whatever else it is still about: all that it started has ended.
process.exit(await main());
