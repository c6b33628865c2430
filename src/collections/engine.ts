/**
 * The engine: makes collections, applies batches, runs what they touch.
 *
 *   batch(fn) --> log of table changes --> tables --> derivations, in order of creation --> findings --> sinks
 *                                                                                                        |
 *                     ^-------------------------------- a sink's own batch waits its turn ---------------+
 *
 * A collection reads only what was made before it, so the order of creation is a topological one and each node runs once
 * a batch. Only what changed is visited: a node looks at the changed keys of its inputs, and a changed key calls the
 * derivations that fetched it. Nothing here scans a collection, but for the first run of a new one. A batch that throws
 * is not applied at all; a derivation that throws harms no other key.
 */
import type { Finding } from '../model/finding.ts';
import type { Collection, Context, Diff, Index, Shape, Table } from './collection.ts';
import { FlatMapNode, type FlatMapShape, MapNode, MergeNode } from './derived.ts';
import { describeNode, type NodeDescription } from './description.ts';
import { FindingsNode } from './findings-node.ts';
import { deepFreeze } from './freezing.ts';
import { IndexNode } from './index-node.ts';
import {
  CollectionNode,
  findingsOrder,
  type Host,
  type Node,
  type NodeDetails,
  type NodeKind,
  WiringError,
} from './node.ts';
import { Scheduler } from './scheduler.ts';
import { TableNode } from './table.ts';
import { Tracker } from './tracker.ts';

export interface EngineOptions {
  /** Freezes every value that is stored: for tests, since it costs a walk over all data. */
  readonly validate?: boolean;
  /** Milliseconds, for the durations in `describe`. */
  readonly now?: () => number;
}

export interface DeriveOptions<O> {
  /** Content equality; deep equality when absent. */
  readonly equals?: (a: O, b: O) => boolean;
}

export class Engine {
  readonly #tracker = new Tracker();
  readonly #scheduler: Scheduler;
  readonly #host: Host;
  readonly #findings: FindingsNode;

  constructor(options: EngineOptions = {}) {
    this.#scheduler = new Scheduler(options.now ?? (() => performance.now()));
    this.#host = {
      guardRead: (name) => this.#forbidInDerivation(`reads ${name} without its Context`),
      admit: options.validate === true ? deepFreeze : () => {},
      replaceFindings: (owner, findings) => {
        this.#scheduler.noteFindings();
        this.#findings.replace(owner, findings);
      },
    };
    this.#findings = new FindingsNode({
      host: this.#host,
      name: 'findings',
      kind: 'findings',
      inputs: [],
      order: findingsOrder,
    });
    this.#add(this.#findings);
  }

  /** All that derivations report, under keys that stay the same as long as the finding does. */
  get findings(): Collection<Finding> {
    return this.#findings;
  }

  table<T>(name: string, shape: Shape<T>): Table<T> {
    return this.#add(
      new TableNode(this.#details(name, 'table', []), shape, (change) => {
        this.#forbidInDerivation('changes a table');
        this.#scheduler.record(change);
      }),
    );
  }

  /** One output, or none, for each value, under the value's key. */
  map<I, O>(
    name: string,
    input: Collection<I>,
    derive: (value: I, context: Context, key: string) => O | undefined,
    options: DeriveOptions<O> = {},
  ): Collection<O> {
    const source = this.#own(input);
    return this.#add(new MapNode(this.#derivation(name, 'map', source), derive, options.equals));
  }

  /** Any outputs for each value. Where two values give one key, the value with the smallest key wins while it is there. */
  flatMap<I, O>(
    name: string,
    input: Collection<I>,
    derive: (value: I, context: Context) => readonly O[],
    shape: FlatMapShape<O>,
  ): Collection<O> {
    const source = this.#own(input);
    return this.#add(new FlatMapNode(this.#derivation(name, 'flatMap', source), derive, shape));
  }

  /** One output, or none, for each group, under the group's key; members come sorted by their own keys. */
  groupBy<I, O>(
    name: string,
    input: Collection<I>,
    groupKeys: (value: I) => readonly string[],
    derive: (groupKey: string, members: readonly I[], context: Context) => O | undefined,
    options: DeriveOptions<O> = {},
  ): Collection<O> {
    const source = this.#own(input);
    const groups = this.#add(new IndexNode(this.#details(`${name}/groups`, 'index', [source]), source, groupKeys));
    const deriveGroup = (members: readonly I[], context: Context, key: string) => derive(key, members, context);
    return this.#add(new MapNode(this.#derivation(name, 'groupBy', groups), deriveGroup, options.equals));
  }

  /** All values of several collections; where they share a key, the first-listed collection wins. */
  merge<T>(name: string, inputs: readonly Collection<T>[]): Collection<T> {
    const sources = inputs.map((input) => this.#own(input));
    return this.#add(new MergeNode(this.#details(name, 'merge', sources), sources));
  }

  index<T>(name: string, collection: Collection<T>, keys: (value: T) => readonly string[]): Index<T> {
    const source = this.#own(collection);
    return this.#add(new IndexNode(this.#details(name, 'index', [source]), source, keys));
  }

  /**
   * Applies all table changes that `change` makes at once; inside another batch, they become part of that one. Values
   * can be read when the outermost batch has ended. Throws what `change` throws (and applies none of it), what a sink
   * throws, and wiring errors, the last two when everything else is done.
   */
  batch(change: () => void): void {
    this.#forbidInDerivation('changes a table');
    this.#scheduler.batch(change);
  }

  /**
   * Calls `receive` with each batch's changes of a collection, after all derivations have run, and at once with what the
   * collection holds now, if anything. A batch that it starts runs afterwards. Returns how to stop it.
   */
  sink<T>(collection: Collection<T>, receive: (diff: Diff<T>) => void): () => void {
    this.#forbidInDerivation('adds a sink');
    const source = this.#own(collection);
    if (source.count() > 0) receive(source.content());
    const deliver = () => {
      const diff = source.diff();
      if (diff.length > 0) receive(diff);
    };
    return this.#scheduler.addSink(deliver);
  }

  /** All collections and indexes in the order in which they run. */
  describe(): readonly NodeDescription[] {
    return this.#scheduler.nodes.map((node) => describeNode(node, this.#scheduler.batches));
  }

  /** What the value under a key was derived from; empty for tables and for unknown names and keys. */
  dependencies(name: string, key: string): readonly { readonly collection: string; readonly key: string }[] {
    const node = this.#scheduler.nodes.find((other) => other.name === name);
    return (node?.dependenciesOf(key) ?? []).map(([source, sourceKey]) => ({
      collection: source.name,
      key: sourceKey,
    }));
  }

  #details(name: string, kind: NodeKind, inputs: readonly Node[]): NodeDetails {
    this.#forbidInDerivation('makes a collection');
    const isAfterFindings = inputs.some((input) => input.order >= findingsOrder);
    return {
      host: this.#host,
      name,
      kind,
      inputs,
      order: this.#scheduler.nodes.length + (isAfterFindings ? findingsOrder : 0),
    };
  }

  #derivation<T extends Node>(name: string, kind: NodeKind, input: T) {
    return { ...this.#details(name, kind, [input]), input, tracker: this.#tracker };
  }

  #add<T extends Node>(node: T): T {
    this.#scheduler.add(node);
    return node;
  }

  #own<T>(collection: Collection<T>): CollectionNode<T> {
    if (collection instanceof CollectionNode && collection.host === this.#host) return collection;
    throw new WiringError(`${collection.name} was not made by this engine`);
  }

  #forbidInDerivation(deed: string): void {
    const running = this.#tracker.running;
    if (running !== undefined) throw new WiringError(`the derivation of ${running.name} ${deed}`);
  }
}
