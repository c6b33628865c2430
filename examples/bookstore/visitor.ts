/** Somebody in a network namespace who asks for us: programs/visitor.ts. */
import { once } from 'node:events';
import path from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import type { Writable } from 'node:stream';
import type { Errand, Outcome } from './errand.ts';
import type { Place } from './network.ts';

const program = path.join(import.meta.dirname, 'programs/visitor.ts');

export class Visitor {
  readonly place: Place;
  readonly #tell: Writable;
  readonly #answers: Interface;
  /** Errands are run one after the other. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(place: Place) {
    this.place = place;
    const { stdin, stdout } = place.start([process.execPath, program], { stdio: ['pipe', 'pipe', 'inherit'] });
    if (stdin === null || stdout === null) throw new Error('the streams of a child are pipes');
    this.#tell = stdin;
    this.#answers = createInterface(stdout);
  }

  run(errand: Errand): Promise<readonly Outcome[]> {
    const outcomes = this.#last.then(async (): Promise<readonly Outcome[]> => {
      const answer = once(this.#answers, 'line');
      this.#tell.write(`${JSON.stringify(errand)}\n`);
      const [line] = await answer;
      return JSON.parse(String(line));
    });
    this.#last = outcomes.catch(() => {});
    return outcomes;
  }

  /** Of a single request. */
  async ask(errand: Errand): Promise<Outcome> {
    const [outcome] = await this.run({ ...errand, count: 1 });
    return outcome ?? { status: 0, error: 'no outcome', body: '', count: 0 };
  }
}
