/**
 * Events of objects: what a person must know who looks at them with kubectl, and nothing that a program is to act on.
 *
 *   record --> one event for each attempt and reason --queue--> POST
 *                `- the same again --> counted --------queue--> PATCH of its series, now and then
 *
 * Its name follows from what it says, so that another replica, or this one after a restart, counts on and tells nothing
 * twice. An event is worth less than the server's peace: few a second, a bounded number in all, and what could not be told
 * for long is not told any more. Namespaces take turns, and who has the most is forgotten first. What it says stands in the
 * status, and in findings, as well.
 */
import { hash } from 'node:crypto';
import { ApiFailure } from '../../../kubernetes-api/api-failure.ts';
import { collectionPath, objectPath } from '../../../kubernetes-api/api-paths.ts';
import type { ApiServer } from '../../../kubernetes-api/api-server.ts';
import { fieldOf, textOf } from '../../../kubernetes-api/plain-fields.ts';
import type { Clock } from '../../../model/clock.ts';
import { type Finding, finding } from '../../../model/finding.ts';
import { type WorkLimits, WorkQueue, type WorkResult } from '../queue/work-queue.ts';
import { isOfServer, writeFailureOf } from '../queue/write-failure.ts';
import { FairMemory } from './fair-memory.ts';

/**
 * What an event is about. `namespace` is empty for what belongs to none; `uid` where it is not known: it is asked for then where
 * the `plural` of the kind is, as kubectl shows with an object what bears its uid.
 */
export interface EventSubject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly plural?: string;
}

export interface EventNotice {
  readonly subject: EventSubject;
  readonly type: 'Normal' | 'Warning';
  /** One word in CamelCase, out of few. */
  readonly reason: string;
  /** What was done or tried, in a word. */
  readonly action: string;
  /** For people; cut where it is longer than an event may be. */
  readonly note: string;
  /** What tells one attempt from another, such as the object's generation: the same attempt and reason are one event. */
  readonly attempt: string;
}

export interface EventRecorderOptions {
  readonly api: ApiServer;
  readonly clock: Clock;
  readonly isWriter: () => boolean;
  /** Of this replica. */
  readonly instance: string;
  readonly limits?: WorkLimits;
}

interface Recorded {
  readonly name: string;
  readonly notice: EventNotice;
  /** Milliseconds since the epoch: first and last time. */
  readonly since: number;
  readonly last: number;
  /** How often it happened, and of that, what the server knows; 0 while it has no such event. */
  readonly count: number;
  readonly told: number;
}

const defaultLimits: WorkLimits = {
  perSecond: 5,
  burst: 50,
  inFlight: 4,
  shortestRetryMs: 500,
  longestRetryMs: 60_000,
};
const mostRemembered = 1000;
/** An event is not added to after that; it is another. */
const seriesMs = 600_000;
const betweenCountsMs = 10_000;
const longestNoteBytes = 1000;
const afterForbiddenMs = 60_000;
const events = { group: 'events.k8s.io', version: 'v1', plural: 'events' };

export class EventRecorder {
  readonly #options: EventRecorderOptions;
  readonly #queue: WorkQueue;
  /** By what makes events one. */
  readonly #recorded = new FairMemory<Recorded>(mostRemembered, groupOf);
  #forbidden: { readonly message: string; readonly until: number } | undefined;

  constructor(options: EventRecorderOptions) {
    this.#options = options;
    this.#queue = new WorkQueue({
      clock: options.clock,
      limits: options.limits ?? defaultLimits,
      prepare: (key) => this.#telling(key),
      groupOf,
    });
  }

  record(notice: EventNotice): void {
    if (!this.#options.isWriter()) return;
    const now = this.#options.clock.now();
    const key = keyOf(notice);
    const known = this.#recorded.get(key);
    const isNew = known === undefined || now - known.last > seriesMs;
    const forgotten = this.#recorded.set(
      key,
      isNew
        ? { name: nameOf(notice), notice, since: now, last: now, count: 1, told: 0 }
        : { ...known, notice, last: now, count: known.count + 1 },
    );
    if (forgotten !== undefined) this.#queue.forget(forgotten);
    this.#queue.add(key, isNew ? 0 : betweenCountsMs);
  }

  findings(): readonly Finding[] {
    if (this.#forbidden === undefined) return [];
    const object = { kind: 'ServiceAccount', name: 'isthmus' };
    return [finding('ISTH1543', { object, message: this.#forbidden.message })];
  }

  async close(): Promise<void> {
    await this.#queue.close();
  }

  #telling(key: string): (() => Promise<WorkResult>) | undefined {
    const recorded = this.#recorded.get(key);
    const now = this.#options.clock.now();
    if (recorded === undefined || recorded.count === recorded.told || !this.#options.isWriter()) return undefined;
    if (now - recorded.last > seriesMs || (this.#forbidden !== undefined && now < this.#forbidden.until))
      return undefined;
    return async () => {
      try {
        const told = recorded.told === 0 ? await this.#create(recorded) : await this.#count(recorded);
        this.#forbidden = undefined;
        this.#recorded.amend(key, (latest) => ({ ...latest, ...told(latest) }));
        return 'done';
      } catch (error) {
        return this.#failed(error, now);
      }
    };
  }

  /** One that is there already was told by who wrote before us. */
  async #create(recorded: Recorded): Promise<(latest: Recorded) => Partial<Recorded>> {
    const { count, notice } = recorded;
    const path = collectionPath(events, namespaceOf(notice));
    const body = bodyOf(recorded, await this.#uidOf(notice.subject), this.#options.instance);
    try {
      await this.#options.api.send({ method: 'POST', path, body });
      return () => ({ told: count });
    } catch (error) {
      if (!(error instanceof ApiFailure) || error.status !== 409) throw error;
      const before = countIn(await this.#options.api.get(this.#pathOf(recorded)));
      await this.#patch({ ...recorded, count: before + count });
      return (latest) => ({ count: latest.count + before, told: before + count });
    }
  }

  /** Empty where it cannot be had: an event without it is better than none. */
  async #uidOf({ apiVersion, namespace, name, uid, plural }: EventSubject): Promise<string> {
    if (uid !== '' || plural === undefined) return uid;
    const [version = '', group = ''] = apiVersion.split('/').reverse();
    try {
      const object = await this.#options.api.get(objectPath({ group, version, plural }, { namespace, name }));
      return textOf(fieldOf(object, 'metadata'), 'uid') ?? '';
    } catch (error) {
      if (error instanceof ApiFailure && error.status !== undefined) return '';
      throw error;
    }
  }

  async #count(recorded: Recorded): Promise<(latest: Recorded) => Partial<Recorded>> {
    await this.#patch(recorded);
    return () => ({ told: recorded.count });
  }

  async #patch(recorded: Recorded): Promise<void> {
    const { count, last, notice } = recorded;
    const body = { note: cut(notice.note), series: { count, lastObservedTime: microTime(last) } };
    const contentType = 'application/merge-patch+json';
    await this.#options.api.send({ method: 'PATCH', path: this.#pathOf(recorded), body, contentType });
  }

  #pathOf({ name, notice }: Recorded): string {
    return objectPath(events, { namespace: namespaceOf(notice), name });
  }

  #failed(error: unknown, now: number): WorkResult {
    if (!(error instanceof ApiFailure)) throw error;
    const cause = writeFailureOf(error);
    if (isOfServer(cause)) {
      this.#queue.halt(error.retryAfterMs);
      return 'again';
    }
    switch (cause) {
      case 'changed':
        return 'retry';
      case 'no-right':
        this.#forbidden = { message: error.message, until: now + afterForbiddenMs };
        return 'done';
      case 'refused':
      case 'kind-absent':
      case 'namespace-absent':
      case 'namespace-terminating':
        // Its namespace goes, or the server does not want it: nobody is helped by trying on.
        return 'done';
    }
  }
}

/** Cluster-wide objects have theirs in `default`, where kubectl looks for them. */
function namespaceOf({ subject }: EventNotice): string {
  return subject.namespace === '' ? 'default' : subject.namespace;
}

/** What makes events one, by namespace. */
function keyOf(notice: EventNotice): string {
  return `${notice.subject.namespace}/${identityOf(notice)}`;
}

/** The namespace of whom it is about; empty for what belongs to none. */
function groupOf(key: string): string {
  return key.slice(0, key.indexOf('/'));
}

function identityOf({ subject, type, reason, attempt }: EventNotice): string {
  const { apiVersion, kind, namespace, name, uid } = subject;
  return JSON.stringify([apiVersion, kind, namespace, name, uid, type, reason, attempt]);
}

function nameOf(notice: EventNotice): string {
  return `${notice.subject.name.slice(0, 200)}.${hash('sha256', identityOf(notice), 'hex').slice(0, 16)}`;
}

function bodyOf({ name, notice, since, last, count }: Recorded, uid: string, instance: string): object {
  const { subject, type, reason, action, note } = notice;
  const { apiVersion, kind, namespace } = subject;
  return {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: { namespace: namespaceOf(notice), name },
    eventTime: microTime(since),
    type,
    reason,
    action,
    note: cut(note),
    reportingController: 'isthmus.dev/isthmus',
    reportingInstance: instance.slice(0, 128),
    regarding: {
      apiVersion,
      kind,
      ...(namespace === '' ? {} : { namespace }),
      name: subject.name,
      ...(uid === '' ? {} : { uid }),
    },
    ...(count === 1 ? {} : { series: { count, lastObservedTime: microTime(last) } }),
  };
}

function countIn(event: unknown): number {
  const count = fieldOf(fieldOf(event, 'series'), 'count');
  return typeof count === 'number' ? count : 1;
}

function microTime(ms: number): string {
  return new Date(ms).toISOString().replace(/(\.\d{3})Z$/, '$1000Z');
}

function cut(note: string): string {
  const bytes = Buffer.from(note);
  if (bytes.length <= longestNoteBytes) return note;
  return `${bytes.subarray(0, longestNoteBytes).toString('utf8').replace(/�+$/, '')}…`;
}
