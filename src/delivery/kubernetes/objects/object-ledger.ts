/**
 * The objects of one kind: what is wanted, what is there, and so what is to be done for each. It asks nobody and is told
 * everything: by who wants, by the watch, and by the answers to our own writes.
 */
import { isOlderVersion } from '../../../kubernetes-api/resource-version.ts';
import type { Clock } from '../../../model/clock.ts';
import { type BrakeLimits, DeletionBrake } from './deletion-brake.ts';
import type { Intent } from './intent.ts';
import type { LiveObject } from './live-object.ts';
import { type Edit, Repairs } from './repairs.ts';

export type Step =
  | { readonly do: 'create'; readonly intent: Intent }
  | { readonly do: 'update'; readonly intent: Intent; readonly live: LiveObject }
  | { readonly do: 'delete'; readonly live: LiveObject };

/** Places of objects are `namespace/name`. */
export class ObjectLedger {
  readonly repairs = new Repairs();
  readonly #wanted = new Map<string, Intent>();
  readonly #live = new Map<string, LiveObject>();
  /** Places of what is there, is ours and is not wanted. */
  readonly #unwanted = new Set<string>();
  /** As those, but none of our writing: somebody copied our labels. */
  readonly #strangers = new Set<string>();
  /** What the API server, or who is asked by it, made of an intent: written once more it would be the same. */
  readonly #outcomes = new Map<string, { readonly intent: string; readonly live: string }>();
  /** What was sent last, where no answer came to it: what is told of the place may be our own doing. */
  readonly #sent = new Map<string, { readonly digest: string; readonly isUnderWay: boolean }>();
  readonly #limits: BrakeLimits;
  readonly #clock: Clock;
  #brake: DeletionBrake | undefined;

  constructor(limits: BrakeLimits, clock: Clock) {
    this.#limits = limits;
    this.#clock = clock;
  }

  get wanted(): ReadonlyMap<string, Intent> {
    return this.#wanted;
  }

  /** How many are there, without what only bears our labels: anybody can make as many of those as she likes. */
  get owned(): number {
    return this.#live.size - this.#strangers.size;
  }

  get unwanted(): ReadonlySet<string> {
    return this.#unwanted;
  }

  get strangers(): ReadonlySet<string> {
    return this.#strangers;
  }

  /** Since when deletions are held, and when they are carried out. */
  get held(): { readonly since: number; readonly due: number } | undefined {
    const { heldSince: since, due } = this.#brake ?? {};
    return since === undefined || due === undefined ? undefined : { since, due };
  }

  /** Every place that there may be something to do for. */
  places(): ReadonlySet<string> {
    return new Set([...this.#wanted.keys(), ...this.#unwanted]);
  }

  /** `undefined`: not any more. */
  want(place: string, intent: Intent | undefined): void {
    if (intent === undefined) this.#wanted.delete(place);
    else this.#wanted.set(place, intent);
    if (intent === undefined) this.repairs.forget(place);
    this.#sort(place);
  }

  /** All that there is, which nothing is known besides. Gives the places that changed. */
  replace(objects: readonly LiveObject[]): readonly string[] {
    const there = new Map(objects.map((object) => [object.place, object]));
    const gone = [...this.#live.keys()].filter((place) => !there.has(place));
    for (const place of gone) this.lose(place);
    for (const object of objects) this.#take(object);
    this.#brake ??= new DeletionBrake(this.#limits, this.owned, this.#clock.now());
    return [...gone, ...there.keys()];
  }

  /** The kind is gone, and all of its objects with it: that is nobody's edit. */
  forgetAll(): void {
    this.#live.clear();
    this.#unwanted.clear();
    this.#strangers.clear();
    this.#outcomes.clear();
    this.#sent.clear();
    this.repairs.clear();
    this.#brake = undefined;
  }

  /** What is there now, unless something newer is known. */
  see(object: LiveObject): void {
    const known = this.#live.get(object.place);
    if (known !== undefined && isOlderVersion(object.resourceVersion, known.resourceVersion)) return;
    this.#take(object);
  }

  /** It is not there any more. `version`: as of which, where that is known. */
  lose(place: string, version?: string): void {
    const known = this.#live.get(place);
    if (known === undefined || (version !== undefined && isOlderVersion(version, known.resourceVersion))) return;
    if (this.#isRight(known) && !this.#isOwnDoing(place, '')) this.#edited(place, { by: '', isDeletion: true });
    this.#live.delete(place);
    this.#outcomes.delete(place);
    this.#sort(place);
  }

  /** It is sent. What is wanted may change before the answer, and change back: the watch may tell of our own write first. */
  sends(place: string, step: Step): void {
    this.#sent.set(place, { digest: step.do === 'delete' ? '' : step.intent.digest, isUnderWay: true });
  }

  /** `isAnswered`: whether it is known what became of it; else it may have been done all the same. */
  sentAll(place: string, isAnswered: boolean): void {
    const sent = this.#sent.get(place);
    if (isAnswered || sent === undefined) this.#sent.delete(place);
    else this.#sent.set(place, { ...sent, isUnderWay: false });
  }

  /** What our own write made of it. */
  wrote(intent: Intent, object: LiveObject): void {
    const { place, digest } = object;
    if (digest === intent.digest) this.#outcomes.delete(place);
    else this.#outcomes.set(place, { intent: intent.digest, live: digest });
    const known = this.#live.get(place);
    if (known === undefined || !isOlderVersion(object.resourceVersion, known.resourceVersion))
      this.#live.set(place, object);
    this.#sort(place);
  }

  /** We took it away. */
  deleted(place: string): void {
    this.#live.delete(place);
    this.#outcomes.delete(place);
    this.#sort(place);
  }

  /** To be called after each change: whether deletions are held follows from all that was said together. */
  observe(): void {
    this.#brake?.observe(this.owned - this.#unwanted.size, this.#unwanted.size, this.#clock.now());
  }

  /** Gives the places of what was held. */
  release(): readonly string[] {
    if (this.#brake?.heldSince === undefined) return [];
    this.#brake.release(this.owned - this.#unwanted.size, this.#clock.now());
    return [...this.#unwanted].sort();
  }

  /** `mayDelete`: whether all is known that is wanted, and all that is there. */
  stepFor(place: string, mayDelete: boolean): Step | undefined {
    const [intent, live] = [this.#wanted.get(place), this.#live.get(place)];
    // Who waits for a finalizer cannot be helped; when it is gone, the watch says so.
    if (live?.isTerminating === true || intent?.object.awaitsAddress === true) return undefined;
    if (intent !== undefined && live === undefined) return { do: 'create', intent };
    if (live === undefined) return undefined;
    if (intent !== undefined) return this.#matches(intent, live) ? undefined : { do: 'update', intent, live };
    const goes = mayDelete && this.#unwanted.has(place) && this.held === undefined;
    return goes ? { do: 'delete', live } : undefined;
  }

  #take(object: LiveObject): void {
    const known = this.#live.get(object.place);
    const wasRight = known !== undefined && this.#isRight(known);
    this.#live.set(object.place, object);
    if (wasRight && !this.#isRight(object) && !this.#isOwnDoing(object.place, object.digest)) {
      this.#edited(object.place, { by: object.otherWriter, isDeletion: false });
    }
    this.#sort(object.place);
  }

  #edited(place: string, edit: Edit): void {
    this.repairs.note(place, edit, this.#clock.now());
  }

  /** `digest`: of what is there; empty for nothing. */
  #isOwnDoing(place: string, digest: string): boolean {
    const sent = this.#sent.get(place);
    return sent !== undefined && (sent.isUnderWay || sent.digest === digest);
  }

  #isRight(live: LiveObject): boolean {
    const intent = this.#wanted.get(live.place);
    return intent !== undefined && this.#matches(intent, live);
  }

  #matches(intent: Intent, { place, digest }: LiveObject): boolean {
    if (digest === intent.digest) return true;
    const outcome = this.#outcomes.get(place);
    return outcome?.intent === intent.digest && outcome.live === digest;
  }

  #sort(place: string): void {
    const live = this.#live.get(place);
    const isUnwanted = live !== undefined && !this.#wanted.has(place);
    put(this.#unwanted, place, isUnwanted && live.isApplied);
    put(this.#strangers, place, isUnwanted && !live.isApplied);
  }
}

function put(places: Set<string>, place: string, isIn: boolean): void {
  if (isIn) places.add(place);
  else places.delete(place);
}
