/**
 * The dialogue over one type on one stream: what changed since the last response, the response that awaits its
 * acknowledgement, and what was refused.
 *
 *   changed(names) / asked(ask) ---> make()  what is new or altered   ---> sent() ---> settle(nonce)
 *                                    break() what is gone
 *
 * At most one response is under way; what changes meanwhile is merged into the next. A refused response is not sent
 * again: what it held counts as sent until its content changes.
 */
import { ContentDigest } from '../resources/content-digest.ts';
import type { EncodedResource, ResourceView } from '../resources/resource-source.ts';
import { allowsLegacyWildcard, isWholeSet } from '../resources/resource-types.ts';
import type { Dialect, ResponseContent } from '../resources/response-frame.ts';
import { afterAcknowledgement, type RefusedResponse, refusedResponse } from './refused-response.ts';
import { type Ask, Subscription } from './subscription.ts';

interface UnderWay {
  readonly nonce: string;
  readonly version: string;
  readonly names: readonly string[];
  /** Whether it says only what is gone. */
  readonly isRemoval: boolean;
  /** When the oldest change in it was made, in milliseconds of the stream's clock. */
  readonly since: number;
}

/** What make() has found. */
interface Due {
  readonly resources: readonly EncodedResource[];
  /** Asked for, and not there. */
  readonly unknown: readonly string[];
  /** To be answered even if there is nothing to say. */
  readonly answerDue: boolean;
  readonly keepGone: boolean;
}

/** What a nonce told: `stale` ones belong to no response that awaits an answer. */
export type Settled =
  | { readonly kind: 'acknowledged'; readonly since: number }
  | { readonly kind: 'refused' }
  | { readonly kind: 'repeated' | 'stale' };

const noNames: readonly string[] = [];

export class Exchange {
  readonly typeUrl: string;
  readonly subscription: Subscription;
  readonly #dialect: Dialect;
  /** Names that may differ from what the client holds. */
  readonly #changed = new Set<string>();
  /** Names that must be answered, whatever the client holds. */
  readonly #asked = new Set<string>();
  /** Held by the client, gone from the view, and not yet told. */
  readonly #gone = new Set<string>();
  #everything = false;
  #altered: readonly string[] = [];
  #since: number | undefined;
  #underWay: UnderWay | undefined;
  #sent: { readonly nonce: string; readonly version: string } | undefined;
  #acknowledged: string | undefined;
  #refusal: RefusedResponse | undefined;

  constructor(typeUrl: string, dialect: Dialect) {
    this.typeUrl = typeUrl;
    this.#dialect = dialect;
    this.subscription = new Subscription({ legacyWildcard: allowsLegacyWildcard(typeUrl) });
  }

  get awaitsAnswer(): boolean {
    return this.#underWay !== undefined;
  }
  get hasChanges(): boolean {
    return this.#everything || this.#changed.size > 0 || this.#asked.size > 0;
  }
  /** Something new is to be sent, or to be answered. */
  get isMaking(): boolean {
    return this.hasChanges || this.#underWay?.isRemoval === false;
  }
  get hasRemovals(): boolean {
    return this.#gone.size > 0;
  }
  /** Names of what was new or altered when make() was called last. */
  get altered(): readonly string[] {
    return this.#altered;
  }
  get sent(): { readonly nonce: string; readonly version: string } | undefined {
    return this.#sent;
  }
  get acknowledgedVersion(): string | undefined {
    return this.#acknowledged;
  }
  /** When the oldest change was made that the client has yet to answer, in milliseconds of the stream's clock. */
  get dueSince(): number | undefined {
    const times = [this.#underWay?.since, this.#since].filter((time) => time !== undefined);
    return times.length === 0 ? undefined : Math.min(...times);
  }
  get refusal(): RefusedResponse | undefined {
    return this.#refusal;
  }

  /** A change of the view; returns whether it concerns this client. */
  changed(names: readonly string[], now: number): boolean {
    let concerned = false;
    for (const name of names) {
      if (!this.subscription.wants(name)) continue;
      this.#changed.add(name);
      concerned = true;
    }
    if (concerned) this.#since ??= now;
    return concerned;
  }

  asked(ask: Ask, now: number): void {
    this.#everything ||= ask.everything;
    for (const name of ask.names) this.#asked.add(name);
    if (this.hasChanges) this.#since ??= now;
    const unwanted = this.#refusal?.names.filter((name) => !this.subscription.wants(name)) ?? [];
    this.#mend(unwanted);
  }

  /** Something that refers to these begins anew at the client: it is sent them again, though they are as they were. */
  renew(names: readonly string[], view: ResourceView): void {
    for (const name of names)
      if (this.subscription.held.has(name) && view.get(this.typeUrl, name) !== undefined) this.#asked.add(name);
  }

  /** A reconnecting delta client has these: only what differs is sent, and what is gone is removed. */
  resume(versions: ReadonlyMap<string, string>): void {
    for (const [name, version] of versions) {
      if (!this.subscription.wants(name)) continue;
      this.subscription.hold(name, { version });
      this.#changed.add(name);
      this.#asked.delete(name);
    }
  }

  /**
   * A reconnecting state-of-the-world client that has all of this type, at a version that is ours, needs no answer.
   * Only for a wildcard: a client that names resources may have forgotten some of them.
   */
  resumeWhole(version: string, view: ResourceView): void {
    if (version === '' || !this.#everything) return;
    const digest = new ContentDigest();
    const resources = view.list(this.typeUrl);
    for (const resource of resources) digest.add(resource.name, resource.version);
    if (digest.toString() !== version) return;
    for (const resource of resources) this.subscription.hold(resource.name, resource);
    this.#everything = false;
    this.#since = undefined;
    this.#acknowledged = version;
  }

  /**
   * What is new or altered, or undefined when the client has it all. What is gone comes with it, unless `keepGone`:
   * then the client keeps it until break(). It is told whether anything is new.
   */
  make(view: ResourceView, keepGone: (isNew: boolean) => boolean): ResponseContent | undefined {
    const answerDue = this.#everything;
    const resources: EncodedResource[] = [];
    const unknown: string[] = [];
    for (const name of this.#candidates(view)) {
      if (!this.subscription.wants(name)) continue;
      const resource = view.get(this.typeUrl, name);
      const held = this.subscription.held.get(name);
      if (resource !== undefined) {
        this.#gone.delete(name);
        if (this.#asked.has(name) || held?.version !== resource.version) resources.push(resource);
      } else if (held !== undefined) this.#gone.add(name);
      else if (this.#asked.has(name)) unknown.push(name);
    }
    for (const name of this.#gone) if (this.#asked.has(name)) unknown.push(name);
    if (unknown.length > 1) unknown.sort();
    this.#changed.clear();
    // A set that is cleared is allocated anew, even an empty one.
    if (this.#asked.size > 0) this.#asked.clear();
    this.#everything = false;
    for (const resource of resources) this.subscription.hold(resource.name, resource);
    this.#altered = resources.map(({ name }) => name);
    const isKept = this.hasRemovals && keepGone(resources.length > 0);
    const content = this.#made(view, { resources, unknown, answerDue, keepGone: isKept });
    if (content === undefined && !this.hasRemovals) {
      this.#since = undefined;
      // It said itself that it holds all that it asks for: see resume().
      if (this.#sent === undefined && this.subscription.held.size > 0) this.#acknowledged = this.subscription.version;
    }
    return content;
  }

  /** What is gone, once nothing refers to it any more. */
  break(view: ResourceView): ResponseContent | undefined {
    const removed = this.#takeGone();
    if (this.#dialect === 'delta') return removed.length === 0 ? undefined : this.#content([], removed);
    if (removed.length === 0 || !isWholeSet(this.typeUrl)) return undefined;
    return this.#content(this.#wholeSet(view), []);
  }

  /** To be called for each content that goes out. */
  dispatched(nonce: string, version: string, content: ResponseContent, now: number, isRemoval: boolean): void {
    const names = [...content.resources.map((resource) => resource.name), ...content.removed];
    this.#underWay = { nonce, version, names, isRemoval, since: this.#since ?? now };
    this.#sent = { nonce, version };
    this.#since = this.hasRemovals ? this.#underWay.since : undefined;
  }

  /** A request carries the nonce of the response that it answers, and an error if the client refuses it. */
  settle(nonce: string, error: { readonly code: number; readonly message: string } | undefined, now: number): Settled {
    const answered = this.#underWay;
    if (answered?.nonce !== nonce) return { kind: this.#sent?.nonce === nonce ? 'repeated' : 'stale' };
    this.#underWay = undefined;
    if (error !== undefined) {
      this.#refusal = refusedResponse(answered, error, now);
      return { kind: 'refused' };
    }
    this.#acknowledged = answered.version;
    const before = this.#refusal;
    const whole = this.#dialect === 'sotw' && isWholeSet(this.typeUrl);
    this.#refusal = before === undefined || whole ? undefined : afterAcknowledgement(before, answered.names);
    return { kind: 'acknowledged', since: answered.since };
  }

  #candidates(view: ResourceView): readonly string[] {
    if (this.#everything) return this.#allCandidates(view);
    if (this.#asked.size === 0) return this.#changed.size === 1 ? [...this.#changed] : [...this.#changed].sort();
    return [...new Set([...this.#asked, ...this.#changed])].sort();
  }

  #allCandidates(view: ResourceView): readonly string[] {
    const present = view.list(this.typeUrl).map((resource) => resource.name);
    const rest = [...this.subscription.held.keys(), ...this.#asked].filter((name) => !view.get(this.typeUrl, name));
    return [...present, ...[...new Set(rest)].sort()];
  }

  #made(view: ResourceView, due: Due): ResponseContent | undefined {
    if (this.#dialect === 'sotw') return this.#madeWhole(view, due);
    for (const name of due.unknown) this.#forget(name);
    const gone = due.keepGone ? noNames : this.#takeGone();
    const removed = gone.length === 0 ? due.unknown : [...new Set([...due.unknown, ...gone])].sort();
    if (due.resources.length === 0 && removed.length === 0 && !due.answerDue) return undefined;
    return this.#content(due.resources, removed);
  }

  #madeWhole(view: ResourceView, { resources, answerDue, keepGone }: Due): ResponseContent | undefined {
    const whole = isWholeSet(this.typeUrl);
    // Other types have no way to say that something is gone: the client sees it when nothing refers to it.
    const removed = whole && keepGone ? 0 : this.#takeGone().length;
    if (resources.length === 0 && !answerDue && !(whole && removed > 0)) return undefined;
    return this.#content(whole ? this.#wholeSet(view) : resources, []);
  }

  /** All that the client should have, and what it may still keep until nothing refers to it. */
  #wholeSet(view: ResourceView): readonly EncodedResource[] {
    if (this.subscription.wildcard && this.#gone.size === 0) return view.list(this.typeUrl);
    const kept = [...this.subscription.held.values()].flatMap((held) => ('body' in held ? [held] : []));
    return kept.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  #takeGone(): readonly string[] {
    if (!this.hasRemovals) return noNames;
    const names = [...this.#gone].sort();
    for (const name of names) this.#forget(name);
    return names;
  }

  #forget(name: string): void {
    this.#gone.delete(name);
    this.subscription.release(name);
    this.#mend([name]);
  }

  #mend(names: readonly string[]): void {
    if (this.#refusal?.named && names.length > 0) this.#refusal = afterAcknowledgement(this.#refusal, names);
  }

  #content(resources: readonly EncodedResource[], removed: readonly string[]): ResponseContent {
    return { typeUrl: this.typeUrl, resources, removed };
  }
}
