/** Findings by what they are about, so that a new look at a thing replaces all that was found at the last one. */
import type { Table } from '../collections/collection.ts';
import type { Finding } from '../model/finding.ts';
import { sourceFindingKey } from './resource-tables.ts';

export class OwnedFindings {
  readonly #table: Table<Finding>;
  readonly #keys = new Map<string, ReadonlySet<string>>();

  constructor(table: Table<Finding>) {
    this.#table = table;
  }

  replace(owner: string, findings: readonly Finding[]): void {
    const before = this.#keys.get(owner);
    if (before === undefined && findings.length === 0) return;
    const after = new Set(findings.map(sourceFindingKey));
    for (const key of before ?? []) if (!after.has(key)) this.#table.delete(key);
    for (const finding of findings) this.#table.set(finding);
    if (after.size === 0) this.#keys.delete(owner);
    else this.#keys.set(owner, after);
  }

  /** As they stood before the batch that is being made. */
  of(owner: string): readonly Finding[] {
    return [...(this.#keys.get(owner) ?? [])].flatMap((key) => this.#table.get(key) ?? []);
  }

  /** Replaces the findings of all owners whose names start so. */
  replaceAll(prefix: string, findings: ReadonlyMap<string, readonly Finding[]>): void {
    for (const owner of [...this.#keys.keys()]) {
      if (owner.startsWith(prefix) && !findings.has(owner)) this.replace(owner, []);
    }
    for (const [owner, list] of findings) this.replace(owner, list);
  }
}
