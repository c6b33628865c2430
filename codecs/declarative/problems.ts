/** What is wrong with a description. Problems are collected, never thrown: an author sees all of them at once. */
export interface DescriptionProblem {
  /** Path in the description, e.g. `frame.length.parts[0].offset`; empty for the whole. */
  readonly path: string;
  readonly message: string;
  readonly remedy: string;
}

/** Enough to work through; a document with more mistakes than this is not a description. */
const maxProblems = 50;

export class Problems {
  readonly #found: DescriptionProblem[] = [];

  add(path: string, message: string, remedy: string): void {
    if (this.#found.length < maxProblems) this.#found.push({ path, message, remedy });
  }

  get found(): readonly DescriptionProblem[] {
    return this.#found;
  }
}
