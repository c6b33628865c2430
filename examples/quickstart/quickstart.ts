/**
 * `npm run quickstart`: a small mesh on this machine, walked through under live load.
 *
 *   callers --virtual IP--> client-side metaproxy --> server-side metaproxy --> version 1, version 2
 *                                   ^                        ^
 *                                   +---- xDS: isthmus run --+     which watches a folder of manifests
 *
 * With --exit it ends by itself; --json FILE writes what was counted; --story registry tells another one, of a service
 * that a registry knows (examples/vm-migration). Exit code 0 only if every phase behaved, 1 if one did not, 64 for a wrong
 * option, 69 if it could not run, 130 if it was interrupted before it was through.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { whatToTryNext as registryHints, tellRegistryStory } from '../vm-migration/vm-migration.ts';
import { Cleanup, Interrupted } from './cleanup.ts';
import { type Mesh, startMesh } from './mesh.ts';
import { walk } from './walk.ts';

const ExitCode = { ok: 0, misbehaved: 1, usage: 64, unavailable: 69 } as const;
const say = (text: string): void => console.error(text);

interface Options {
  readonly exit: boolean;
  readonly story: 'mesh' | 'registry';
  readonly json?: string;
}

function readOptions(): Options | undefined {
  try {
    const options = {
      exit: { type: 'boolean', default: false },
      json: { type: 'string' },
      story: { type: 'string', default: 'mesh' },
    } as const;
    const { exit, json, story } = parseArgs({ options }).values;
    if (story !== 'mesh' && story !== 'registry') throw new Error(`There is no story "${story}".`);
    return { exit, story, ...(json === undefined ? {} : { json }) };
  } catch (error) {
    say(`${messageOf(error)} Usage: npm run quickstart -- [--story mesh|registry] [--exit] [--json FILE]`);
    return undefined;
  }
}

async function main(): Promise<number> {
  const options = readOptions();
  if (options === undefined) return ExitCode.usage;
  if (process.platform !== 'linux') {
    say('The quickstart needs Linux, where every address in 127/8 is local: its proxies stand on several of them.');
    return ExitCode.unavailable;
  }
  const cleanup = new Cleanup();
  try {
    const tell = options.story === 'mesh' ? run : runRegistryStory;
    const { ok, next } = await Promise.race([tell(options, cleanup), cleanup.interruption]);
    if (!options.exit) await stayUp(next, cleanup);
    return ok ? ExitCode.ok : ExitCode.misbehaved;
  } catch (error) {
    if (error instanceof Interrupted) {
      say('\nstopping');
      return error.exitCode;
    }
    say(`\nThe quickstart cannot go on: ${messageOf(error)}`);
    return ExitCode.unavailable;
  } finally {
    await cleanup.run();
  }
}

interface Told {
  readonly ok: boolean;
  /** What one may try while all is up. */
  readonly next: string;
}

/** What goes wrong because everything is being stopped is no news. */
function sayUnless(cleanup: Cleanup): (text: string) => void {
  return (text) => {
    if (!cleanup.isOver) say(text);
  };
}

function sayVerdict(ok: boolean): void {
  say(ok ? '\nEvery phase behaved.' : '\nNot every phase behaved: see what is marked above.');
}

async function runRegistryStory(options: Options, cleanup: Cleanup): Promise<Told> {
  const { story, report } = await tellRegistryStory(options, cleanup, sayUnless(cleanup));
  sayVerdict(report.ok);
  return { ok: report.ok, next: registryHints(story) };
}

async function run(options: Options, cleanup: Cleanup): Promise<Told> {
  const tell = sayUnless(cleanup);
  const folder = cleanup.own(
    () => mkdtempSync(path.join(tmpdir(), 'isthmus-quickstart-')),
    (made) => rmSync(made, { recursive: true, force: true }),
  );
  const started = performance.now();
  const mesh = await startMesh(folder, cleanup, tell);
  const report = await walk(mesh.demos, performance.now() - started, tell);
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(report, null, 2)}\n`);
  sayVerdict(report.ok);
  return { ok: report.ok, next: whatToTryNext(mesh) };
}

/** From here on an interrupt is the way to end, not a failure. */
async function stayUp(next: string, cleanup: Cleanup): Promise<void> {
  say(next);
  await cleanup.interruption.catch(() => say('stopping'));
}

function whatToTryNext({ admin, manifestFolder }: Mesh): string {
  return `
Everything stays up, with load on it. Try, in another terminal, in this folder:

  npx isthmus describe orders.shop.mesh --admin ${admin}
  npx isthmus proxy-status --admin ${admin}
  npx isthmus vip list --admin ${admin}
  npx isthmus proxy-config route client-side -o yaml --admin ${admin}

The mesh is a folder of manifests. Edit one and watch the answers follow:

  ${manifestFolder}

Then point the same program at your own: npx isthmus run -f FOLDER. Ctrl-C ends all of this.
`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

// Not exitCode: a listener or a call that was cut short must not keep the program alive.
process.exit(await main());
