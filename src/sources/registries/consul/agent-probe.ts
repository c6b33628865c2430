/** Whether the agent still answers: one that is frozen, or whose path is broken, leaves queries waiting and says nothing. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { AgentConnection } from './agent-connection.ts';
import { parse } from './health-entries.ts';

export interface AgentProbeOptions {
  readonly connection: AgentConnection;
  /** Whether any server may answer, be there a leader or not. */
  readonly isLeaderless: boolean;
  readonly signal: AbortSignal;
  readonly onSound: () => void;
}

const intervalMs = 2_000;
const deadlineMs = 3_000;
/** Elections take a moment. */
const tolerated = 2;

/** Only ever rejects, with UNAVAILABLE. */
export async function probeAgent({ connection, isLeaderless, signal, onSound }: AgentProbeOptions): Promise<never> {
  let leaderless = 0;
  for (;;) {
    await sleep(intervalMs, undefined, { signal });
    const { status, body } = await connection.get('/v1/status/leader', deadlineMs);
    // Who stands in between may keep it from us; that it is refused, it answered.
    leaderless = status === 200 && parse(body) === '' ? leaderless + 1 : 0;
    if (leaderless > tolerated && !isLeaderless) throw connection.error('the cluster has no leader');
    if (leaderless === 0) onSound();
  }
}
