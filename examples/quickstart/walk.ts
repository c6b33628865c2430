/** The walk through all phases, protocols side by side, then route updates against the clock; and what it found out. */
import type { Demo } from './demo.ts';
import { type PhaseResult, phases, runPhase } from './phases.ts';
import { quantile, tableHeader, tableRow } from './report.ts';
import { measureRouteUpdates, type RouteUpdates } from './route-updates.ts';

/** What `--json` writes. Times in milliseconds. */
export interface Report {
  readonly ok: boolean;
  /** From nothing to the first connected callers. */
  readonly startupMs: number;
  readonly protocols: Readonly<Record<string, { readonly phases: readonly PhaseResult[] }>>;
  readonly routeUpdateMs: { readonly p50: number; readonly p99: number };
}

const ROUTE_FLIPS = 60;

export async function walk(demos: readonly Demo[], startupMs: number, say: (text: string) => void): Promise<Report> {
  say(`\n${tableHeader()}`);
  const results = new Map<string, PhaseResult[]>(demos.map((demo) => [demo.protocol.name, []]));
  for (const phase of phases) {
    const run = async (demo: Demo): Promise<void> => {
      const result = await runPhase(phase, demo);
      results.get(demo.protocol.name)?.push(result);
      say(tableRow(demo.protocol.name, result));
    };
    await Promise.all(demos.map(run));
  }
  for (const demo of demos) await demo.closeOldPlace();
  const flips: RouteUpdates[] = [];
  for (const demo of demos) flips.push(await measureRouteUpdates(demo, ROUTE_FLIPS));
  const times = flips.flatMap((flip) => flip.times);
  const routeUpdateMs = { p50: round(quantile(times, 0.5)), p99: round(quantile(times, 0.99)) };
  say(`\nroute update to the first request that follows it: p50 ${routeUpdateMs.p50} ms, p99 ${routeUpdateMs.p99} ms`);
  const refused = flips.reduce((sum, flip) => sum + flip.refused, 0);
  if (refused > 0) say(`${refused} requests failed or were refused while routes were flipped`);
  const behaved = [...results.values()].flat().every((phase) => phase.problem === undefined);
  const protocols = Object.fromEntries([...results].map(([name, list]) => [name, { phases: list }]));
  return { ok: behaved && refused === 0, startupMs: round(startupMs), protocols, routeUpdateMs };
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}
