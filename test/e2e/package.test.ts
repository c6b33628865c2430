/** What package.json says of the program, held against the program. */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { temporaryFolder } from './isthmus-process.ts';

const root = path.resolve(import.meta.dirname, '../..');
const { engines, bin, exports, version, devDependencies } = JSON.parse(
  readFileSync(path.join(root, 'package.json'), 'utf8'),
);
const oldest = /^>=(\d+)\.(\d+)$/.exec(engines.node);
const [major, minor] = [Number(oldest?.[1]), Number(oldest?.[2])];

/** The program, on a Node that says it is another one. */
function onNode(pretended: string) {
  const pretend = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${pretended}' } })`;
  const parameters = ['--import', `data:text/javascript,${encodeURIComponent(pretend)}`, path.join(root, bin.isthmus)];
  const { status, stdout, stderr } = spawnSync(process.execPath, [...parameters, '--version'], { encoding: 'utf8' });
  return { status, stdout, stderr };
}

it('runs on the oldest Node that package.json names, and says on an older one in one line what it needs', () => {
  expect(onNode(`${major}.${minor}.0`)).toEqual({ status: 0, stdout: `${version}\n`, stderr: '' });
  for (const older of [`${major}.${minor - 1}.9`, `${major - 2}.99.0`])
    expect(onNode(older)).toEqual({
      status: 69,
      stdout: '',
      stderr: expect.stringMatching(new RegExp(`^isthmus needs Node ${major}\\.${minor} or newer; .*\\n$`)),
    });
});

it('brings a Node into a clone that is new enough for it', () => {
  const [broughtMajor = 0, broughtMinor = 0] = String(devDependencies.node).split('.').map(Number);
  expect(broughtMajor * 1000 + broughtMinor).toBeGreaterThanOrEqual(major * 1000 + minor);
});

it('says in a clone that is not built how to build it', async () => {
  const clone = await temporaryFolder();
  cpSync(path.join(root, bin.isthmus), path.join(clone, bin.isthmus));
  const { status, stderr } = spawnSync(path.join(clone, bin.isthmus), ['--version'], { encoding: 'utf8' });
  expect([status, stderr]).toEqual([69, 'isthmus is not built yet: run "npm run build" in its folder first.\n']);
});

it('has everything that it exports once it is built', () => {
  const targets = Object.values(exports).flatMap((target) =>
    typeof target === 'string' ? [target] : Object.values(target ?? {}),
  );
  expect(targets).toHaveLength(5);
  for (const target of targets) expect(existsSync(path.join(root, target)), target).toBe(true);
});
