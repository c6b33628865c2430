/**
 * What is wanted in the cluster, written there: each kind by a writer of its own, all of them through one queue.
 *
 * Nothing is sent while another replica is to write, or before the sources were once read; who becomes the writer
 * compares everything once with what the watches say. Those whose objects they come from take turns. No object of ours
 * bears a finalizer: whatever is outside of the cluster is none of theirs.
 */
import type { ApiServer } from '../../../kubernetes-api/api-server.ts';
import type { Clock } from '../../../model/clock.ts';
import type { ClusterWriting } from '../../../model/cluster-writing.ts';
import type { ReflectorSight } from '../../../model/reflector-sight.ts';
import { type WorkLimits, WorkQueue } from '../queue/work-queue.ts';
import { type BrakeLimits, defaultBrakeLimits } from './deletion-brake.ts';
import { KindWriter, type Repair, type WriteResult } from './kind-writer.ts';
import { placeOf, type WantedObject, type WrittenKind } from './wanted-object.ts';

export interface ClusterWriterOptions {
  readonly api: ApiServer;
  readonly kinds: readonly WrittenKind[];
  /** The name of this control plane in the cluster: what bears it is ours. */
  readonly revision: string;
  readonly clock: Clock;
  /** Whether it is on us to write. */
  readonly isWriter: () => boolean;
  /** Whether what is wanted is known, but for registries that cannot be seen: what these wanted last is wanted on. */
  readonly isKnown: () => boolean;
  /** Whether every source is live and complete, and so what is wanted is all that is wanted: else nothing goes. */
  readonly isComplete: () => boolean;
  readonly onRepaired: (repair: Repair) => void;
  readonly onResult: (kind: string, result: WriteResult) => void;
  readonly limits?: WorkLimits;
  readonly brake?: BrakeLimits;
}

export const defaultWorkLimits: WorkLimits = {
  perSecond: 50,
  burst: 100,
  inFlight: 16,
  shortestRetryMs: 5,
  longestRetryMs: 300_000,
};

export class ClusterWriter {
  readonly #options: ClusterWriterOptions;
  readonly #queue: WorkQueue;
  readonly #kinds: ReadonlyMap<string, KindWriter>;
  /** Whether what is wanted was once known: what is written before that would be changed at once. */
  #wasKnown = false;
  /** Of the time in which it is on us to write. */
  #term: AbortController | undefined;

  constructor(options: ClusterWriterOptions) {
    this.#options = options;
    const { api, kinds, revision, clock, isComplete, onRepaired, onResult } = options;
    this.#queue = new WorkQueue({
      clock,
      limits: options.limits ?? defaultWorkLimits,
      prepare: (key) => {
        const [kind, place] = splitKey(key);
        const term = this.#currentTerm();
        return term === undefined ? undefined : this.#kinds.get(kind)?.prepare(place, term);
      },
      groupOf: (key) => {
        const [kind, place] = splitKey(key);
        return this.#kinds.get(kind)?.tenantOf(place) ?? '';
      },
    });
    const around = {
      api,
      revision,
      clock,
      isComplete,
      onRepaired,
      onResult,
      brake: options.brake ?? defaultBrakeLimits,
    };
    this.#kinds = new Map(
      kinds.map((kind) => {
        const enqueue = (place: string, delayMs = 0): void => {
          if (this.#currentTerm() !== undefined) this.#queue.add(`${kind.kind}/${place}`, delayMs);
        };
        const halt = (ms?: number): void => this.#queue.halt(ms);
        return [kind.kind, new KindWriter({ ...around, kind, enqueue, halt })] as const;
      }),
    );
  }

  /** What became of what is wanted; what is of no kind that is written is left alone. */
  take(diff: readonly { readonly before: WantedObject | undefined; readonly after: WantedObject | undefined }[]): void {
    const changes = diff.flatMap(({ before, after }) => {
      const either = after ?? before;
      if (either === undefined) return [];
      return [{ kind: either.kind, place: placeOf(either.metadata), wanted: after }];
    });
    for (const [kind, ofKind] of Map.groupBy(changes, (change) => change.kind)) this.#kinds.get(kind)?.take(ofKind);
  }

  /** To be called when it may be on us to write, or on us no more, and when sources became known or complete. */
  recheck(): void {
    this.#currentTerm();
    for (const kind of this.#kinds.values()) kind.recheck();
  }

  /** A namespace came, or changed: what waits for it is tried. */
  reopen(namespace: string): void {
    for (const kind of this.#kinds.values()) kind.reopen(namespace);
  }

  /** Carries out deletions that are held: of one kind, or of all. The objects, as `Kind namespace/name`. */
  release(only?: string): readonly string[] {
    return [...this.#kinds].flatMap(([kind, writer]) =>
      only === undefined || only === kind ? writer.release().map((place) => `${kind} ${place}`) : [],
    );
  }

  reflectors(): readonly ReflectorSight[] {
    return [...this.#kinds.values()].map(({ sight }) => sight);
  }

  status(): ClusterWriting {
    return {
      isWriter: this.#options.isWriter(),
      isComplete: this.#options.isComplete(),
      queued: this.#queue.depth,
      isHalted: this.#queue.isHalted,
      kinds: [...this.#kinds.values()].map((kind) => kind.status()),
    };
  }

  /** Leaves everything in the cluster as it is. */
  async close(): Promise<void> {
    this.#term?.abort();
    await this.#queue.close();
    await Promise.all([...this.#kinds.values()].map(async (kind) => kind.close()));
  }

  /** Undefined while nothing may be written; what is under way is then called off. */
  #currentTerm(): AbortSignal | undefined {
    const { isWriter, isKnown } = this.#options;
    this.#wasKnown ||= isKnown();
    if (isWriter() && this.#wasKnown) {
      this.#term ??= new AbortController();
      return this.#term.signal;
    }
    this.#term?.abort();
    if (this.#term !== undefined) this.#queue.clear();
    this.#term = undefined;
    return undefined;
  }
}

function splitKey(key: string): readonly [string, string] {
  const slash = key.indexOf('/');
  return [key.slice(0, slash), key.slice(slash + 1)];
}
