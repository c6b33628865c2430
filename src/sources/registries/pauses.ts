/** Pauses of who asks a server again and again: each ends at once when all is over, and no two processes pause alike. */
import { setTimeout as sleep } from 'node:timers/promises';
import { pauseAfter } from '../../model/back-off.ts';

const retryPauses = { firstMs: 200, longestMs: 5_000 };

/** Never rejects. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => {});
}

/** Until the next poll is due, in `ms` or a little more or less; not at all where that is past. */
export async function pauseBetweenPolls(ms: number, signal: AbortSignal): Promise<void> {
  await pause(Math.max(ms, 0) * (0.95 + Math.random() / 10), signal);
}

/** Between attempts that fail: each is twice as long as the one before, up to a bound. */
export class RetryPause {
  #failures = 0;

  /** An attempt was sound for some time: pauses are short again. */
  refresh(): void {
    this.#failures = 0;
  }

  /** How long the next one is; the one after it is longer. */
  takeMs(): number {
    return pauseAfter(this.#failures++, retryPauses) * (0.75 + Math.random() / 2);
  }

  /** Never rejects. */
  async rest(signal: AbortSignal): Promise<void> {
    await pause(this.takeMs(), signal);
  }
}
