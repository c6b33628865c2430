/**
 * What one client wants of one type on one stream, and what it holds: one state for both dialects.
 *
 *   state of the world: each request states all names        -> restate()
 *   delta:              requests add and take away names     -> amend()
 *
 * Rules are those of Envoy's "xDS REST and gRPC protocol", named where they apply. A subscription sends nothing; it
 * says which names a request asks to be answered, whatever the client is thought to hold.
 */
import { ContentDigest } from '../resources/content-digest.ts';
import type { EncodedResource } from '../resources/resource-source.ts';

const WILDCARD = '*';
const GLOB_SUFFIX = '/*';

/** What a request asks for: `everything` of the type, or these names; both must be answered. */
export interface Ask {
  readonly everything: boolean;
  readonly names: readonly string[];
}

/** What was sent, or the bare version that a reconnecting client said it holds. */
export type Held = EncodedResource | { readonly version: string };

export class Subscription {
  #wildcard: boolean;
  /** "The client has never explicitly subscribed to any resource names": then nothing means everything. */
  #legacy: boolean;
  readonly #names = new Set<string>();
  readonly #globs = new Set<string>();
  readonly #held = new Map<string, Held>();
  readonly #digest = new ContentDigest();

  constructor(options: { readonly legacyWildcard: boolean }) {
    this.#legacy = options.legacyWildcard;
    this.#wildcard = false;
  }

  get wildcard(): boolean {
    return this.#wildcard;
  }

  /** Subscribed one by one. */
  get exactNames(): ReadonlySet<string> {
    return this.#names;
  }

  /** Names and globs. */
  get size(): number {
    return this.#names.size + this.#globs.size;
  }

  get held(): ReadonlyMap<string, Held> {
    return this.#held;
  }

  /** Digest of what the client was sent and still wants. */
  get version(): string {
    return this.#digest.toString();
  }

  wants(name: string): boolean {
    if (this.#wildcard || this.#names.has(name)) return true;
    for (const prefix of this.#globs) if (name.startsWith(prefix)) return true;
    return false;
  }

  hold(name: string, held: Held): void {
    const before = this.#held.get(name);
    if (before !== undefined) this.#digest.remove(name, before.version);
    this.#held.set(name, held);
    this.#digest.add(name, held.version);
  }

  release(name: string): void {
    const held = this.#held.get(name);
    if (held === undefined) return;
    this.#held.delete(name);
    this.#digest.remove(name, held.version);
  }

  /** A state-of-the-world request: the complete list of names. */
  restate(names: readonly string[]): Ask {
    if (names.length === 0 && this.#legacy) return this.#turnOnWildcard();
    this.#legacy = false;
    const stated = new Set(names);
    const asked = [...stated].filter((name) => name !== WILDCARD && !this.#isSubscribed(name));
    const everything = stated.has(WILDCARD) && !this.#wildcard;
    const sizeBefore = this.size + (this.#wildcard ? 1 : 0);
    if (!everything && asked.length === 0 && stated.size === sizeBefore) return { everything, names: [] };
    this.#wildcard = stated.has(WILDCARD);
    this.#names.clear();
    this.#globs.clear();
    for (const name of stated) this.#add(name);
    this.#releaseUnwanted();
    return this.#ask(everything, asked);
  }

  /**
   * A delta request. "A subscribe list may contain names that the server believes the client already has; the server
   * must still provide them." A name taken away under a wildcard must be answered too: the client cannot know whether
   * the wildcard still covers it. Names that were never subscribed are ignored ("phantom unsubscriptions").
   */
  amend(subscribe: readonly string[], unsubscribe: readonly string[]): Ask {
    if (subscribe.length === 0 && this.#legacy) return this.#turnOnWildcard();
    this.#legacy = false;
    let everything = false;
    const asked = new Set<string>();
    for (const name of subscribe) {
      if (name === WILDCARD) {
        everything ||= !this.#wildcard;
        this.#wildcard = true;
      } else {
        this.#add(name);
        asked.add(name);
      }
    }
    for (const name of unsubscribe) this.#take(name, asked);
    if (unsubscribe.length > 0) this.#releaseUnwanted();
    return this.#ask(everything && this.#wildcard, [...asked]);
  }

  #turnOnWildcard(): Ask {
    const everything = !this.#wildcard;
    this.#wildcard = true;
    return { everything, names: [] };
  }

  #isSubscribed(name: string): boolean {
    return name.endsWith(GLOB_SUFFIX) ? this.#globs.has(name.slice(0, -1)) : this.#names.has(name);
  }

  #add(name: string): void {
    if (name === WILDCARD) return;
    if (name.endsWith(GLOB_SUFFIX)) this.#globs.add(name.slice(0, -1));
    else this.#names.add(name);
  }

  #take(name: string, asked: Set<string>): void {
    asked.delete(name);
    if (name === WILDCARD) this.#wildcard = false;
    else if (name.endsWith(GLOB_SUFFIX)) this.#globs.delete(name.slice(0, -1));
    else if (this.#names.delete(name) && this.#wildcard) asked.add(name);
  }

  /** What is no longer wanted is forgotten, so that a later subscription is answered even if nothing has changed. */
  #releaseUnwanted(): void {
    if (this.#wildcard) return;
    for (const name of this.#held.keys()) if (!this.wants(name)) this.release(name);
  }

  /** A glob cannot be answered by its own name: it asks for everything that it covers. */
  #ask(everything: boolean, asked: readonly string[]): Ask {
    const globs = asked.some((name) => name.endsWith(GLOB_SUFFIX));
    const names = asked.filter((name) => !name.endsWith(GLOB_SUFFIX) && this.wants(name));
    return { everything: everything || globs, names };
  }
}
