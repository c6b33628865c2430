/**
 * The image, without a builder of images: the steps of its Dockerfile that make the program, done to a package that npm made,
 * and the program run as the image and the chart run it: as nobody, on a root file system that cannot be written to.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { defaultInjectionSettings } from '../../src/translate/injection/injection-settings.ts';

const root = path.resolve(import.meta.dirname, '../..');
const dockerfile = readFileSync(path.join(root, 'deploy/docker/Dockerfile'), 'utf8');
const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
/** Where the steps have /opt/isthmus and /tmp: everybody may look in. */
let folder = '';
let program = '';

function shell(command: string): void {
  execFileSync('sh', ['-ec', command], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
}

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'isthmus-image-'));
  execFileSync('chmod', ['755', folder]);
  execFileSync('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', folder], { cwd: root });
  const [stage = ''] = dockerfile.split(/^FROM .*$/m).slice(1);
  for (const [, source = '', target = ''] of stage.matchAll(/^COPY (\S+) (\S+)$/gm))
    shell(`cp ${source} ${inside(target)}`);
  for (const [, command = ''] of stage.matchAll(/^RUN (.*)$/gm)) shell(inside(command));
  const [, entry = ''] = /^ENTRYPOINT \["node", "(.*)"\]$/m.exec(dockerfile) ?? [];
  program = inside(entry);
  mkdirSync(path.join(folder, 'state'));
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function inside(text: string): string {
  return text.replaceAll(/\/opt\/isthmus|\/tmp(?=\/isthmus)/g, (found) =>
    found === '/tmp' ? folder : `${folder}/opt/isthmus`,
  );
}

/** As nobody, where nothing but the state folder can be written to. */
function confined(...parameters: readonly string[]): readonly string[] {
  const state = path.join(folder, 'state');
  const script = [
    'mount --rbind / / && mount -o remount,bind,ro /',
    `mount -t tmpfs -o mode=1777 tmpfs ${state}`,
    'exec setpriv --reuid=65532 --regid=65532 --clear-groups "$0" "$@"',
  ].join(' && ');
  return ['--mount', '--propagation', 'private', 'sh', '-ec', script, process.execPath, program, ...parameters];
}

function run(...parameters: readonly string[]) {
  const { status, stdout, stderr } = spawnSync('unshare', confined(...parameters), { encoding: 'utf8', cwd: '/' });
  return { status, stdout, stderr };
}

test('the image is for nobody in particular, and has nothing that installs packages', () => {
  expect(dockerfile).toMatch(/^USER 65532:65532$/m);
  expect(dockerfile).toMatch(/^RUN rm -rf .*\/usr\/local\/bin\/npm /m);
  expect(dockerfile).not.toMatch(/npm (install|ci)/);
});

test('the image has the programs of the step that changes the routes of a Pod, of which it is the image where nobody says another', () => {
  const [, last = ''] = dockerfile.split(/^FROM .*$/m).slice(1);
  const [, packages = ''] = /^RUN .*apt-get install --yes --no-install-recommends ([\w ]+?) &&/m.exec(last) ?? [];
  const packageOf: Readonly<Record<string, string>> = { ip: 'iproute2', nft: 'nftables' };
  const programs = Object.keys(packageOf);
  const steps = ['examples/interception/intercept.sh', 'examples/interception/redirect.sh'].map((file) =>
    readFileSync(path.join(root, file), 'utf8'),
  );
  expect(programs.filter((program) => steps.some((step) => new RegExp(`\\b${program}\\b`).test(step)))).toEqual(
    programs,
  );
  expect(packages.split(' ')).toEqual(Object.values(packageOf));
  expect(defaultInjectionSettings.image).toBe(`isthmus:${version}`);
});

test('the package has all that it needs, and nothing that it does not', () => {
  const files = readdirSync(`${folder}/opt/isthmus`);
  expect(files.sort()).toEqual(['README.md', 'bin', 'crds', 'deploy', 'dist', 'examples', 'package.json']);
  expect(statSync(program).mode & 0o022).toBe(0);
});

test('it starts', () => {
  expect(run('--version')).toEqual({ status: 0, stdout: `${version}\n`, stderr: '' });
});

test('it installs what its own chart says', () => {
  const { status, stdout } = run('install', '--dry-run');
  expect(stdout).toContain('kind: Deployment');
  expect(stdout.match(/^kind: CustomResourceDefinition$/gm)).toHaveLength(readdirSync(path.join(root, 'crds')).length);
  expect(status).toBe(0);
});

/** Serves with its state in a folder until it says something, and is told to end. */
async function serve(state: string, says: string): Promise<{ readonly code: number | null; readonly output: string }> {
  const manifests = path.join(root, 'examples/quickstart/manifests');
  const addresses = ['--xds', '127.0.0.1:0', '--admin', '127.0.0.1:0'];
  const parameters = confined('run', '-f', manifests, '--state', path.join(folder, state), ...addresses);
  const child = spawn('unshare', [...parameters], { cwd: '/', stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise<number | null>((resolve) => child.on('exit', resolve));
  let output = '';
  const take = (chunk: unknown): void => {
    output += String(chunk);
  };
  for (const stream of [child.stdout, child.stderr]) stream.on('data', take);
  await expect.poll(() => output).toContain(says);
  child.kill('SIGTERM');
  return { code: await ended, output };
}

test('it serves, and ends when it is told to', async () => {
  const { code, output } = await serve('state', '"serving"');
  expect(output).not.toContain('EROFS');
  expect(code).toBe(0);
});

test('it can write nowhere but where it is let', async () => {
  expect(await serve('elsewhere', 'EROFS')).toMatchObject({ code: 0 });
});
