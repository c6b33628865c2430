/** A service of a registry moves to pods and back under load: the quickstart's other story, as a user runs it. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const script = path.resolve(import.meta.dirname, '../../examples/quickstart/quickstart.ts');

interface Stage {
  readonly name: string;
  readonly requests: number;
  readonly failed: number;
  readonly toPods: number;
  readonly address: string;
}

test('a service moves from VMs to pods and back, its registry gone in between, without one failed request', {
  timeout: 120_000,
}, async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'isthmus-story-test-'));
  try {
    const json = path.join(folder, 'report.json');
    await promisify(execFile)(process.execPath, [script, '--story', 'registry', '--exit', '--json', json], {
      env: { ...process.env, TMPDIR: folder },
    });
    const report: { readonly ok: boolean; readonly registry: string; readonly stages: readonly Stage[] } = JSON.parse(
      readFileSync(json, 'utf8'),
    );
    expect(report.ok).toBe(true);
    expect(report.registry).toContain('stand-in');
    expect(report.stages.map(({ name }) => name)).toEqual([
      'bridged',
      'registry gone',
      'back, and empty',
      'itself again',
      'Mirror',
      'Alias',
      'Join 1 %',
      'Shift 10 %',
      'Shift 50 %',
      'CutOver',
      'rolled back',
    ]);
    const [first] = report.stages;
    for (const { name, requests, failed, address } of report.stages) {
      expect(failed, name).toBe(0);
      expect(requests, name).toBeGreaterThan(100);
      expect(address, name).toBe(first?.address);
    }
    expect(report.stages.find(({ name }) => name === 'CutOver')?.toPods).toBe(1);
    expect(report.stages.at(-1)?.toPods).toBe(0);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
