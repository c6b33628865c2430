/** Steady load on one protocol: a few connections that call at a fixed pace, and counts of what came back. */
import { setTimeout as sleep } from 'node:timers/promises';

/** What one call came back with: the version that answered, or that a limit refused it. */
export type Answer = 'v1' | 'v2' | 'limited';

export interface Caller {
  /** Sends one request, marked for version 2 or not. Rejects when the call failed. */
  call(marked: boolean): Promise<Answer>;
  close(): Promise<void>;
}

export interface Counts {
  requests: number;
  failed: number;
  limited: number;
  v1: number;
  v2: number;
  /** Marked requests, and those of them that version 2 answered. */
  marked: number;
  markedToV2: number;
  /** What the first failures said. */
  readonly errors: string[];
}

export interface Load {
  /** The counts since the last call of this. */
  take(): Counts;
  /** Lets calls go on for so many milliseconds, and on a busy machine until enough were counted to tell shares by. */
  goOn(ms: number): Promise<void>;
  /** Reads while no call is in flight and none starts, so that what callers and servers counted agrees. */
  quietly<Result>(read: () => Promise<Result>): Promise<Result>;
  stop(): Promise<void>;
}

const PAUSE_MS = 4;
/** About what a second brings. */
const ENOUGH_CALLS = 300;

function emptyCounts(): Counts {
  return { requests: 0, failed: 0, limited: 0, v1: 0, v2: 0, marked: 0, markedToV2: 0, errors: [] };
}

/** Keeps calling on every caller until stopped; every third request is marked for version 2. */
export function startLoad(callers: readonly Caller[]): Load {
  let counts = emptyCounts();
  let stopping = false;
  let pause: Promise<unknown> | undefined;
  const inFlight = new Set<Promise<void>>();
  const loops = callers.map(async (caller) => {
    for (let turn = 0; !stopping; turn++) {
      const call = callOnce(caller, turn % 3 === 0, counts);
      inFlight.add(call);
      await call;
      inFlight.delete(call);
      await sleep(PAUSE_MS);
      // Looked at last, so that nothing comes between it and the next call.
      while (pause !== undefined) await pause;
    }
    await caller.close();
  });
  return {
    take: () => {
      const taken = counts;
      counts = emptyCounts();
      return taken;
    },
    goOn: async (ms) => {
      await sleep(ms);
      while (counts.requests < ENOUGH_CALLS) await sleep(PAUSE_MS);
    },
    quietly: async (read) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      pause = promise;
      try {
        await Promise.all(inFlight);
        return await read();
      } finally {
        pause = undefined;
        resolve();
      }
    },
    stop: async () => {
      stopping = true;
      await Promise.all(loops);
    },
  };
}

/** A call counts for the phase in which it was sent. */
async function callOnce(caller: Caller, marked: boolean, counts: Counts): Promise<void> {
  counts.requests++;
  if (marked) counts.marked++;
  try {
    const answer = await caller.call(marked);
    counts[answer]++;
    if (marked && answer === 'v2') counts.markedToV2++;
  } catch (error) {
    counts.failed++;
    if (counts.errors.length < 5) counts.errors.push(error instanceof Error ? error.message : String(error));
  }
}
