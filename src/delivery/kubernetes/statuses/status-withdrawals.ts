/** Our word taken back from what is there, and of which nothing is wanted: it is left to others, or to nobody. */
import { ApiFailure } from '../../../kubernetes-api/api-failure.ts';
import { type StatusDesk, type StatusWork, settleMs } from './status-desk.ts';
import { failed } from './status-failures.ts';
import { kindOfKey, placeOfKey } from './wanted-statuses.ts';

/** In which the watch tells of what a list has. */
const unheardMs = 10_000;

export class StatusWithdrawals {
  readonly #desk: StatusDesk;

  constructor(desk: StatusDesk) {
    this.#desk = desk;
  }

  /** Nothing is wanted of it any more. */
  forget(key: string): void {
    const statuses = this.#desk.kinds.get(kindOfKey(key));
    const place = placeOfKey(key);
    if (this.#desk.term === undefined || statuses?.live(place).owned.size === 0) statuses?.forget(place);
    else this.#desk.add('withdraw', key, settleMs, 'routine');
  }

  /** Of a kind that was just read: what says something by our word, and of which nothing is wanted. */
  enqueueAll(kind: string): void {
    const { kinds, wanted } = this.#desk;
    for (const place of kinds.get(kind)?.spokenOf() ?? []) {
      const key = `${kind}/${place}`;
      // What was made since the watch was heard last is told of in a moment.
      if (wanted.get(key) === undefined) this.#desk.add('withdraw', key, unheardMs, 'routine');
    }
  }

  prepare(key: string): StatusWork | undefined {
    const desk = this.#desk;
    const [kind, place] = [kindOfKey(key), placeOfKey(key)];
    const read = desk.readKind(kind);
    if (read === undefined || desk.wanted.get(key) !== undefined) return undefined;
    const { statuses, term } = read;
    if (statuses.isStatusless || statuses.live(place).owned.size === 0) return undefined;
    return async () => {
      if (desk.around.isComplete?.() === false) return 'retry';
      try {
        await statuses.withdraw(place, term.abort.signal);
      } catch (error) {
        if (!(error instanceof ApiFailure) || !error.isAbsent) return failed(desk, kind, place, error);
        statuses.forget(place);
      }
      return 'done';
    };
  }
}
