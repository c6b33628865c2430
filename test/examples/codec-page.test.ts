/** What docs/codec-in-typescript.md says, done by somebody who has the packed package and nothing else of this repository. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { consoleSteps } from './readme.ts';

const root = path.resolve(import.meta.dirname, '../..');
const page = readFileSync(path.join(root, 'docs/codec-in-typescript.md'), 'utf8');
const files = new Map(
  [...page.matchAll(/^```\w+ (\S+)\n(.*?)^```$/gms)].map(([, name = '', text = '']) => [name, text]),
);
const steps = [...page.matchAll(/^```console\n(.*?)^```$/gms)].flatMap(([, block = '']) => consoleSteps(block));

const folder = mkdtempSync(path.join(tmpdir(), 'isthmus-codec-page-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** In the user's folder, with what npm would have put there and this very Node. */
function run(command: string) {
  const own = [path.join(folder, 'node_modules/.bin'), path.dirname(process.execPath)].join(path.delimiter);
  const env = { ...process.env, PATH: `${own}${path.delimiter}${process.env.PATH}` };
  const { status, stdout, stderr } = spawnSync('/bin/sh', ['-c', command], { cwd: folder, env, encoding: 'utf8' });
  return { status, output: stdout + stderr };
}

const withoutNpx = (command: string): string => command.replace(/^npx /, '');

/** Were the package without types, tsc would say that there is no error to expect. */
const wrong = `import type { Codec, CodecCapabilities } from 'isthmus/codec';
import { knock } from './knock.ts';
// @ts-expect-error
export const capabilities: CodecCapabilities = { ...knock.capabilities, correlation: 'telepathy' };
// @ts-expect-error
export const codec: Codec = { ...knock, reader: () => 7 };
`;

/** What `npm install` makes of the page's line, from what is here. */
beforeAll(() => {
  execFileSync('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], { cwd: root, stdio: 'pipe' });
  const modules = path.join(folder, 'node_modules');
  mkdirSync(path.join(modules, '.bin'), { recursive: true });
  execFileSync('tar', ['-xzf', 'isthmus-0.1.0.tgz', '-C', modules], { cwd: folder });
  execFileSync('mv', [path.join(modules, 'package'), path.join(modules, 'isthmus')]);
  for (const name of ['typescript', '@types', 'undici-types'])
    symlinkSync(path.join(root, 'node_modules', name), path.join(modules, name));
  const { bin } = JSON.parse(readFileSync(path.join(modules, 'isthmus/package.json'), 'utf8'));
  symlinkSync(path.join(modules, 'isthmus', bin.isthmus), path.join(modules, '.bin/isthmus'));
  symlinkSync(path.join(modules, 'typescript/bin/tsc'), path.join(modules, '.bin/tsc'));
  writeFileSync(path.join(folder, 'package.json'), '{ "type": "module" }');
  writeFileSync(path.join(folder, 'wrong.ts'), wrong);
  for (const [name, text] of files) writeFileSync(path.join(folder, name), text);
});

test('the page shows the files and the commands that are tried here', () => {
  expect([...files.keys()]).toEqual(['tsconfig.json', 'knock.ts', 'capture.hex', 'knock.test.ts']);
  expect(steps.map(({ command }) => command.split(' ').slice(0, 3).join(' '))).toEqual([
    'npx tsc',
    'npx isthmus codec',
  ]);
  expect(page).toContain('\nnode --test\n');
});

test.each(steps)('$command', ({ command, output }) => {
  expect(run(withoutNpx(command))).toEqual({ status: 0, output });
});

test("the page's codec keeps the contract, and one that does not is told apart", () => {
  const good = run('node --test');
  expect([good.status, good.output]).toEqual([0, expect.stringMatching(/pass [1-9]\d/)]);
  const text = files.get('knock.ts') ?? '';
  writeFileSync(path.join(folder, 'knock.ts'), text.replace('length > limits.maxFrameBytes', 'false'));
  const blind = run('node --test');
  writeFileSync(path.join(folder, 'knock.ts'), text);
  expect([blind.status, blind.output]).toEqual([1, expect.stringContaining('giant length')]);
});
