/** Objects that come by with another status than was written: looked at again, each once a minute at most, and put right. */
import { ApiFailure } from '../../../kubernetes-api/api-failure.ts';
import { isSameWord } from './live-status.ts';
import { pauseMs, type StatusDesk, type StatusWork } from './status-desk.ts';
import { failed } from './status-failures.ts';
import type { StatusWrites } from './status-writes.ts';
import { kindOfKey, placeOfKey } from './wanted-statuses.ts';

/** Between two looks at one object whose status somebody may have changed. */
const lookMs = 60_000;

export class StatusLooks {
  readonly #desk: StatusDesk;
  readonly #writes: StatusWrites;
  readonly #lookedAt = new Map<string, number>();

  constructor(desk: StatusDesk, writes: StatusWrites) {
    this.#desk = desk;
    this.#writes = writes;
  }

  see(kind: string, object: unknown, isGone: boolean): void {
    const desk = this.#desk;
    const statuses = desk.kinds.get(kind);
    const place = isGone ? statuses?.sightOf(object)?.place : undefined;
    if (place !== undefined) statuses?.forget(place);
    const read = isGone ? undefined : desk.readKind(kind);
    if (read === undefined || read.statuses.isStatusless) return;
    const seen = read.statuses.sightOf(object);
    const shown = seen && read.statuses.shown(seen.place);
    if (seen === undefined || shown === undefined || shown.uid !== seen.status.uid) return;
    const key = `${kind}/${seen.place}`;
    const wanted = desk.wanted.get(key);
    if (wanted === undefined || isSameWord(wanted, seen.status, shown, desk.prefixFor(wanted, read.term))) return;
    const rest = (this.#lookedAt.get(key) ?? -lookMs) + lookMs - desk.around.clock.now();
    desk.add('look', key, Math.max(pauseMs, Math.min(rest, lookMs)), 'routine');
  }

  forget(key: string): void {
    this.#lookedAt.delete(key);
  }

  /** What came by may be older than what was written since: the object itself says. */
  prepare(key: string): StatusWork | undefined {
    const desk = this.#desk;
    const [kind, place] = [kindOfKey(key), placeOfKey(key)];
    const read = desk.readKind(kind);
    if (read === undefined) return undefined;
    return async () => {
      try {
        this.#lookedAt.set(key, desk.around.clock.now());
        await read.statuses.look(place, read.term.abort.signal);
      } catch (error) {
        return error instanceof ApiFailure && error.isAbsent ? 'done' : failed(desk, kind, place, error);
      }
      const wanted = desk.wanted.get(key);
      if (wanted !== undefined) this.#writes.enqueue(wanted);
      return 'done';
    };
  }
}
