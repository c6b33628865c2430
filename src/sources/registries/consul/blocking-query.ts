/** One blocking query, asked again and again: what it answers, and no more often than that is worth. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { AgentConnection, AgentReply } from './agent-connection.ts';
import { Allowance } from './allowance.ts';
import { deadlineOf, indexAfter, jittered } from './query-index.ts';
import { type Realm, target } from './realm.ts';

export interface BlockingQuery {
  readonly connection: AgentConnection;
  readonly path: string;
  readonly realm: Realm;
  readonly signal: AbortSignal;
  readonly onReply: (reply: QueryReply) => void;
}

export interface QueryReply extends AgentReply {
  /** What the index is now. */
  readonly index: number;
  /** Whether the body is another than that of the last reply. */
  readonly isOther: boolean;
  /** Whether it came without a wait: changes come faster than they are asked for, and one reply may stand for several. */
  readonly isHurried: boolean;
}

const waitMs = 30_000;
/** A reply that took no longer than so many times the quickest did not wait. */
const hurry = 3;
/** Of answers that nobody had to wait for: bytes a second, and what may come at once. A reply costs some by itself. */
const bytesPerSecond = 1 << 20;
const burstBytes = 4 << 20;
const bytesPerReply = 4_096;

/** Only ever rejects: with what the connection rejects with, with a refusal, or when the signal says so. */
export async function followQuery({ connection, path, realm, signal, onReply }: BlockingQuery): Promise<never> {
  const allowance = new Allowance(burstBytes, bytesPerSecond, performance.now());
  let index = 0;
  let before: Buffer | undefined;
  let quickest = Infinity;
  for (;;) {
    const start = performance.now();
    const wait = jittered(waitMs);
    const deadline = deadlineOf(index === 0 ? 0 : wait);
    const reply = await connection.get(target(path, realm, index, wait), deadline, signal);
    signal.throwIfAborted();
    if (reply.status !== 200) throw connection.refusal(reply);
    const took = performance.now() - start;
    const isOther = before?.equals(reply.body) !== true;
    quickest = Math.min(quickest, took);
    const isHurried = index > 0 && took < hurry * quickest;
    index = indexAfter(index, reply.headers);
    before = reply.body;
    onReply({ ...reply, index, isOther, isHurried });
    if (took >= wait) continue;
    const pause = allowance.take(bytesPerReply + reply.body.length, performance.now());
    if (pause > 0) await sleep(pause, undefined, { signal });
  }
}
