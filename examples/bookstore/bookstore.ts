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
import { Scene } from './scene.ts';

const USAGE = 'Usage: npx node examples/bookstore/bookstore.ts [--envoy PROGRAM] [--folder FOLDER]';
const SAYS_EVERY_MS = 5000;
const say = (text: string): void => console.error(text);

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
    return await Promise.race([play(options, cleanup), cleanup.interruption]);
  } catch (error) {
    if (error instanceof Interrupted) return error.exitCode;
    say(`The bookstore cannot open: ${messageOf(error)}`);
    return 69;
  } finally {
    await cleanup.run();
  }
}

async function play({ envoy: named, folder }: Options, cleanup: Cleanup): Promise<never> {
  const envoy = findEnvoy(named, say);
  const hasDatabase = isInstalled('mariadbd') && isInstalled('mariadb');
  if (!hasDatabase)
    say('without MariaDB (mariadb-server-core, mariadb-client-core) the warehouse keeps its books in memory');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const scene = await Scene.start({ folder, envoy, hasDatabase }, cleanup, say);
  say(whatToTryNext(scene));
  for (;;) {
    const [bought, stolen] = [scene.buyer.length, scene.thief.length];
    await sleep(SAYS_EVERY_MS);
    say(`buyer  ${scene.buyer.summary(bought)}\nthief  ${scene.thief.summary(stolen)}`);
  }
}

/** How to get to where the workloads are. */
function whatToTryNext({ actors, controlPlane, folder }: Scene): string {
  const places = [{ name: 'hub', place: controlPlane.place }, ...actors.map(({ role, place }) => ({ ...role, place }))];
  const lines = places.map(({ name, place }) => `  ${name.padEnd(14)} ${place.enter.join(' ')}`);
  return `
Manifests are watched in ${folder}/manifests. To run a command where somebody is, put before it:

${lines.join('\n')}

What to do now: examples/bookstore/README.md. Ctrl-C ends all of this.
`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

process.exitCode = await main();
