/**
 * Statuses, written to the objects that they are of: by server-side apply under a name of our own, so that what others say
 * there stays.
 *
 *   object statuses --take--> wanted, by key --queue--+--> writes: compared with what is there --differs--> PATCH .../status
 *   objects as they come by --see---------------------+--> looks: whether it is as it was written
 *   of which nothing is wanted any more --------------+--> withdrawals: nothing of ours is left there
 *
 * Nothing is sent that the object says already, nor while another replica is to write. Who becomes the writer reads all
 * statuses of a kind once, and compares. What several control planes heed, the first of them speaks for: the others say theirs
 * beside it, as conditions of types with a prefix. What fails stays wanted: the queue holds each object once, however often it changes,
 * and the API server being away for long costs one write for each object whose status became another. What somebody waits for goes
 * before what concerns the whole mesh (status-urgency.ts), and namespaces take turns.
 */
import type { Finding } from '../../../model/finding.ts';
import type { ObjectStatus } from '../../../model/object-status.ts';
import { type WorkLimits, WorkQueue } from '../queue/work-queue.ts';
import { StatusDesk, type StatusSurroundings, type StatusWork, taskOf } from './status-desk.ts';
import { failed, lookAgain } from './status-failures.ts';
import { StatusLooks } from './status-looks.ts';
import { StatusWithdrawals } from './status-withdrawals.ts';
import { StatusWrites } from './status-writes.ts';

export interface StatusWriterOptions extends StatusSurroundings {
  readonly limits?: WorkLimits;
}

export const defaultStatusLimits: WorkLimits = {
  perSecond: 10,
  burst: 100,
  inFlight: 8,
  shortestRetryMs: 5,
  longestRetryMs: 300_000,
};

export class StatusWriter {
  readonly #desk: StatusDesk;
  readonly #queue: WorkQueue;
  readonly #writes: StatusWrites;
  readonly #looks: StatusLooks;
  readonly #withdrawals: StatusWithdrawals;

  constructor({ limits = defaultStatusLimits, ...around }: StatusWriterOptions) {
    const prepare = (queued: string): StatusWork | undefined => this.#prepare(queued);
    this.#queue = new WorkQueue({ clock: around.clock, limits, prepare, groupOf: namespaceOf });
    this.#desk = new StatusDesk(around, this.#queue);
    this.#writes = new StatusWrites(this.#desk, limits.burst);
    this.#looks = new StatusLooks(this.#desk, this.#writes);
    this.#withdrawals = new StatusWithdrawals(this.#desk);
  }

  /** A sink of object statuses. */
  readonly take = (diff: readonly { readonly key: string; readonly after: ObjectStatus | undefined }[]): void => {
    const { wanted } = this.#desk;
    const fresh: ObjectStatus[] = [];
    const known: ObjectStatus[] = [];
    for (const { key, after } of diff) {
      if (after === undefined) this.#forget(key);
      else {
        const isKnown = isSameObject(wanted.get(key), after);
        (isKnown ? known : fresh).push(after);
        wanted.set(after);
      }
    }
    this.#writes.enqueueNew(fresh);
    for (const status of known) this.#writes.enqueue(status);
  };

  /** An object as it came by: its status may be another than what was written. `kind`: as keys of its objects begin. */
  readonly see = (kind: string, object: unknown, isGone = false): void => this.#looks.see(kind, object, isGone);

  /** To be called when it becomes ours to write, or ours no more, or to speak for others. */
  recheck(): void {
    const { isWriter, precedence } = this.#desk.around;
    const isFirst = isWriter() ? precedence.isFirst : undefined;
    if (isFirst === this.#desk.term?.isFirst) return;
    if (this.#desk.term !== undefined) this.#endTerm();
    if (isFirst === undefined) return;
    this.#desk.begin(isFirst);
    for (const kind of this.#desk.wanted.kinds()) this.#desk.add('read', kind);
  }

  /** Objects whose status waits to be written. */
  get depth(): number {
    return this.#queue.depth;
  }

  findings(): readonly Finding[] {
    return this.#desk.troubles.findings();
  }

  /** What is under way is called off. */
  async close(): Promise<void> {
    this.#endTerm();
    await this.#queue.close();
  }

  #endTerm(): void {
    this.#queue.clear();
    this.#desk.end();
  }

  #forget(key: string): void {
    this.#desk.wanted.delete(key);
    this.#writes.forget(key);
    this.#looks.forget(key);
    this.#withdrawals.forget(key);
  }

  #prepare(queued: string): StatusWork | undefined {
    const { task, key } = taskOf(queued);
    switch (task) {
      case 'read':
        return this.#reading(key);
      case 'look':
        return this.#looks.prepare(key);
      case 'withdraw':
        return this.#withdrawals.prepare(key);
      default:
        return this.#writes.prepare(key);
    }
  }

  #reading(kind: string): StatusWork | undefined {
    const { kinds, term, troubles } = this.#desk;
    const statuses = kinds.get(kind);
    if (statuses === undefined || term === undefined || statuses.isRead || troubles.isBlocked(kind)) return undefined;
    return async () => {
      try {
        if (await statuses.read(term.abort.signal)) this.#enqueueAll(kind);
        else lookAgain(this.#desk, kind);
        return 'done';
      } catch (error) {
        return failed(this.#desk, kind, '', error);
      }
    };
  }

  #enqueueAll(kind: string): void {
    this.#writes.enqueueNew([...this.#desk.wanted.ofKind(kind)]);
    this.#withdrawals.enqueueAll(kind);
  }
}

/** As somebody wrote it last. */
function isSameObject(before: ObjectStatus | undefined, after: ObjectStatus): boolean {
  return before !== undefined && before.generation === after.generation && before.uid === after.uid;
}

/** Of what waits in the queue; empty for kinds, and for what belongs to none. */
function namespaceOf(queued: string): string {
  const [, namespace = ''] = taskOf(queued).key.split('/');
  return namespace;
}
