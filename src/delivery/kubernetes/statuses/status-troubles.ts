/** What is in the way of statuses, kind by kind: told as findings, and looked at again after a while. */
import type { Clock } from '../../../model/clock.ts';
import { type Finding, finding } from '../../../model/finding.ts';
import type { StatusKind } from './kind-statuses.ts';

export interface Trouble {
  readonly code: 'ISTH1540' | 'ISTH1541' | 'ISTH1542';
  readonly message: string;
  /** Whether nothing of the kind can be written until it is looked at again. */
  readonly blocks: boolean;
}

const lookAgainMs = 60_000;

export class StatusTroubles {
  readonly #clock: Clock;
  readonly #kinds: ReadonlyMap<string, StatusKind>;
  readonly #troubles = new Map<string, Trouble>();
  readonly #timers = new Set<() => void>();

  constructor(clock: Clock, kinds: ReadonlyMap<string, StatusKind>) {
    this.#clock = clock;
    this.#kinds = kinds;
  }

  note(kind: string, trouble: Trouble): void {
    this.#troubles.set(kind, trouble);
  }

  /** Nothing is in the way any more; gives what was. */
  settle(kind: string): Trouble | undefined {
    const before = this.#troubles.get(kind);
    this.#troubles.delete(kind);
    return before;
  }

  isBlocked(kind: string): boolean {
    return this.#troubles.get(kind)?.blocks === true;
  }

  /** Once, after a while. */
  later(run: () => void): void {
    const cancel = this.#clock.after(lookAgainMs, () => {
      this.#timers.delete(cancel);
      run();
    });
    this.#timers.add(cancel);
  }

  clear(): void {
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
    this.#troubles.clear();
  }

  findings(): readonly Finding[] {
    return [...this.#troubles].map(([kind, { code, message }]) => {
      const { group = '', plural = kind } = this.#kinds.get(kind) ?? {};
      return finding(code, { object: { kind: 'CustomResourceDefinition', name: `${plural}.${group}` }, message });
    });
  }
}
