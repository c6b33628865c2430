/**
 * The Context handed to derivations: notes each thing that is read, once, and the findings reported. There is one, since
 * derivations run one at a time; it serves only between `begin` and `end`.
 */
import type { Finding } from '../model/finding.ts';
import type { Collection, Context, Index } from './collection.ts';
import { IndexNode } from './index-node.ts';
import { CollectionNode, findingsOrder, type Node, WiringError } from './node.ts';
import { type Fetches, isSame } from './readers.ts';

/** What one run of a derivation read and reported. */
export interface Trace extends Fetches {
  readonly findings: readonly Finding[];
}

const none: readonly never[] = [];
export const nothingRead: Trace = { sources: none, keys: none, findings: none };

/** Up to here a second read of the same thing is found by looking through all; beyond, by a set. */
const scanLimit = 8;

export class Tracker implements Context {
  #running: Node | undefined;
  #sources: Node[] = [];
  #keys: string[] = [];
  #findings: Finding[] = [];
  #last: Fetches = nothingRead;
  #seen: Map<Node, Set<string>> | undefined;

  get running(): Node | undefined {
    return this.#running;
  }

  begin(node: Node): void {
    this.#running = node;
  }

  /**
   * What was read, in exact copies, since an array that grew has room to spare and these are kept for each key; and the
   * last copy again where a derivation reads from the same collections, or the same keys of them, for one key as for the next.
   */
  end(): Trace {
    this.#running = undefined;
    this.#seen = undefined;
    if (this.#sources.length === 0 && this.#findings.length === 0) return nothingRead;
    const sources = isSame(this.#last.sources, this.#sources) ? this.#last.sources : this.#sources.slice();
    const keys = isSame(this.#last.keys, this.#keys) ? this.#last.keys : this.#keys.slice();
    this.#last = { sources, keys };
    const findings = this.#findings;
    this.#findings = [];
    this.#sources.length = 0;
    this.#keys.length = 0;
    return { sources, keys, findings };
  }

  get<T>(collection: Collection<T>, key: string): T | undefined {
    if (!(collection instanceof CollectionNode)) throw new WiringError('get takes a collection made by an engine');
    this.#record(collection, key);
    return collection.value(key);
  }

  lookup<T>(index: Index<T>, indexKey: string): readonly T[] {
    if (!(index instanceof IndexNode)) throw new WiringError('lookup takes an index made by an engine');
    this.#record(index, indexKey);
    return index.value(indexKey) ?? none;
  }

  report(finding: Finding): void {
    const running = this.#current();
    if (running.order > findingsOrder)
      throw new WiringError(`${running.name} is derived from findings and reports one`);
    this.#findings.push(finding);
  }

  #current(): Node {
    if (this.#running === undefined) throw new WiringError('a Context serves only while its derivation runs');
    return this.#running;
  }

  #record(source: Node, key: string): void {
    const running = this.#current();
    if (source.host !== running.host) throw new WiringError(`${running.name} reads ${source.name} of another engine`);
    if (source.order >= running.order) {
      throw new WiringError(`${running.name} reads ${source.name}, which stands later in the order`);
    }
    if (this.#isKnown(source, key)) return;
    this.#sources.push(source);
    this.#keys.push(key);
  }

  #isKnown(source: Node, key: string): boolean {
    if (this.#keys.length < scanLimit) {
      for (let at = 0; at < this.#keys.length; at++) {
        if (this.#keys[at] === key && this.#sources[at] === source) return true;
      }
      return false;
    }
    this.#seen ??= this.#seenSoFar();
    const keys = this.#seen.get(source);
    if (keys === undefined) this.#seen.set(source, new Set([key]));
    else if (keys.has(key)) return true;
    else keys.add(key);
    return false;
  }

  #seenSoFar(): Map<Node, Set<string>> {
    const seen = new Map<Node, Set<string>>();
    this.#sources.forEach((source, at) => {
      seen.set(source, (seen.get(source) ?? new Set()).add(this.#keys[at] ?? ''));
    });
    return seen;
  }
}
