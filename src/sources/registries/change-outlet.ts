/**
 * What changed in a registry, on its way to the mesh: no more in a minute than is trusted. What waits comes as it is then,
 * and what is seen for the first time does not wait, since there are only so many services.
 */
import type { Clock } from '../../model/clock.ts';
import { ChangeBudget } from './change-budget.ts';

export interface ChangeOutletOptions {
  readonly maxPerMinute: number;
  readonly clock: Clock;
  /** How many a service has that is in force, by its key; undefined where there is none. */
  readonly instancesOf: (key: string) => number | undefined;
  /** More may be taken. */
  readonly onMore: () => void;
}

export class ChangeOutlet {
  readonly #options: ChangeOutletOptions;
  readonly #budget: ChangeBudget;
  /** Keys that changed since they were taken last. */
  readonly #touched = new Set<string>();
  /** Of each service that was taken, so that their sum costs nothing. */
  readonly #counts = new Map<string, number>();
  #instances = 0;
  #cancelTimer: () => void = () => {};

  constructor(options: ChangeOutletOptions) {
    this.#options = options;
    this.#budget = new ChangeBudget(options.maxPerMinute, options.clock.now());
  }

  /** Of all services that were taken. */
  get instances(): number {
    return this.#instances;
  }

  /** How many changes have to wait. */
  get waiting(): number {
    return this.#touched.size;
  }

  touch(key: string): void {
    this.#touched.add(key);
  }

  /** Keys of what changed and may reach the mesh now, in order. The others are told of when there is room. */
  take(): readonly string[] {
    const { clock, instancesOf, onMore } = this.#options;
    const isFirst = (key: string): boolean => !this.#counts.has(key) && instancesOf(key) !== undefined;
    const again = [...this.#touched].filter((key) => !isFirst(key));
    const taken = [...this.#touched].filter(isFirst);
    taken.push(...again.slice(0, this.#budget.take(again.length, clock.now())));
    for (const key of taken) {
      this.#touched.delete(key);
      this.count(key);
    }
    this.#cancelTimer();
    if (this.#touched.size > 0) this.#cancelTimer = clock.after(this.#budget.pauseMs, onMore);
    return taken.sort();
  }

  /** A service that is in force without having changed. */
  count(key: string): void {
    const count = this.#options.instancesOf(key);
    this.#instances += (count ?? 0) - (this.#counts.get(key) ?? 0);
    if (count === undefined) this.#counts.delete(key);
    else this.#counts.set(key, count);
  }

  close(): void {
    this.#cancelTimer();
  }
}
