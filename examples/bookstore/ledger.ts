/** What a customer met: the lines that programs/customer.ts writes, one for each of its requests. */

import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

export interface Entry {
  readonly path: string;
  /** `200`, or why there was no answer. */
  readonly status: string;
  /** Of the store that answered. */
  readonly identity: string;
  /** What came of the restock that the store asked for. */
  readonly restocked: string;
}

export class Ledger {
  readonly #entries: Entry[] = [];

  constructor(output: Readable) {
    createInterface(output).on('line', (line) => {
      const [path = '', status = '', identity = '', restocked = ''] = line.split(' ');
      this.#entries.push({ path, status, identity, restocked });
    });
  }

  get length(): number {
    return this.#entries.length;
  }

  /** What was met since there were so many entries. */
  since(length: number): readonly Entry[] {
    return this.#entries.slice(length);
  }

  /** How often what was met since then; `200 bookstore-v1: 12, 503: 3`. */
  summary(since: number): string {
    const counts = new Map<string, number>();
    for (const { status, identity } of this.since(since)) {
      const what = identity === '-' ? status : `${status} ${identity}`;
      counts.set(what, (counts.get(what) ?? 0) + 1);
    }
    return [...counts]
      .toSorted()
      .map(([what, count]) => `${what}: ${count}`)
      .join(', ');
  }
}
