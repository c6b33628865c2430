/** How checks are made: each a question with a verdict, all asked, whatever one of them comes to. */
import type { CheckResult } from '../../cli/installation-actions.ts';
import type { ApiServer } from '../../kubernetes-api/api-server.ts';
import { messageOf } from '../../model/errors.ts';
import { unansweredIn } from '../with-cluster.ts';

export type Verdict = Pick<CheckResult, 'result' | 'message' | 'hint'>;

export interface Check {
  readonly section: string;
  readonly check: string;
  /** A rejection is a failed check. */
  readonly ask: () => Promise<Verdict>;
}

/** What every check is given. */
export interface CheckedCluster {
  readonly server: ApiServer;
  readonly release: string;
  readonly namespace: string;
  readonly revision: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

export function passed(message = ''): Verdict {
  return { result: 'passed', message, hint: '' };
}

/** There is nothing of which it could be asked. */
export function skipped(message: string): Verdict {
  return { result: 'skipped', message, hint: '' };
}

export function failed(message: string, hint: string): Verdict {
  return { result: 'failed', message, hint };
}

export function warned(message: string, hint: string): Verdict {
  return { result: 'warning', message, hint };
}

/** In their order, one after the other. `url`: of the API server. */
export async function askAll(checks: readonly Check[], url: string): Promise<readonly CheckResult[]> {
  const results: CheckResult[] = [];
  for (const { section, check, ask } of checks) {
    const verdict = await ask().catch((error: unknown) => verdictOnFailure(error, url));
    results.push({ section, check, ...verdict });
  }
  return results;
}

function verdictOnFailure(error: unknown, url: string): Verdict {
  const unanswered = unansweredIn(error, url);
  return unanswered === undefined
    ? failed(messageOf(error), 'See that you may read what is asked for.')
    : failed(unanswered.message, unanswered.remedy);
}
