/** Why what was read of a tree may not be all that there is: roots that are not there, nodes that may not be read, too many. */
import type { Doubt } from '../doubt.ts';

export class TreeDoubts {
  readonly #roots: readonly string[];
  readonly #absentRoots = new Set<string>();
  /** Roots that were there at some time. */
  readonly #seenRoots = new Set<string>();
  readonly #denied = new Set<string>();
  /** There are more nodes than are followed. */
  isFull = false;

  /** `roots`: their paths. */
  constructor(roots: readonly string[]) {
    this.#roots = roots;
  }

  /** Rights may be others now. */
  begin(): void {
    this.isFull = false;
    this.#denied.clear();
  }

  note(path: string, kind: 'found' | 'absent' | 'denied'): void {
    if (kind === 'denied') this.#denied.add(path);
    else this.#denied.delete(path);
    if (!this.#roots.includes(path)) return;
    if (kind === 'absent') this.#absentRoots.add(path);
    else this.#absentRoots.delete(path);
    if (kind === 'found') this.#seenRoots.add(path);
  }

  forget(path: string): void {
    this.#denied.delete(path);
  }

  isDenied(path: string): boolean {
    return this.#denied.has(path);
  }

  get areAllRootsDenied(): boolean {
    return this.#roots.every((path) => this.#denied.has(path));
  }

  list(): readonly Doubt[] {
    const absent = this.#roots.filter((path) => this.#absentRoots.has(path));
    // Who registers at one level only has no root of the other one.
    const lost = absent.length === this.#roots.length ? absent : absent.filter((path) => this.#seenRoots.has(path));
    return [
      ...(this.#denied.size === 0
        ? []
        : [{ cause: 'withheld', text: `permission denied to read ${some([...this.#denied])}` } as const]),
      ...(lost.length === 0 ? [] : [{ cause: 'absent', text: `there is no ${lost.join(' and no ')}` } as const]),
      ...(this.isFull ? [{ cause: 'bounded', text: 'there are more nodes than are followed' } as const] : []),
    ];
  }
}

function some(paths: readonly string[]): string {
  const named = paths.slice(0, 3).map((path) => (path.length <= 120 ? path : `${path.slice(0, 120)}...`));
  return `${named.join(' and ')}${paths.length > 3 ? ` and ${paths.length - 3} more` : ''}`;
}
