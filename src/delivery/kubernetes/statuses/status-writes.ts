/** One object's status, written: where it differs from what is there, and told of where it fell. */
import { ApiFailure } from '../../../kubernetes-api/api-failure.ts';
import type { ObjectStatus } from '../../../model/object-status.ts';
import type { WorkResult } from '../queue/work-queue.ts';
import type { KindStatuses } from './kind-statuses.ts';
import { changeOf, isSettled, type StatusChange } from './live-status.ts';
import { pauseMs, type StatusDesk, type StatusWork, settleMs } from './status-desk.ts';
import { failed, settle } from './status-failures.ts';
import { isUnsaid, urgencyOf } from './status-urgency.ts';
import { kindOfKey, placeOfKey } from './wanted-statuses.ts';

export class StatusWrites {
  readonly #desk: StatusDesk;
  /** More than that are no news of what somebody did. */
  readonly #mostNews: number;
  readonly #writtenAt = new Map<string, number>();

  constructor(desk: StatusDesk, mostNews: number) {
    this.#desk = desk;
    this.#mostNews = mostNews;
  }

  /** Those of `statuses` of which the objects say nothing yet are news, unless they are many. */
  enqueueNew(statuses: readonly ObjectStatus[]): void {
    const unsaid = new Set(statuses.filter((status) => this.#isUnsaid(status)));
    const areNews = unsaid.size <= this.#mostNews;
    for (const status of statuses) this.enqueue(status, areNews && unsaid.has(status));
  }

  /** `isNews`: of what the object may say nothing yet, whether somebody waits for the first word. */
  enqueue(status: ObjectStatus, isNews = false): void {
    const { key } = status;
    const desk = this.#desk;
    if (desk.term === undefined) return;
    const kind = kindOfKey(key);
    const read = desk.readKind(kind);
    if (read === undefined) {
      desk.add('read', kind);
      return;
    }
    const live = read.statuses.live(placeOfKey(key), status.uid);
    const urgency = urgencyOf(status, live, desk.prefixFor(status, read.term), isNews);
    const rest = (this.#writtenAt.get(key) ?? 0) + pauseMs - desk.around.clock.now();
    // A clock that was set back makes nobody wait longer than a pause.
    desk.add('write', key, Math.max(isSettled(status) ? 0 : settleMs, Math.min(rest, pauseMs)), urgency);
  }

  forget(key: string): void {
    this.#writtenAt.delete(key);
  }

  prepare(key: string): StatusWork | undefined {
    const desk = this.#desk;
    const wanted = desk.wanted.get(key);
    const kind = kindOfKey(key);
    const read = desk.readKind(kind);
    if (wanted === undefined || read === undefined || desk.troubles.isBlocked(kind)) return undefined;
    const { statuses, term } = read;
    const place = placeOfKey(key);
    const live = statuses.live(place, wanted.uid);
    const change = changeOf(wanted, live, desk.around.clock.now(), desk.prefixFor(wanted, term));
    if (change === undefined) return undefined;
    if (statuses.isStatusless) {
      statuses.note(place, change.live);
      this.#tell(statuses, wanted, change);
      return undefined;
    }
    return async () => this.#write(wanted, change, statuses, term.abort.signal);
  }

  async #write(
    wanted: ObjectStatus,
    change: StatusChange,
    statuses: KindStatuses,
    signal: AbortSignal,
  ): Promise<WorkResult> {
    const { key } = wanted;
    const desk = this.#desk;
    try {
      await statuses.write(placeOfKey(key), wanted.uid, change, signal);
    } catch (error) {
      return this.#failed(key, statuses, error, signal);
    }
    desk.around.onResult('written');
    settle(desk, kindOfKey(key));
    this.#writtenAt.set(key, desk.around.clock.now());
    this.#tell(statuses, wanted, change);
    const latest = desk.wanted.get(key);
    if (latest !== undefined && latest !== wanted) this.enqueue(latest);
    return 'done';
  }

  #tell(statuses: KindStatuses, { namespace, name, generation, uid: known }: ObjectStatus, change: StatusChange): void {
    const { fallen } = change;
    if (fallen.length === 0) return;
    const uid = known ?? statuses.live(`${namespace}/${name}`).uid;
    const { kind, plural } = statuses.kind;
    const object = { apiVersion: statuses.apiVersion, kind, namespace, name, uid, plural };
    this.#desk.around.onFallen({ object, generation, conditions: fallen });
  }

  async #failed(key: string, statuses: KindStatuses, error: unknown, signal: AbortSignal): Promise<WorkResult> {
    const desk = this.#desk;
    const [kind, place] = [kindOfKey(key), placeOfKey(key)];
    if (!(error instanceof ApiFailure) || !error.isAbsent) return failed(desk, kind, place, error);
    try {
      if (await statuses.exists(place, signal)) {
        statuses.isStatusless = true;
        const message = `Objects of kind ${statuses.kind.kind} have no status that could be written: events alone tell of them.`;
        desk.troubles.note(kind, { code: 'ISTH1541', message, blocks: false });
        desk.troubles.later(() => {
          statuses.isStatusless = false;
        });
        for (const status of desk.wanted.ofKind(kind)) this.enqueue(status);
      } else {
        // It went, or its kind did: who watches it tells so. What comes in its place has a status of its own to be written.
        statuses.forget(place);
        desk.around.onResult('gone');
      }
      return 'done';
    } catch (failure) {
      return failed(desk, kind, place, failure);
    }
  }

  #isUnsaid(status: ObjectStatus): boolean {
    const live = this.#desk.readKind(kindOfKey(status.key))?.statuses.live(placeOfKey(status.key), status.uid);
    return live !== undefined && isUnsaid(live);
  }
}
