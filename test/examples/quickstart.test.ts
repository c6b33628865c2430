/** The quickstart is the product's promise: it runs as a user runs it, and every phase behaves. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, test } from 'vitest';

const folder = mkdtempSync(path.join(tmpdir(), 'isthmus-quickstart-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Phase {
  readonly name: string;
  readonly requests: number;
  readonly failed: number;
}

test('the quickstart takes both protocols through every phase without one failed request', {
  timeout: 120_000,
}, async () => {
  const script = path.resolve(import.meta.dirname, '../../examples/quickstart/quickstart.ts');
  const json = path.join(folder, 'report.json');
  const { stderr } = await promisify(execFile)(process.execPath, [script, '--exit', '--json', json]);
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
    for (const phase of phases) {
      expect(phase.failed, `${protocol} ${phase.name}`).toBe(0);
      expect(phase.requests, `${protocol} ${phase.name}`).toBeGreaterThan(100);
    }
  }
  expect(report.routeUpdateMs.p99).toBeGreaterThan(0);
});
