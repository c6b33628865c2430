/**
 * All findings that derivations report, as a collection. A finding's key is made of what it says, so that it stays the
 * same however often and from wherever it is reported.
 */
import type { Finding } from '../model/finding.ts';
import { formatObject } from '../model/finding.ts';
import { Claims } from './claims.ts';
import { CollectionNode, type NodeDetails } from './node.ts';
import type { Followed } from './readers.ts';

function findingKey(finding: Finding): string {
  return `${finding.code}|${formatObject(finding.object)}|${finding.path}|${finding.message}`;
}

export class FindingsNode extends CollectionNode<Finding> {
  readonly #claims = new Claims<Finding>(undefined);
  readonly #touched = new Set<string>();

  constructor(details: NodeDetails) {
    super(details, undefined);
  }

  /** The findings of one owner, in place of those it had; counts from the next run. */
  replace(owner: string, findings: readonly Finding[]): void {
    const byKey = new Map(findings.map((finding) => [findingKey(finding), finding]));
    const keyed = [...byKey].map(([key, value]) => ({ key, value }));
    this.#claims.replace(owner, keyed, this.#touched);
  }

  run(): readonly string[] {
    if (this.#touched.size === 0) return [];
    const keys = [...this.#touched];
    for (const key of keys) this.write(key, this.#claims.winner(key)?.value);
    this.#touched.clear();
    this.notifyReaders();
    return keys;
  }

  dependenciesOf(): readonly (readonly [Followed, string])[] {
    return [];
  }
}
