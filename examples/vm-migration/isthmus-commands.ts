/** The commands of the product, run as a user runs them. */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

export interface PlanStatus {
  readonly stage: string;
  /** Percent of requests that the new endpoints are to take. */
  readonly share: number;
  readonly addresses: readonly string[];
}

export interface Isthmus {
  status(): Promise<PlanStatus>;
  /** Rejects with what the command said when it does not succeed. */
  migrate(...parameters: readonly string[]): Promise<void>;
  /** Until the control plane has seen that the registry lost everything, and holds it. */
  untilRegistryHolds(): Promise<void>;
}

const run = promisify(execFile);
const program = path.resolve(import.meta.dirname, '../../dist/isthmus.mjs');
const HOLDS_WITHIN_MS = 60_000;

export function isthmusCommands(admin: string, manifests: string, plan: string): Isthmus {
  const isthmus = async (...parameters: readonly string[]): Promise<string> => {
    try {
      const { stdout } = await run(process.execPath, [program, ...parameters, '--admin', admin]);
      return stdout;
    } catch (error) {
      const { stdout = '', stderr = '' } = error as { readonly stdout?: string; readonly stderr?: string };
      throw new Error(`isthmus ${parameters.join(' ')}: ${stdout}${stderr}`, { cause: error });
    }
  };
  return {
    status: async () => JSON.parse(await isthmus('migrate', 'status', plan, '-o', 'json')),
    migrate: async (direction = '', ...parameters) => {
      await isthmus('migrate', direction, plan, '-f', manifests, ...parameters);
    },
    untilRegistryHolds: async () => {
      const deadline = performance.now() + HOLDS_WITHIN_MS;
      while (performance.now() < deadline) {
        const [registry]: readonly { readonly held: readonly unknown[] }[] = JSON.parse(
          await isthmus('registry', 'list', '-o', 'json'),
        );
        if ((registry?.held.length ?? 0) > 0) return;
        await sleep(100);
      }
      throw new Error('the control plane did not hold what the registry lost');
    },
  };
}
