/** The quickstart is the product's promise: it runs as a user runs it, every phase behaves, and it leaves nothing behind. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';

const script = path.resolve(import.meta.dirname, '../../examples/quickstart/quickstart.ts');
const folder = mkdtempSync(path.join(tmpdir(), 'isthmus-quickstart-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Phase {
  readonly name: string;
  readonly requests: number;
  readonly failed: number;
  readonly limited: number;
  readonly mirrored: number;
}

interface Ending {
  readonly code: number | null;
  readonly stderr: string;
}

/** Runs it with temporary files in a folder of its own; a signal is sent once `interruptAt` shows. */
async function quickstart(temporary: string, parameters: readonly string[], interruptAt?: string): Promise<Ending> {
  const child = spawn(process.execPath, [script, ...parameters], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, TMPDIR: temporary },
  });
  let stderr = '';
  let interrupted = false;
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    if (interruptAt === undefined || interrupted || !stderr.includes(interruptAt)) return;
    interrupted = true;
    child.kill('SIGINT');
  });
  const [code] = await once(child, 'close');
  return { code, stderr };
}

function processesThatMention(text: string): readonly string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((pid) => {
      try {
        return [readFileSync(`/proc/${pid}/cmdline`, 'latin1')];
      } catch {
        return [];
      }
    })
    .filter((commandLine) => commandLine.includes(text));
}

function expectNothingLeft(temporary: string): void {
  expect(readdirSync(temporary)).toEqual([]);
  expect(processesThatMention(temporary)).toEqual([]);
}

test('the quickstart takes both protocols through every phase without one failed request', {
  timeout: 120_000,
}, async () => {
  const temporary = mkdtempSync(path.join(folder, 'whole-'));
  const json = path.join(folder, 'report.json');
  const { code, stderr } = await quickstart(temporary, ['--exit', '--json', json]);
  expect(code, stderr).toBe(0);
  const report = JSON.parse(readFileSync(json, 'utf8'));
  expect(report.ok, stderr).toBe(true);
  for (const protocol of ['awesomerpc', 'thrift']) {
    const phases: readonly Phase[] = report.protocols[protocol].phases;
    expect(phases.map((phase) => phase.name)).toEqual([
      'default',
      'weighted',
      'matched',
      'mirrored',
      'limited',
      'moved',
    ]);
    for (const { name, requests, failed, limited, mirrored } of phases) {
      expect(failed, `${protocol} ${name}`).toBe(0);
      expect(requests, `${protocol} ${name}`).toBeGreaterThan(100);
      expect(limited > 0, `${protocol} ${name}`).toBe(name === 'limited');
      expect(mirrored, `${protocol} ${name}`).toBe(name === 'mirrored' ? requests : 0);
    }
  }
  expect(report.routeUpdateMs.p99).toBeGreaterThan(0);
  expectNothingLeft(temporary);
});

test.each([
  ['while it starts', 'starting a server-side'],
  ['in the middle of the walk', 'calling greeter.shop.mesh'],
])('an interrupt %s stops everything and leaves nothing behind', async (_when, sign) => {
  const temporary = mkdtempSync(path.join(folder, 'interrupted-'));
  const { code, stderr } = await quickstart(temporary, [], sign);
  expect(code, stderr).toBe(130);
  expect(stderr).toMatch(/\nstopping\n$/);
  expectNothingLeft(temporary);
});

test('a start that fails says why, in a line', async () => {
  const { code, stderr } = await quickstart(path.join(folder, 'not-there'), ['--exit']);
  expect(code).toBe(69);
  expect(stderr).toMatch(/^\nThe quickstart cannot go on: ENOENT.*not-there.*\n$/);
});

test('an unknown option is answered with the usage', async () => {
  const { code, stderr } = await quickstart(folder, ['--jsno', 'file']);
  expect(code).toBe(64);
  expect(stderr).toContain('Usage: npm run quickstart');
});
