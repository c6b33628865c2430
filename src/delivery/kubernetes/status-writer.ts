/**
 * Statuses, written to the objects that they are of: by server-side apply under a name of our own, so that what others say
 * there stays.
 *
 *   object statuses --take--> wanted, by key --queue--> compared with what is there --differs--> PATCH .../status
 *
 * Nothing is sent that the object says already, nor while another replica is to write. Who becomes the writer reads all
 * statuses of a kind once, and compares. What several control planes heed, the first of them speaks for: the others say theirs
 * beside it, as conditions of types with a prefix. What fails stays wanted: the queue holds each object once, however often it changes,
 * and the API server being away for long costs one write for each object whose status became another. Objects that come by with
 * another status than was written are looked at again, each once a minute at most, and put right. What is there and no longer ours to
 * speak of has our word taken back.
 */
import { ApiFailure } from '../../kubernetes-api/api-failure.ts';
import type { ApiServer } from '../../kubernetes-api/api-server.ts';
import type { Clock } from '../../model/clock.ts';
import { endSentence, type Finding } from '../../model/finding.ts';
import type { Condition, ObjectStatus } from '../../model/object-status.ts';
import type { EventSubject } from './event-recorder.ts';
import { KindStatuses, placeParts, type StatusKind } from './kind-statuses.ts';
import { changeOf, isSameWord, isSettled, type StatusChange } from './live-status.ts';
import type { Precedence } from './revision-precedence.ts';
import { StatusTroubles } from './status-troubles.ts';
import { kindOfKey, placeOfKey, WantedStatuses } from './wanted-statuses.ts';
import { type WorkLimits, WorkQueue, type WorkResult } from './work-queue.ts';
import { isOfServer, writeFailureOf } from './write-failure.ts';

/** Told once it is written: what a person must know. */
export interface FallenConditions {
  readonly object: EventSubject;
  readonly generation: number | undefined;
  readonly conditions: readonly Condition[];
}

export type StatusResult = 'written' | 'gone' | 'failed';

export interface StatusWriterOptions {
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
  readonly limits?: WorkLimits;
}

const defaultLimits: WorkLimits = {
  perSecond: 10,
  burst: 100,
  inFlight: 8,
  shortestRetryMs: 5,
  longestRetryMs: 300_000,
};

/** In which what is not known yet may become known, so that an object is written once and not twice. */
const settleMs = 2_000;
/** Between two writes of one object. */
const pauseMs = 1_000;
/** Between two looks at one object whose status somebody may have changed. */
const lookMs = 60_000;
/** In which the watch tells of what a list has. */
const unheardMs = 10_000;
export class StatusWriter {
  readonly #options: StatusWriterOptions;
  readonly #queue: WorkQueue;
  readonly #kinds: ReadonlyMap<string, KindStatuses>;
  readonly #wanted = new WantedStatuses();
  readonly #troubles: StatusTroubles;
  readonly #writtenAt = new Map<string, number>();
  readonly #lookedAt = new Map<string, number>();
  #term: Term | undefined;

  constructor(options: StatusWriterOptions) {
    this.#options = options;
    const { api, clock, kinds, revision } = options;
    this.#kinds = new Map([...kinds].map(([name, kind]) => [name, new KindStatuses(kind, api, revision)]));
    this.#troubles = new StatusTroubles(clock, kinds);
    this.#queue = new WorkQueue({
      clock,
      limits: options.limits ?? defaultLimits,
      prepare: (key) => this.#prepare(key),
    });
  }

  /** A sink of object statuses. */
  readonly take = (diff: readonly { readonly key: string; readonly after: ObjectStatus | undefined }[]): void => {
    for (const { key, after } of diff) {
      if (after === undefined) this.#forget(key);
      else {
        this.#wanted.set(after);
        this.#enqueue(after);
      }
    }
  };

  /** An object as it came by: its status may be another than what was written. `kind`: as keys of its objects begin. */
  readonly see = (kind: string, object: unknown, isGone = false): void => {
    const statuses = this.#kinds.get(kind);
    const place = isGone ? statuses?.sightOf(object)?.place : undefined;
    if (place !== undefined) statuses?.forget(place);
    if (isGone) return;
    if (this.#term === undefined || statuses?.isRead !== true || statuses.isStatusless) return;
    const seen = statuses.sightOf(object);
    const shown = seen && statuses.shown(seen.place);
    if (seen === undefined || shown === undefined || shown.uid !== seen.status.uid) return;
    const key = `${kind}/${seen.place}`;
    const wanted = this.#wanted.get(key);
    if (wanted === undefined || isSameWord(wanted, seen.status, shown, this.#prefixFor(wanted, this.#term))) return;
    const rest = (this.#lookedAt.get(key) ?? -lookMs) + lookMs - this.#options.clock.now();
    this.#queue.add(`${lookPrefix}${key}`, Math.max(pauseMs, Math.min(rest, lookMs)));
  };

  /** To be called when it becomes ours to write, or ours no more, or to speak for others. */
  recheck(): void {
    const { isWriter, precedence } = this.#options;
    const isFirst = isWriter() ? precedence.isFirst : undefined;
    if (isFirst === this.#term?.isFirst) return;
    if (this.#term !== undefined) this.#endTerm();
    if (isFirst === undefined) return;
    this.#term = { abort: new AbortController(), isFirst };
    for (const kind of this.#wanted.kinds()) this.#queue.add(`${readPrefix}${kind}`);
  }

  /** Objects whose status waits to be written. */
  get depth(): number {
    return this.#queue.depth;
  }

  findings(): readonly Finding[] {
    return this.#troubles.findings();
  }

  /** What is under way is called off. */
  async close(): Promise<void> {
    this.#endTerm();
    await this.#queue.close();
  }

  #endTerm(): void {
    this.#term?.abort.abort();
    this.#term = undefined;
    this.#queue.clear();
    this.#troubles.clear();
    // Another replica writes now: what is there is not what we wrote.
    for (const kind of this.#kinds.values()) kind.reset();
  }

  #forget(key: string): void {
    this.#wanted.delete(key);
    this.#writtenAt.delete(key);
    this.#lookedAt.delete(key);
    const statuses = this.#kinds.get(kindOfKey(key));
    const place = placeOfKey(key);
    if (this.#term === undefined || statuses?.live(place).owned.size === 0) statuses?.forget(place);
    else this.#queue.add(`${withdrawPrefix}${key}`, settleMs);
  }

  /** Of what is there, and of which nothing is wanted: it is left to others, or to nobody. */
  #withdrawing(key: string): (() => Promise<WorkResult>) | undefined {
    const statuses = this.#kinds.get(kindOfKey(key));
    const signal = this.#term?.abort.signal;
    const place = placeOfKey(key);
    if (statuses?.isRead !== true || signal === undefined || this.#wanted.get(key) !== undefined) return undefined;
    if (statuses.isStatusless || statuses.live(place).owned.size === 0) return undefined;
    return async () => {
      if (this.#options.isComplete?.() === false) return 'retry';
      try {
        await statuses.withdraw(place, signal);
      } catch (error) {
        if (!(error instanceof ApiFailure) || !error.isAbsent) return this.#failed(kindOfKey(key), place, error);
        statuses.forget(place);
      }
      return 'done';
    };
  }

  #enqueue(status: ObjectStatus): void {
    const { key } = status;
    if (this.#term === undefined) return;
    const kind = kindOfKey(key);
    if (this.#kinds.get(kind)?.isRead !== true) {
      this.#queue.add(`${readPrefix}${kind}`);
      return;
    }
    const rest = (this.#writtenAt.get(key) ?? 0) + pauseMs - this.#options.clock.now();
    // A clock that was set back makes nobody wait longer than a pause.
    this.#queue.add(key, Math.max(isSettled(status) ? 0 : settleMs, Math.min(rest, pauseMs)));
  }

  #prepare(key: string): (() => Promise<WorkResult>) | undefined {
    if (key.startsWith(readPrefix)) return this.#reading(key);
    if (key.startsWith(withdrawPrefix)) return this.#withdrawing(key.slice(withdrawPrefix.length));
    return key.startsWith(lookPrefix) ? this.#looking(key.slice(lookPrefix.length)) : this.#writing(key);
  }

  /** What came by may be older than what was written since: the object itself says. */
  #looking(key: string): (() => Promise<WorkResult>) | undefined {
    const statuses = this.#kinds.get(kindOfKey(key));
    const signal = this.#term?.abort.signal;
    if (statuses?.isRead !== true || signal === undefined) return undefined;
    return async () => {
      try {
        this.#lookedAt.set(key, this.#options.clock.now());
        await statuses.look(placeOfKey(key), signal);
      } catch (error) {
        if (error instanceof ApiFailure && error.isAbsent) return 'done';
        return this.#failed(kindOfKey(key), placeOfKey(key), error);
      }
      const wanted = this.#wanted.get(key);
      if (wanted !== undefined) this.#enqueue(wanted);
      return 'done';
    };
  }

  #reading(key: string): (() => Promise<WorkResult>) | undefined {
    const kind = key.slice(readPrefix.length);
    const statuses = this.#kinds.get(kind);
    const signal = this.#term?.abort.signal;
    if (statuses === undefined || signal === undefined || statuses.isRead || this.#troubles.isBlocked(kind))
      return undefined;
    return async () => {
      try {
        const isThere = await statuses.read(signal);
        if (isThere) this.#enqueueAll(kind);
        else this.#lookAgain(kind);
        return 'done';
      } catch (error) {
        return this.#failed(kind, '', error);
      }
    };
  }

  #enqueueAll(kind: string): void {
    for (const status of this.#wanted.ofKind(kind)) this.#enqueue(status);
    for (const place of this.#kinds.get(kind)?.spokenOf() ?? []) {
      const key = `${kind}/${place}`;
      // What was made since the watch was heard last is told of in a moment.
      if (this.#wanted.get(key) === undefined) this.#queue.add(`${withdrawPrefix}${key}`, unheardMs);
    }
  }

  #writing(key: string): (() => Promise<WorkResult>) | undefined {
    const wanted = this.#wanted.get(key);
    const kind = kindOfKey(key);
    const statuses = this.#kinds.get(kind);
    const term = this.#term;
    if (wanted === undefined || statuses?.isRead !== true || term === undefined) return undefined;
    if (this.#troubles.isBlocked(kind)) return undefined;
    const place = placeOfKey(key);
    const change = changeOf(
      wanted,
      statuses.live(place, wanted.uid),
      this.#options.clock.now(),
      this.#prefixFor(wanted, term),
    );
    if (change === undefined) return undefined;
    if (statuses.isStatusless) {
      statuses.note(place, change.live);
      this.#tell(statuses, wanted, change);
      return undefined;
    }
    return async () => this.#write(key, wanted, change, statuses, term.abort.signal);
  }

  /** Of the types of conditions: none where it is for us to speak. */
  #prefixFor({ isShared }: ObjectStatus, { isFirst }: Term): string {
    return isShared === true && !isFirst ? `${this.#options.revision}.isthmus.dev/` : '';
  }

  async #write(
    key: string,
    wanted: ObjectStatus,
    change: StatusChange,
    statuses: KindStatuses,
    signal: AbortSignal,
  ): Promise<WorkResult> {
    try {
      await statuses.write(placeOfKey(key), wanted.uid, change, signal);
    } catch (error) {
      return this.#failedWrite(key, statuses, error, signal);
    }
    this.#options.onResult('written');
    this.#settle(kindOfKey(key));
    this.#writtenAt.set(key, this.#options.clock.now());
    this.#tell(statuses, wanted, change);
    const latest = this.#wanted.get(key);
    if (latest !== undefined && latest !== wanted) this.#enqueue(latest);
    return 'done';
  }

  #tell(statuses: KindStatuses, { namespace, name, generation, uid: known }: ObjectStatus, change: StatusChange): void {
    const { fallen } = change;
    if (fallen.length === 0) return;
    const uid = known ?? statuses.live(`${namespace}/${name}`).uid;
    const { kind, plural } = statuses.kind;
    const object = { apiVersion: statuses.apiVersion, kind, namespace, name, uid, plural };
    this.#options.onFallen({ object, generation, conditions: fallen });
  }

  async #failedWrite(key: string, statuses: KindStatuses, error: unknown, signal: AbortSignal): Promise<WorkResult> {
    const kind = kindOfKey(key);
    if (!(error instanceof ApiFailure) || !error.isAbsent) return this.#failed(kind, placeOfKey(key), error);
    try {
      if (await statuses.exists(placeOfKey(key), signal)) {
        statuses.isStatusless = true;
        const message = `Objects of kind ${statuses.kind.kind} have no status that could be written: events alone tell of them.`;
        this.#troubles.note(kind, { code: 'ISTH1541', message, blocks: false });
        this.#troubles.later(() => {
          statuses.isStatusless = false;
        });
        this.#enqueueAll(kind);
      } else {
        // It went, or its kind did: who watches it tells so. What comes in its place has a status of its own to be written.
        statuses.forget(placeOfKey(key));
        this.#options.onResult('gone');
      }
      return 'done';
    } catch (failure) {
      return this.#failed(kind, placeOfKey(key), failure);
    }
  }

  #failed(kind: string, place: string, error: unknown): WorkResult {
    this.#options.onResult('failed');
    if (!(error instanceof ApiFailure)) throw error;
    const cause = writeFailureOf(error);
    if (isOfServer(cause)) {
      this.#queue.halt(error.retryAfterMs);
      return 'again';
    }
    switch (cause) {
      case 'no-right':
        this.#troubles.note(kind, {
          code: 'ISTH1540',
          message: `${endSentence(error.message)} Let it ${this.#rightFor(kind)}.`,
          blocks: true,
        });
        this.#lookAgain(kind);
        return 'done';
      case 'refused':
        this.#troubles.note(kind, {
          code: 'ISTH1542',
          message: `The status of ${placeName(place)} is refused: ${error.message}`,
          blocks: false,
        });
        return 'retry';
      case 'changed':
      case 'kind-absent':
      case 'namespace-absent':
      case 'namespace-terminating':
        return 'retry';
    }
  }

  /** A status of the kind was written: what was in the way is not any more. */
  #settle(kind: string): void {
    const before = this.#troubles.settle(kind);
    // Its definition knows a status now: what was only told as events is to be written.
    if (before?.code !== 'ISTH1541') return;
    this.#kinds.get(kind)?.reset();
    this.#queue.add(`${readPrefix}${kind}`);
  }

  #lookAgain(kind: string): void {
    this.#troubles.later(() => {
      this.#troubles.settle(kind);
      this.#kinds.get(kind)?.reset();
      this.#queue.add(`${readPrefix}${kind}`);
    });
  }

  #rightFor(kind: string): string {
    const { group = '', plural = '' } = this.#kinds.get(kind)?.kind ?? {};
    return `get and list ${plural}, and patch ${plural}/status, of apiGroup ${group}`;
  }
}

/** For as long as it is ours to write. */
interface Term {
  readonly abort: AbortController;
  /** Whether we speak for what all control planes heed. */
  readonly isFirst: boolean;
}

const readPrefix = 'read ';
const lookPrefix = 'look ';
const withdrawPrefix = 'withdraw ';

function placeName(place: string): string {
  const { namespace, name } = placeParts(place);
  return namespace === '' ? name : `${namespace}/${name}`;
}
