/** Which replica writes, told from outside. */
import type { Writership } from '../../../src/delivery/kubernetes/replicas/writership.ts';

export class ToldWritership implements Writership {
  readonly holder = 'the other one';
  isWriter: boolean;
  readonly #listeners = new Set<(isWriter: boolean) => void>();

  constructor(isWriter: boolean) {
    this.isWriter = isWriter;
  }

  onChange(listener: (isWriter: boolean) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  tell(isWriter: boolean): void {
    this.isWriter = isWriter;
    for (const listener of [...this.#listeners]) listener(isWriter);
  }
}
