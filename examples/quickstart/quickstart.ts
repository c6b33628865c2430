/**
 * `npm run quickstart`: a small mesh on this machine, walked through under live load.
 *
 *   callers --virtual IP--> client-side metaproxy --> server-side metaproxy --> version 1, version 2
 *                                   ^                        ^
 *                                   +---- xDS: isthmus run --+     which watches a folder of manifests
 *
 * With --exit it ends by itself; --json FILE writes what was counted. Exit code 0 only if every phase behaved, 1 if one
 * did not, 64 for a wrong option, 69 if it could not run, 130 if it was interrupted before it was through.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { Cleanup, Interrupted } from './cleanup.ts';
import { type Mesh, startMesh } from './mesh.ts';
import { type Report, walk } from './walk.ts';

const ExitCode = { ok: 0, misbehaved: 1, usage: 64, unavailable: 69 } as const;
const say = (text: string): void => console.error(text);

interface Options {
  readonly exit: boolean;
  readonly json?: string;
}

function readOptions(): Options | undefined {
  try {
    const options = { exit: { type: 'boolean', default: false }, json: { type: 'string' } } as const;
    const { exit, json } = parseArgs({ options }).values;
    return { exit, ...(json === undefined ? {} : { json }) };
  } catch (error) {
    say(`${messageOf(error)} Usage: npm run quickstart -- [--exit] [--json FILE]`);
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
    const { mesh, report } = await Promise.race([run(options, cleanup), cleanup.interruption]);
    if (!options.exit) await stayUp(mesh, cleanup);
    return report.ok ? ExitCode.ok : ExitCode.misbehaved;
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

async function run(options: Options, cleanup: Cleanup): Promise<{ readonly mesh: Mesh; readonly report: Report }> {
  // What goes wrong because everything is being stopped is no news.
  const tell = (text: string): void => {
    if (!cleanup.isOver) say(text);
  };
  const folder = cleanup.own(
    () => mkdtempSync(path.join(tmpdir(), 'isthmus-quickstart-')),
    (made) => rmSync(made, { recursive: true, force: true }),
  );
  const started = performance.now();
  const mesh = await startMesh(folder, cleanup, tell);
  const report = await walk(mesh.demos, performance.now() - started, tell);
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(report, null, 2)}\n`);
  say(report.ok ? '\nEvery phase behaved.' : '\nNot every phase behaved: see what is marked above.');
  return { mesh, report };
}

/** From here on an interrupt is the way to end, not a failure. */
async function stayUp(mesh: Mesh, cleanup: Cleanup): Promise<void> {
  say(whatToTryNext(mesh));
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
