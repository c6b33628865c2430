/** What /debug/collections shows of one collection or index. */

import type { SourceState } from './collection.ts';
import { Derivation } from './derivation.ts';
import { IndexNode } from './index-node.ts';
import type { Node, NodeKind } from './node.ts';
import { TableNode } from './table.ts';

export interface NodeDescription {
  readonly name: string;
  readonly kind: NodeKind;
  readonly inputs: readonly string[];
  /** Collections and indexes that its derivations have fetched from. */
  readonly fetches: readonly string[];
  /** Values of a collection, buckets of an index. */
  readonly count: number;
  /** (key, derivation) pairs that follow a key of this one. */
  readonly readers: number;
  /** Keys of which dependencies or findings are remembered. */
  readonly tracked: number;
  /** Duration of its last run that had something to do. */
  readonly lastRunMs: number;
  readonly lastRunBatch: number;
  /** How many keys the last batch made it look at, and the first of them. */
  readonly recomputed: number;
  readonly recomputedKeys: readonly string[];
  readonly state?: SourceState;
  readonly heldDeletions?: number;
  /** The stack of the last function of ours that threw here: a defect. */
  readonly lastFailure?: string;
}

export function describeNode(node: Node, batch: number): NodeDescription {
  const run = node.lastRun;
  const isCurrent = run?.batch === batch;
  return {
    name: node.name,
    kind: node.kind,
    inputs: node.inputs.map((input) => input.name),
    fetches: node instanceof Derivation ? [...node.fetched].map((source) => source.name) : [],
    count: node.count(),
    readers: node.readers.size,
    tracked: node instanceof Derivation || node instanceof IndexNode ? node.tracked : 0,
    lastRunMs: run?.ms ?? 0,
    lastRunBatch: run?.batch ?? 0,
    recomputed: isCurrent ? run.recomputed : 0,
    recomputedKeys: isCurrent ? run.sample : [],
    ...(node instanceof TableNode ? { state: node.state, heldDeletions: node.heldDeletions } : {}),
    ...(node.lastFailure === undefined ? {} : { lastFailure: node.lastFailure }),
  };
}
