/** What all who read, write, look at and withdraw statuses share: what is wanted, what is there, and in whose term. */
import type { ApiServer } from '../../../kubernetes-api/api-server.ts';
import type { Clock } from '../../../model/clock.ts';
import type { Condition, ObjectStatus } from '../../../model/object-status.ts';
import type { EventSubject } from '../events/event-recorder.ts';
import type { Urgency } from '../queue/ready-keys.ts';
import type { WorkQueue, WorkResult } from '../queue/work-queue.ts';
import type { Precedence } from '../replicas/revision-precedence.ts';
import { KindStatuses, type StatusKind } from './kind-statuses.ts';
import { StatusTroubles } from './status-troubles.ts';
import { WantedStatuses } from './wanted-statuses.ts';

/** Told once it is written: what a person must know. */
export interface FallenConditions {
  readonly object: EventSubject;
  readonly generation: number | undefined;
  readonly conditions: readonly Condition[];
}

export type StatusResult = 'written' | 'gone' | 'failed';

export interface StatusSurroundings {
  readonly api: ApiServer;
  readonly clock: Clock;
  readonly isWriter: () => boolean;
  /** Of this control plane. */
  readonly revision: string;
  readonly precedence: Precedence;
  /** All kinds, by what keys of their objects begin with. */
  readonly kinds: ReadonlyMap<string, StatusKind>;
  /** Whether all that there is has been seen: only then is an object of which nothing is wanted no concern of ours. */
  readonly isComplete?: () => boolean;
  readonly onFallen: (fallen: FallenConditions) => void;
  readonly onResult: (result: StatusResult) => void;
}

/** For as long as it is ours to write. */
export interface Term {
  readonly abort: AbortController;
  /** Whether we speak for what all control planes heed. */
  readonly isFirst: boolean;
}

/** read: of a kind; all others: of an object. */
export type StatusTask = 'read' | 'write' | 'look' | 'withdraw';

export type StatusWork = () => Promise<WorkResult>;

/** A kind that was read in this term. */
export interface ReadKind {
  readonly statuses: KindStatuses;
  readonly term: Term;
}

/** Between two writes of one object. */
export const pauseMs = 1_000;
/** In which what is not known yet may become known, so that an object is written once and not twice. */
export const settleMs = 2_000;

export class StatusDesk {
  readonly around: StatusSurroundings;
  readonly kinds: ReadonlyMap<string, KindStatuses>;
  readonly wanted = new WantedStatuses();
  readonly troubles: StatusTroubles;
  readonly #queue: Pick<WorkQueue, 'add' | 'halt'>;
  #term: Term | undefined;

  constructor(around: StatusSurroundings, queue: Pick<WorkQueue, 'add' | 'halt'>) {
    this.around = around;
    const { api, clock, kinds, revision } = around;
    this.kinds = new Map([...kinds].map(([name, kind]) => [name, new KindStatuses(kind, api, revision)]));
    this.troubles = new StatusTroubles(clock, kinds);
    this.#queue = queue;
  }

  get term(): Term | undefined {
    return this.#term;
  }

  begin(isFirst: boolean): void {
    this.#term = { abort: new AbortController(), isFirst };
  }

  end(): void {
    this.#term?.abort.abort();
    this.#term = undefined;
    this.troubles.clear();
    // Another replica writes now: what is there is not what we wrote.
    for (const kind of this.kinds.values()) kind.reset();
  }

  /** `key`: of the object, or the kind where that is to be read. */
  add(task: StatusTask, key: string, delayMs = 0, urgency: Urgency = 'awaited'): void {
    this.#queue.add(`${task} ${key}`, delayMs, urgency);
  }

  /** Nobody asks the API server anything for a while. */
  halt(askedMs: number | undefined): void {
    this.#queue.halt(askedMs);
  }

  /** Undefined unless it is ours to write, and known what is there. */
  readKind(kind: string): ReadKind | undefined {
    const statuses = this.kinds.get(kind);
    return statuses?.isRead !== true || this.#term === undefined ? undefined : { statuses, term: this.#term };
  }

  /** Of the types of conditions: none where it is for us to speak. */
  prefixFor({ isShared }: ObjectStatus, { isFirst }: Term): string {
    return isShared === true && !isFirst ? `${this.around.revision}.isthmus.dev/` : '';
  }
}

/** The task and key of what waits in the queue. */
export function taskOf(queued: string): { readonly task: string; readonly key: string } {
  const space = queued.indexOf(' ');
  return { task: queued.slice(0, space), key: queued.slice(space + 1) };
}
