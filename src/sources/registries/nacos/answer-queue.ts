/** Answers that come together are handed on together: they count as one change. */
import type { AnswerSink, RegistryAnswer } from '../registry-client.ts';

export class AnswerQueue {
  readonly #sink: AnswerSink;
  #answers: RegistryAnswer[] = [];
  #turn: NodeJS.Immediate | undefined;
  #isClosed = false;

  constructor(sink: AnswerSink) {
    this.#sink = sink;
  }

  add(...answers: readonly RegistryAnswer[]): void {
    if (this.#isClosed || answers.length === 0) return;
    this.#answers.push(...answers);
    this.#turn ??= setImmediate(() => {
      this.#turn = undefined;
      const together = this.#answers;
      this.#answers = [];
      this.#sink(together);
    });
  }

  close(): void {
    this.#isClosed = true;
    clearImmediate(this.#turn);
  }
}
