/** What the quickstart found out, as a table for people. */
import type { PhaseResult } from './phases.ts';

const header = ['protocol', 'phase', 'requests', 'failed', 'limited', 'to v1', 'to v2', 'mirrored', ''];
const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;

function line(cells: readonly string[]): string {
  const widths = [11, 9, 9, 7, 8, 8, 8, 9, 0];
  return cells
    .map((cell, i) => (i < 2 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
    .join(' ')
    .trimEnd();
}

export function tableHeader(): string {
  return line(header);
}

export function tableRow(protocol: string, phase: PhaseResult): string {
  const counts = [phase.requests, phase.failed, phase.limited].map(String);
  const verdict = phase.problem === undefined ? '' : ` <- ${phase.problem}`;
  const mirrored = phase.name === 'mirrored' ? String(phase.mirrored) : '';
  return line([protocol, phase.name, ...counts, percent(phase.shares.v1), percent(phase.shares.v2), mirrored, verdict]);
}

/** The value at a quantile of unsorted samples. */
export function quantile(samples: readonly number[], q: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
}
