/**
 * Makes a clone ready, with whatever Node it finds: installs what the lock file names when that changed, generates the
 * xDS API, and with --build bundles the program. Plain JavaScript, because it runs before anything is installed; what it
 * starts runs on the Node of the `node` package, which is as new as `engines` in package.json asks for.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** To install: less than the program needs. */
const MINIMUM_NODE = 20;
const root = path.resolve(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), '..');
const stampFile = path.join(root, 'node_modules/.isthmus-stamp.json');

if (Number(process.versions.node.split('.')[0]) < MINIMUM_NODE) {
  console.error(
    `A clone of isthmus needs Node ${MINIMUM_NODE} or newer to install its own Node with; this is ${process.version}.`,
  );
  process.exit(69);
}

const hashOf = (files) => {
  const hash = createHash('sha256');
  for (const file of files) hash.update(file).update(readFileSync(path.join(root, file)));
  return hash.digest('hex');
};

const filesUnder = (folder) =>
  readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((file) => path.join(folder, file))
    .filter((file) => !/(^|\/)(gen|node_modules)\//.test(file) && statSync(path.join(root, file)).isFile())
    .sort();

const run = (why, command, ...parameters) => {
  const started = Date.now();
  process.stderr.write(`${why} ... `);
  try {
    execFileSync(command, parameters, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' });
  } catch (error) {
    process.stderr.write(`failed\n${error.stdout ?? ''}${error.stderr ?? error.message}\n`);
    process.exit(69);
  }
  process.stderr.write(`${((Date.now() - started) / 1000).toFixed(1)} s\n`);
};

const readStamp = () => {
  try {
    return JSON.parse(readFileSync(stampFile, 'utf8'));
  } catch {
    return {};
  }
};

/** Runs a step when the hash of its inputs is not the one it last ran with, or its output is gone. */
const step = (name, inputs, output, action) => {
  const hash = hashOf(inputs);
  const stamp = readStamp();
  if (stamp[name] === hash && existsSync(path.join(root, output))) return;
  action();
  writeFileSync(stampFile, JSON.stringify({ ...readStamp(), [name]: hash }));
};

const node = path.join(root, 'node_modules/.bin/node');
step('install', ['package.json', 'package-lock.json'], 'node_modules/.bin/node', () =>
  // Not `npm ci`: the lock file may lack packages of platforms that the registry which made it does not carry.
  // Packages are for the Node that is among them, however strict npm is told to be about the one that runs it.
  run('installing packages', 'npm', 'install', '--no-save', '--loglevel=error', '--engine-strict=false'),
);
step(
  'generate',
  ['scripts/generate-xds-api.ts', ...filesUnder('src/xds-api/proto'), 'package-lock.json'],
  'src/xds-api/gen/types.d.ts',
  () => run('generating the xDS API', node, 'scripts/generate-xds-api.ts'),
);
if (process.argv.includes('--build')) {
  const sources = ['src', 'codecs', 'crds'].flatMap(filesUnder).filter((file) => !file.endsWith('.test.ts'));
  step('build', ['scripts/build.ts', 'package-lock.json', ...sources], 'dist/isthmus.mjs', () =>
    run('building', node, 'scripts/build.ts'),
  );
}
