/**
 * What somebody else changed of ours is put right: the first time at once. Who does it again is another writer, with whom
 * nobody fights: from then on it is put right later and later.
 */
import { pauseAfter } from '../../../model/back-off.ts';

export interface Edit {
  /** Who did it, by the name under which they write; empty where nobody says. */
  readonly by: string;
  /** Whether the object was taken away altogether. */
  readonly isDeletion: boolean;
}

interface Edits {
  readonly edit: Edit;
  readonly count: number;
  readonly last: number;
  /** When it may be put right. */
  readonly due: number;
  readonly isOpen: boolean;
}

/** After which an edit is the first again. */
const forgetMs = 600_000;
const pauses = { firstMs: 2_000, longestMs: 300_000 };
/** So many edits are somebody who changes his mind. */
const fightFrom = 3;

export class Repairs {
  readonly #edits = new Map<string, Edits>();

  note(place: string, edit: Edit, now: number): void {
    const known = this.#edits.get(place);
    if (known?.isOpen === true) {
      this.#edits.set(place, { ...known, edit, last: now });
      return;
    }
    const count = known === undefined || now - known.last > forgetMs ? 1 : known.count + 1;
    const pause = count === 1 ? 0 : pauseAfter(count - 2, pauses);
    this.#edits.set(place, { edit, count, last: now, due: now + pause, isOpen: true });
  }

  /** For how many milliseconds it is to be left alone. */
  waitMs(place: string, now: number): number {
    const known = this.#edits.get(place);
    return known?.isOpen === true ? Math.max(0, known.due - now) : 0;
  }

  /** What was put right now, if that was what was to be done. */
  settle(place: string): Edit | undefined {
    const known = this.#edits.get(place);
    if (known?.isOpen !== true) return undefined;
    this.#edits.set(place, { ...known, isOpen: false });
    return known.edit;
  }

  forget(place: string): void {
    this.#edits.delete(place);
  }

  clear(): void {
    this.#edits.clear();
  }

  /** Places that another writer keeps changing, each with who it is. */
  fights(now: number): ReadonlyMap<string, Edit> {
    for (const [place, { last }] of this.#edits) if (now - last > forgetMs) this.#edits.delete(place);
    const found = [...this.#edits].filter(([, { count }]) => count >= fightFrom);
    return new Map(found.map(([place, { edit }]) => [place, edit]));
  }
}
