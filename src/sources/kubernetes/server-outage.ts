/**
 * Whether the API server as a whole is away: said once, and once more when it is back, however many kinds are read.
 *
 *   no kind is read, and one at least got no answer --> away      all that got none are read again --> back
 *
 * One connection that breaks is no outage, and neither is one kind that the server cannot serve.
 */
import type { Clock } from '../../model/clock.ts';
import type { Sight } from './sight-findings.ts';

export type OutageNews =
  | { readonly state: 'away'; readonly reason: string }
  /** `awayMs`: from then until all was read again. */
  | { readonly state: 'back'; readonly awayMs: number };

export class ServerOutage {
  readonly #clock: Clock;
  readonly #tell: (news: OutageNews) => void;
  #since: number | undefined;

  constructor(clock: Clock, tell: (news: OutageNews) => void) {
    this.#clock = clock;
    this.#tell = tell;
  }

  review(sights: readonly Sight[]): void {
    const unanswered = sights.find(({ state, fault }) => state === 'stale' && fault === 'unreachable');
    if (this.#since === undefined) {
      const isRead = sights.some(({ state }) => state === 'live' || state === 'syncing');
      if (isRead || unanswered === undefined) return;
      this.#since = this.#clock.now();
      this.#tell({ state: 'away', reason: unanswered.reason });
    } else if (unanswered === undefined) {
      const awayMs = this.#clock.now() - this.#since;
      this.#since = undefined;
      this.#tell({ state: 'back', awayMs });
    }
  }
}
