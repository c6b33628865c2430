/**
 * Whether a server may have started a moment ago, and so not know everything yet: nobody says so, and those that were
 * registered come back within their renewal interval, 30 s by default, unless a peer tells it of them. When an instance was
 * registered is told by the server's own clock, and so tells the server's age.
 *
 *   something was registered before it last answered      it is the same server still
 *   something was registered a warm-up ago, or earlier     it has been there for longer; unless it took over from another,
 *                                                          which may have told it of little
 *   it has answered, without a break, for the warm-up      likewise
 *   everything that was known before is there              it knows enough
 *   otherwise                                              what it lacks says nothing
 */
import type { InstanceTable } from './instance-table.ts';

export interface FullList {
  readonly table: InstanceTable;
  /** Of its instances, by the server's clock, in milliseconds since the epoch; Infinity where there is none. */
  readonly oldestRegistration: number;
  /** The server's clock. */
  readonly now: number;
}

/** The server's clock is told in whole seconds. */
const clockStepMs = 999;

export class WarmUp {
  readonly #ms: number;
  /** By performance.now(): since when the server has answered without a break. */
  #since: number | undefined;
  /** By the server's clock: when it answered first since then. */
  #from = Infinity;
  /** By the server's clock: when it answered last. */
  #heard = -Infinity;
  #isTrusted = false;
  #wasTrusted = false;
  /** Keys of what was known before, as far as they are not there again. */
  readonly #lacking = new Set<string>();
  #knewSome = false;
  #tookOver = false;

  constructor(ms: number) {
    this.#ms = ms;
  }

  /** Whether what the server lacks is not there. */
  get isTrusted(): boolean {
    const isLongKnown = this.#since !== undefined && performance.now() - this.#since >= this.#ms;
    const knowsEnough = this.#knewSome && this.#lacking.size === 0;
    if (!this.#isTrusted && this.#since !== undefined && (isLongKnown || knowsEnough)) this.#trust();
    return this.#isTrusted;
  }

  /** It did not answer, or its deltas count anew. */
  interrupt(): void {
    this.#wasTrusted ||= this.#isTrusted;
    this.#isTrusted = false;
    this.#since = undefined;
  }

  /** Another server is asked from now on, whose clock and registrations are others. */
  change(): void {
    this.interrupt();
    this.#wasTrusted = false;
    this.#tookOver = true;
    this.#heard = -Infinity;
  }

  /** After each answer; `now`: by the server's clock. */
  noteAnswer(now: number): void {
    if (this.#since === undefined) this.#from = now;
    this.#since ??= performance.now();
    this.#heard = now + clockStepMs;
  }

  /** After each full read, before noteAnswer; `before`: what was known until then, by whatever server. */
  noteList({ table, oldestRegistration, now }: FullList, before: InstanceTable | undefined): void {
    const lost = [...(before?.keys() ?? [])].filter((key) => !table.has(key));
    const isSame = oldestRegistration <= this.#heard;
    if (this.isTrusted && lost.length > 0 && !isSame) {
      this.interrupt();
      this.#wasTrusted = false;
    }
    const isOld = !this.#tookOver && now - oldestRegistration >= this.#ms;
    if (isOld || (isSame && this.#wasTrusted)) this.#trust();
    if (this.#isTrusted) return;
    this.#knewSome ||= (before?.size ?? 0) > 0;
    for (const key of lost) this.#lacking.add(key);
    for (const key of this.#lacking) if (table.has(key)) this.#lacking.delete(key);
  }

  noteFound(key: string): void {
    this.#lacking.delete(key);
  }

  /** `at`: by the server's clock. What went before it was asked may have been elsewhere since. */
  noteGone(key: string, at: number): void {
    if (at >= this.#from) this.#lacking.delete(key);
  }

  #trust(): void {
    this.#isTrusted = true;
    this.#wasTrusted = false;
    this.#knewSome = false;
    this.#tookOver = false;
    this.#lacking.clear();
  }
}
