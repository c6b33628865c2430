/** What a README tells its reader to type, and what it says comes back: so that the text cannot drift from the program. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '../..');

export interface ReadmeStep {
  /** A line for a shell. */
  readonly command: string;
  /** What it prints, where the README shows it; absent for programs that stay up. */
  readonly output?: string;
}

/** The steps in order: in a `console` block the line after `$` and the output below it, in an `sh` block each line. */
export function readSteps(example: string): readonly ReadmeStep[] {
  const text = readFileSync(path.join(root, 'examples', example, 'README.md'), 'utf8');
  return [...text.matchAll(/^```(console|sh)\n(.*?)^```$/gms)].flatMap(([, form, block = '']) =>
    form === 'sh'
      ? block
          .trim()
          .split('\n')
          .map((command) => ({ command }))
      : consoleSteps(block),
  );
}

export function consoleSteps(block: string): readonly ReadmeStep[] {
  return block
    .split(/^\$ /m)
    .slice(1)
    .map((step) => {
      const [command = '', ...output] = step.split('\n');
      return { command, output: output.join('\n') };
    });
}

/** npx takes half a second to find what stands here anyway. */
function withoutNpx(command: string): string {
  return command
    .replaceAll('npx isthmus ', `"${process.execPath}" "${path.join(root, 'dist/isthmus.mjs')}" `)
    .replaceAll('npx node ', `"${process.execPath}" `)
    .replaceAll('npx vitest ', `"${process.execPath}" "${path.join(root, 'node_modules/vitest/vitest.mjs')}" `);
}

/** Output and errors together, as a terminal shows them; rejects when the command fails. */
export async function runCommand(command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile('/bin/sh', ['-c', `${withoutNpx(command)} 2>&1`], { cwd: root }, (error, stdout) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`${command}\n${stdout}`, { cause: error }));
    });
  });
}

export interface RunningCommand {
  /** What it has printed so far. */
  output(): string;
  stop(): Promise<void>;
}

export function startCommand(command: string): RunningCommand {
  const child: ChildProcess = spawn('/bin/sh', ['-c', `exec ${withoutNpx(command)} 2>&1`], { cwd: root });
  let output = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  return {
    output: () => output,
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, 'exit');
      child.kill('SIGTERM');
      await gone;
    },
  };
}
