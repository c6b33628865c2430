/**
 * Objects of one kind, kept in the cluster as they are wanted:
 *
 *   wanted objects --+
 *                    +--> ledger --> what is to be done for a place --> request --> answer --> ledger
 *   watch of ours ---+                                                        `--> trouble: told, and tried again
 *
 * What never happens: a write to an object that does not bear our labels, or of which not all is known that is there; a
 * deletion while something that is wanted may not be known.
 */
import { ApiFailure } from '../../../kubernetes-api/api-failure.ts';
import type { ApiServer } from '../../../kubernetes-api/api-server.ts';
import { pauseAfter } from '../../../model/back-off.ts';
import type { Clock } from '../../../model/clock.ts';
import type { KindWriting, WriteTrouble } from '../../../model/cluster-writing.ts';
import type { ObjectRef } from '../../../model/finding.ts';
import type { ReflectorSight } from '../../../model/reflector-sight.ts';
import type { WorkResult } from '../queue/work-queue.ts';
import { isOfServer, writeFailureOf } from '../queue/write-failure.ts';
import type { BrakeLimits } from './deletion-brake.ts';
import { Intent, longestObjectBytes } from './intent.ts';
import { KindWatch, type ServedKind } from './kind-watch.ts';
import { liveObjectOf } from './live-object.ts';
import { NamespaceClosures } from './namespace-closures.ts';
import { ObjectLedger, type Step } from './object-ledger.ts';
import type { ObjectRequests } from './object-requests.ts';
import { record } from './owned-fields.ts';
import type { Edit } from './repairs.ts';
import { originOf, type WantedObject, type WrittenKind } from './wanted-object.ts';

/** What somebody else changed or took away, and we put right. */
export interface Repair extends Edit {
  readonly object: ObjectRef;
  readonly apiVersion: string;
  readonly uid: string;
  readonly origin: ObjectRef;
}

export type WriteResult = 'created' | 'updated' | 'deleted' | 'repaired' | 'foreign' | 'refused' | 'failed';

export interface KindWriterOptions {
  readonly api: ApiServer;
  readonly kind: WrittenKind;
  readonly revision: string;
  readonly brake: BrakeLimits;
  readonly clock: Clock;
  /** Of a place there may be something to do for. */
  readonly enqueue: (place: string, delayMs?: number) => void;
  /** Nobody is to ask for a while; without a time, for longer each time. */
  readonly halt: (ms?: number) => void;
  /** Whether all is known that is wanted. */
  readonly isComplete: () => boolean;
  readonly onRepaired: (repair: Repair) => void;
  readonly onResult: (kind: string, result: WriteResult) => void;
}

interface Trouble extends Pick<WriteTrouble, 'cause' | 'message'> {
  readonly tries: number;
}

const foreignPauses = { firstMs: 1_000, longestMs: 60_000 };
const absencePauseMs = 5_000;

export class KindWriter {
  readonly #options: KindWriterOptions;
  readonly #ledger: ObjectLedger;
  readonly #closures: NamespaceClosures;
  readonly #watch: KindWatch;
  /** By place. */
  readonly #troubles = new Map<string, Trouble>();
  /** A write came back since the kind was not there. */
  #absentUntil = 0;
  readonly #timers = new Map<string, () => void>();

  constructor(options: KindWriterOptions) {
    this.#options = options;
    const { api, clock, kind, revision, brake } = options;
    this.#ledger = new ObjectLedger(brake, clock);
    const onSeen = (places: ReadonlySet<string>): void => this.#consider(places);
    this.#closures = new NamespaceClosures(clock, onSeen);
    this.#watch = new KindWatch({ api, kind, revision, clock, ledger: this.#ledger, onSeen });
  }

  /** What became of what is wanted. */
  take(changes: readonly { readonly place: string; readonly wanted: WantedObject | undefined }[]): void {
    for (const { place, wanted } of changes) {
      this.#ledger.want(place, wanted === undefined ? undefined : new Intent(wanted));
      if (wanted === undefined) this.#troubles.delete(place);
      if (wanted === undefined) this.#closures.forget(place);
    }
    this.#consider(new Set(changes.map(({ place }) => place)));
  }

  /** Who writes, or whether all is known that is wanted, has changed: everything is compared. */
  recheck(): void {
    this.#consider(this.#ledger.places());
  }

  /** Something is known of a namespace: what waits for it is tried. */
  reopen(namespace: string): void {
    this.#closures.reopen(namespace);
  }

  /** Carries out deletions that are held. Gives the places. */
  release(): readonly string[] {
    const places = this.#ledger.release();
    this.#consider(new Set(places));
    return places;
  }

  /** What there is to do now; undefined for nothing. */
  prepare(place: string, signal: AbortSignal): (() => Promise<WorkResult>) | undefined {
    const { seen, state } = this.#watch;
    const { clock, isComplete } = this.#options;
    if (seen === undefined || clock.now() < this.#absentUntil) return undefined;
    const step = this.#ledger.stepFor(place, isComplete() && state.state === 'live');
    if (step === undefined) {
      this.#troubles.delete(place);
      this.#closures.forget(place);
      return undefined;
    }
    const waitMs = this.#ledger.repairs.waitMs(place, clock.now());
    if (waitMs > 0) {
      this.#options.enqueue(place, waitMs);
      return undefined;
    }
    if (step.do !== 'delete' && step.intent.bytes > longestObjectBytes) {
      const message = `It has ${step.intent.bytes} bytes; an API server takes about ${longestObjectBytes}.`;
      this.#troubles.set(place, { cause: 'too-large', message, tries: 0 });
      return undefined;
    }
    return this.#closures.detain(place) ? undefined : async () => this.#perform(step, place, seen, signal);
  }

  /** Who made it wanted: a namespace, or an object that is of none. */
  tenantOf(place: string): string {
    const { kind, namespace, name } = this.#about(place).origin;
    return namespace ?? `${kind}/${name}`;
  }

  get sight(): ReflectorSight {
    return this.#watch.sight;
  }

  status(): KindWriting {
    const { held, strangers, unwanted, owned, wanted, repairs } = this.#ledger;
    const { kind, clock } = this.#options;
    const about = (place: string): Pick<WriteTrouble, 'object' | 'origin'> => this.#about(place);
    return {
      kind: kind.kind,
      resource: kind.group === '' ? kind.plural : `${kind.plural}.${kind.group}`,
      ...this.#watch.state,
      wanted: wanted.size,
      owned,
      ...(held === undefined ? {} : { held: { ...held, objects: [...unwanted].sort() } }),
      strangers: [...strangers].sort(),
      troubles: [...this.#troubles].map(([place, { cause, message }]) => ({ ...about(place), cause, message })),
      namespaces: this.#closures.troubles(),
      fights: [...repairs.fights(clock.now())].map(([place, { by }]) => ({ ...about(place), by })),
    };
  }

  async close(): Promise<void> {
    this.#closures.clear();
    for (const cancel of this.#timers.values()) cancel();
    await this.#watch.close();
  }

  /** All changes are in the ledger before anything is done because of one of them. */
  #consider(places: ReadonlySet<string>): void {
    const { isComplete, enqueue, clock } = this.#options;
    if (isComplete() && this.#watch.seen !== undefined) this.#ledger.observe();
    const { held } = this.#ledger;
    if (held === undefined) this.#timers.get('hold')?.();
    else this.#later('hold', held.due - clock.now(), () => this.#consider(this.#ledger.unwanted));
    for (const place of [...places]) enqueue(place);
  }

  #later(name: string, ms: number, run: () => void): void {
    this.#timers.get(name)?.();
    this.#timers.set(name, this.#options.clock.after(Math.max(0, ms), run));
  }

  async #perform(step: Step, place: string, served: ServedKind, signal: AbortSignal): Promise<WorkResult> {
    let isAnswered = true;
    this.#ledger.sends(place, step);
    try {
      await this.#write(step, place, served, signal);
      this.#troubles.delete(place);
      this.#closures.open(place);
      return 'done';
    } catch (error) {
      if (!(error instanceof ApiFailure)) throw error;
      isAnswered = !signal.aborted && writeFailureOf(error) !== 'unreachable';
      return signal.aborted ? 'done' : await this.#failed(error, step, place, served.requests, signal);
    } finally {
      this.#ledger.sentAll(place, isAnswered);
    }
  }

  async #write(step: Step, place: string, { requests, apiVersion }: ServedKind, signal: AbortSignal): Promise<void> {
    const { kind, revision, onResult, onRepaired } = this.#options;
    if (step.do === 'delete') {
      const answer = await requests.delete(step.live, signal);
      // An object that has finalizers is given back, and stays until they are gone.
      if (record(record(answer).metadata).deletionTimestamp === undefined) this.#ledger.deleted(place);
      onResult(kind.kind, 'deleted');
      return;
    }
    const answer =
      step.do === 'create'
        ? await requests.create(step.intent, place, signal)
        : await requests.update(step.intent, step.live, signal);
    const object = liveObjectOf(answer, revision);
    if (object !== undefined) this.#ledger.wrote(step.intent, object);
    const edit = this.#ledger.repairs.settle(place);
    const { uid = '' } = object ?? {};
    if (edit !== undefined) onRepaired({ ...this.#about(place), apiVersion, uid, ...edit });
    onResult(kind.kind, edit === undefined ? `${step.do}d` : 'repaired');
  }

  async #failed(
    failure: ApiFailure,
    step: Step,
    place: string,
    requests: ObjectRequests,
    signal: AbortSignal,
  ): Promise<WorkResult> {
    const { kind, clock, halt, onResult } = this.#options;
    if (step.do === 'delete' && failure.isAbsent) {
      this.#ledger.deleted(place);
      return 'done';
    }
    const cause = writeFailureOf(failure);
    onResult(kind.kind, cause === 'refused' ? 'refused' : 'failed');
    if (isOfServer(cause)) {
      halt(failure.retryAfterMs);
      return 'again';
    }
    switch (cause) {
      case 'changed':
        return this.#lookAgain(place, requests, signal);
      case 'kind-absent':
        this.#absentUntil = clock.now() + absencePauseMs;
        this.#later('absence', absencePauseMs, () => this.recheck());
        return 'done';
      case 'namespace-absent':
      case 'namespace-terminating':
      case 'no-right':
        this.#closures.close(place, cause, failure.message);
        return 'done';
      case 'refused':
        this.#troubles.set(place, { cause, message: failure.message, tries: 0 });
        return 'retry';
    }
  }

  /** What is there is not what the watch said; it may be somebody else's, whom the watch does not tell of. */
  async #lookAgain(place: string, requests: ObjectRequests, signal: AbortSignal): Promise<WorkResult> {
    const { kind, revision, enqueue, halt, onResult } = this.#options;
    try {
      const there = await requests.get(place, signal);
      const object = liveObjectOf(there, revision);
      if (object?.isOurs === true) this.#ledger.see(object);
      else this.#ledger.deleted(place);
      if (object === undefined || object.isOurs) return 'retry';
      this.#ledger.repairs.forget(place);
      onResult(kind.kind, 'foreign');
      const tries = (this.#troubles.get(place)?.tries ?? -1) + 1;
      const by = object.otherWriter === '' ? '' : `, written by ${object.otherWriter}`;
      const message = `There is one of that name that is not ours${by}.`;
      this.#troubles.set(place, { cause: 'foreign', message, tries });
      enqueue(place, pauseAfter(tries, foreignPauses));
      return 'done';
    } catch (error) {
      if (!(error instanceof ApiFailure)) throw error;
      if (!isOfServer(writeFailureOf(error))) return 'retry';
      halt(error.retryAfterMs);
      return 'again';
    }
  }

  #about(place: string): Pick<WriteTrouble, 'object' | 'origin'> {
    const slash = place.indexOf('/');
    const [namespace, name] = [place.slice(0, slash), place.slice(slash + 1)];
    const object = { kind: this.#options.kind.kind, namespace, name };
    const wanted = this.#ledger.wanted.get(place)?.object;
    return { object, origin: wanted === undefined ? object : originOf(wanted) };
  }
}
