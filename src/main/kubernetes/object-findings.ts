/** Findings about objects with a status, brought back into the pipeline, since they are known only when all of it has run. */
import type { Diff } from '../../collections/collection.ts';
import { type ObjectFinding, objectFindingId, type StatusTables } from '../../mesh/status/object-statuses.ts';
import { kindWithStatus } from '../../mesh/status/status-conventions.ts';
import type { Finding } from '../../model/finding.ts';
import { keyOfObject } from '../../resources/object-keys.ts';

/** Who found it: where objects are read, what is derived from them, or a part of the control plane. */
type Finder = 'reading' | 'mesh' | 'parts';

export class ObjectFindings {
  readonly #table: StatusTables['findings'];
  readonly #batch: (change: () => void) => void;
  #ofParts: ReadonlySet<string> = new Set();

  constructor(table: StatusTables['findings'], batch: (change: () => void) => void) {
    this.#table = table;
    this.#batch = batch;
  }

  take(finder: Finder, diff: Diff<Finding>): void {
    this.#batch(() => {
      for (const { before, after } of diff) {
        for (const { id } of before === undefined ? [] : objectFinding(finder, before)) this.#table.delete(id);
        for (const one of after === undefined ? [] : objectFinding(finder, after)) this.#table.set(one);
      }
    });
  }

  /** All that parts tell now. */
  replace(found: readonly Finding[]): void {
    const now = new Map(found.flatMap((one) => objectFinding('parts', one)).map((one) => [one.id, one]));
    const gone = [...this.#ofParts].filter((id) => !now.has(id));
    const come = [...now.values()].filter(({ id }) => !this.#ofParts.has(id));
    this.#ofParts = new Set(now.keys());
    if (gone.length + come.length === 0) return;
    this.#batch(() => {
      for (const id of gone) this.#table.delete(id);
      for (const one of come) this.#table.set(one);
    });
  }
}

function objectFinding(finder: Finder, finding: Finding): readonly ObjectFinding[] {
  const key = keyOfObject(finding.object);
  if (key === undefined || kindWithStatus(key) === undefined) return [];
  return [{ id: objectFindingId(finder, finding), key, isOfReading: finder === 'reading', finding }];
}
