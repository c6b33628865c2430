/**
 * When things run: keeps the nodes in order, collects changes of tables into batches, runs each batch through all nodes
 * it touches, and then tells the sinks.
 */
import { type Node, WiringError } from './node.ts';

/** Sinks that answer each batch with another for so long do not come to an end. */
const maxRounds = 1000;

/** How many recomputed keys of a batch are kept for inspection. */
const sampleSize = 20;

export class Scheduler {
  readonly #nodes: Node[] = [];
  readonly #sinks = new Set<() => void>();
  readonly #now: () => number;
  #log: (() => void)[] = [];
  #depth = 0;
  #batches = 0;
  #isPropagating = false;
  #hasNewFindings = false;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** In the order in which they run. */
  get nodes(): readonly Node[] {
    return this.#nodes;
  }

  /** How many batches have been run. */
  get batches(): number {
    return this.#batches;
  }

  /** Puts a node in its place and fills it from what its inputs hold already. */
  add(node: Node): void {
    if (this.#nodes.some((other) => other.name === node.name)) {
      throw new WiringError(`there are two collections named ${node.name}`);
    }
    const next = this.#nodes.findIndex((other) => other.order > node.order);
    this.#nodes.splice(next === -1 ? this.#nodes.length : next, 0, node);
    this.#run(node);
    node.settle();
    this.#flush();
    for (const error of this.#takeWiringErrors()) throw error;
  }

  addSink(deliver: () => void): () => void {
    this.#sinks.add(deliver);
    return () => {
      this.#sinks.delete(deliver);
    };
  }

  /** Findings changed outside a batch: one has to run. */
  noteFindings(): void {
    this.#hasNewFindings = true;
  }

  /** See Engine.batch. */
  batch(change: () => void): void {
    const start = this.#log.length;
    this.#depth++;
    try {
      const result: unknown = change();
      if (result instanceof Promise) throw new WiringError('a batch is synchronous');
    } catch (error) {
      this.#log.length = start;
      throw error;
    } finally {
      this.#depth--;
    }
    this.#flush();
  }

  /** Takes a change of a table into the running batch, or into one of its own. */
  record(change: () => void): void {
    this.batch(() => {
      this.#log.push(change);
    });
  }

  #flush(): void {
    if (this.#isPropagating || this.#depth > 0) return;
    const errors: unknown[] = [];
    this.#isPropagating = true;
    try {
      for (let round = 0; this.#log.length > 0 || this.#hasNewFindings; round++) {
        if (round === maxRounds) throw new WiringError('the sinks start batches without end');
        this.#propagate(errors);
      }
    } finally {
      this.#isPropagating = false;
      this.#log = [];
    }
    if (errors.length > 0) throw errors[0];
  }

  #propagate(errors: unknown[]): void {
    const log = this.#log;
    this.#log = [];
    this.#batches++;
    for (const change of log) change();
    try {
      for (const node of this.#nodes) this.#run(node);
      this.#hasNewFindings = false;
      this.#tellSinks(errors);
    } finally {
      for (const node of this.#nodes) node.settle();
    }
    errors.push(...this.#takeWiringErrors());
  }

  /** A sink that throws keeps no other from its diff. */
  #tellSinks(errors: unknown[]): void {
    for (const deliver of [...this.#sinks]) {
      try {
        deliver();
      } catch (error) {
        errors.push(error);
      }
    }
  }

  #run(node: Node): void {
    const start = this.#now();
    const keys = node.run();
    if (keys.length === 0) return;
    node.lastRun = {
      batch: this.#batches,
      ms: this.#now() - start,
      recomputed: keys.length,
      sample: keys.slice(0, sampleSize),
    };
  }

  #takeWiringErrors(): readonly WiringError[] {
    return this.#nodes.flatMap((node) => {
      const error = node.wiringError;
      node.wiringError = undefined;
      return error === undefined ? [] : [error];
    });
  }
}
