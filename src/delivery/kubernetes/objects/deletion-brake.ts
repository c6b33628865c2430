/**
 * How many objects of a kind may go at once before it is more likely a mistake than meant. What is too many is held: until
 * somebody releases it, until all of it is wanted again, or until the hold time is over.
 */
import { HighWater } from '../../../model/high-water.ts';

export interface BrakeLimits {
  /** So few are never held. */
  readonly objects: number;
  readonly percent: number;
  /** Losses within this time count together, and what is held goes after it, in milliseconds. */
  readonly holdMs: number;
}

export const defaultBrakeLimits: BrakeLimits = { objects: 20, percent: 20, holdMs: 600_000 };

export class DeletionBrake {
  readonly #limits: BrakeLimits;
  readonly #highWater: HighWater;
  #heldSince: number | undefined;

  /** `owned`: how many objects there are, be they wanted or not. */
  constructor(limits: BrakeLimits, owned: number, now: number) {
    this.#limits = limits;
    this.#highWater = new HighWater(owned, now);
  }

  /** Since when deletions are held; undefined while none is. */
  get heldSince(): number | undefined {
    return this.#heldSince;
  }

  /** When what is held goes by itself. */
  get due(): number | undefined {
    return this.#heldSince === undefined ? undefined : this.#heldSince + this.#limits.holdMs;
  }

  /** `kept`: how many of those that are there are wanted; `unwanted`: how many are not. To be told of each change. */
  observe(kept: number, unwanted: number, now: number): void {
    if (this.due !== undefined && now >= this.due) {
      this.release(kept, now);
      return;
    }
    const { objects, percent, holdMs } = this.#limits;
    const isLoss = this.#highWater.lost(kept) > objects && this.#highWater.isTooLow(kept, percent);
    // Of a loss that was too great none is believed since a part came back: the rest is about to.
    if (unwanted === 0) this.#heldSince = undefined;
    else if (isLoss) this.#heldSince ??= now;
    if (this.#heldSince === undefined) this.#highWater.note(kept, now, holdMs);
  }

  /** What is to go now was meant. */
  release(kept: number, now: number): void {
    this.#heldSince = undefined;
    this.#highWater.note(kept, now, 0);
  }
}
