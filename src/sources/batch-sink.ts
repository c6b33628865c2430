/** Resources on their way from a source into the tables. */
import type { AnyResource } from '../resources/kinds.ts';
import { type SourceTables, tableOf } from './resource-tables.ts';

/**
 * The tables seen as one, for the length of one batch: it remembers what the batch has written so far, which the tables
 * show only when it is over.
 */
export class BatchSink {
  readonly #tables: SourceTables;
  readonly #written = new Map<string, AnyResource | undefined>();

  constructor(tables: SourceTables) {
    this.#tables = tables;
  }

  get(key: string): AnyResource | undefined {
    return this.#written.has(key) ? this.#written.get(key) : tableOf(this.#tables, key)?.get(key);
  }

  set(resource: AnyResource): void {
    this.#written.set(resource.key, resource);
    tableOf(this.#tables, resource.key)?.set(resource);
  }

  delete(key: string): void {
    this.#written.set(key, undefined);
    tableOf(this.#tables, key)?.delete(key);
  }
}
