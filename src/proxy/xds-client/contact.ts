/**
 * Whether the control plane has been heard, and what of it is told: that it was never reached is another trouble than
 * that it was lost. Each is told once until it is heard again; and, beside it, each reason for which it refuses.
 */
import type { StreamFailure } from './stream-failure.ts';

export interface ContactObserver {
  connected(): void;
  /** It has never been heard. */
  unreached(reason: string): void;
  /** It was heard, and is no more. */
  disconnected(reason: string): void;
}

/** A control plane that words each refusal differently fills no log. */
const MOST_REASONS = 5;

export class Contact {
  /** Whether it is heard on the stream that is open. */
  isHeard = false;
  /** Why it was never heard; undefined once it was, and while nothing has failed. */
  unreachedBecause: string | undefined;
  readonly #observer: ContactObserver;
  readonly #told = new Set<string>();
  #wasHeard = false;

  constructor(observer: ContactObserver) {
    this.#observer = observer;
  }

  heard(): void {
    if (this.isHeard) return;
    this.isHeard = true;
    this.#wasHeard = true;
    this.unreachedBecause = undefined;
    this.#told.clear();
    this.#observer.connected();
  }

  failed({ reason, refused }: StreamFailure): void {
    this.isHeard = false;
    if (!this.#wasHeard) this.unreachedBecause = reason;
    const isNews = this.#told.size === 0 || (refused && !this.#told.has(reason));
    if (!isNews || this.#told.size >= MOST_REASONS) return;
    this.#told.add(reason);
    if (this.#wasHeard) this.#observer.disconnected(reason);
    else this.#observer.unreached(reason);
  }
}
