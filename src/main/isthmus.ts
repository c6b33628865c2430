#!/usr/bin/env node
/**
 * Where the program starts. It looks at the Node that runs it before it loads anything else, since what it loads needs
 * a current one, then hands the command line to the command tree.
 */
const MINIMUM_NODE = [22, 19] as const;

function isTooOld(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major < MINIMUM_NODE[0] || (major === MINIMUM_NODE[0] && minor < MINIMUM_NODE[1]);
}

if (isTooOld(process.versions.node)) {
  console.error(
    `isthmus needs Node ${MINIMUM_NODE.join('.')} or newer; this is ${process.version}. In a clone, "npx isthmus" brings its own.`,
  );
  process.exit(69);
}

// A reader that goes away (isthmus ... | head) is no failure, and hides none: the exit code is what it would have been. Nor
// does a log that nobody reads end a control plane.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE' && error.code !== 'ERR_STREAM_DESTROYED') throw error;
});
process.stderr.on('error', () => {});

const { runProgram } = await import('../cli/program.ts');
const { actions } = await import('./actions.ts');
const { version } = await import('../model/version.ts');
process.exitCode = await runProgram(version, actions, process.argv.slice(2));
