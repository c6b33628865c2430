/**
 * The objects of one kind as an API server has them, followed: read whole once, then by what changes.
 *
 *   locate --> read all --> watch --ended--> watch from where it was
 *      ^          ^           |--ended as soon as it began: pause, as after a failure
 *      |          |           `--version expired--> read all again, as one replacement
 *      |          |-- failed, or not taken by who follows: pause, longer each time, or as long as the server asks
 *      |          `-- not there: doubted, and located anew
 *      `-- no such kind (any more): look again now and then
 *
 * What never happens: an object that goes because it could not be seen; a watch that waits on a dead connection; requests in
 * numbers at a server that struggles; a change that is passed over since who follows threw at it.
 */
import { pauseAfter } from '../model/back-off.ts';
import type { Clock } from '../model/clock.ts';
import type { ReflectorSight, WatchFault } from '../model/reflector-sight.ts';
import { ApiFailure } from './api-failure.ts';
import type { ApiServer } from './api-server.ts';
import {
  endsInitialEvents,
  eventOf,
  readPages,
  type Selection,
  versionOf,
  type WatchEvent,
  watchPath,
} from './collection-reading.ts';
import { fieldOf, textOf } from './plain-fields.ts';

/** syncing: not read yet; live; stale: what is held may be out of date; absent: there is no such kind; forbidden: we may not. */
export interface ReflectorState {
  readonly state: 'syncing' | 'live' | 'stale' | 'absent' | 'forbidden';
  /** Empty while it is live. */
  readonly reason: string;
  /** The same in one word; absent while nothing is amiss. */
  readonly fault?: WatchFault;
}

/** What is made of all objects that there are, one after the other as they come; forgotten where they do not all come. */
export interface Replacement {
  /** One of them; one that was taken before is it as it is now. */
  take(object: unknown): void;
  /** One that was taken, and went before all had come. */
  drop(object: unknown): void;
  /** These were all: what is held besides is to go. */
  complete(): void;
}

/** All objects together, or each as soon as it has come, where they are too many to be held as they were sent. */
type ReplacementOptions =
  | { readonly onReplace: (objects: readonly unknown[]) => void }
  | { readonly beginReplacement: () => Replacement };

export type ReflectorOptions = ReplacementOptions & FollowingOptions;

interface FollowingOptions {
  readonly server: ApiServer;
  /** Where the kind is served, such as /apis/isthmus.dev/v1alpha1/meshconfigs; undefined where it is not. */
  readonly locate: (signal: AbortSignal) => Promise<string | undefined>;
  /** Only objects with such labels, as kubectl writes a selector. All when absent. */
  readonly labels?: string;
  /** Only objects with such fields, such as metadata.name=isthmus: a right can name that object. All when absent. */
  readonly fields?: string;
  readonly clock: Clock;
  /** What came together. Types are ADDED, MODIFIED and DELETED. Where it throws, it is told of all of it again. */
  readonly onEvents: (events: readonly WatchEvent[]) => void;
  readonly onState: (state: ReflectorState) => void;
  /** In [0, 1): so that no two reflectors ask at one moment. */
  readonly random?: () => number;
}

const pauses = { firstMs: 800, longestMs: 30_000 };
/** What waits for a kind to come, or for a right to be granted, is to begin soon after. */
const waits = { ...pauses, longestMs: 5000 };
const watchSeconds = { least: 300, most: 600 };
/** Beyond the time at which the server ends a watch by itself. */
const patience = 1.2;
/** A watch that ends sooner is no watch: to ask again at once would be to ask without end. */
const shortestWatchMs = 1_000;
/** In which something has to come of a list that is streamed. */
const listIdleMs = 60_000;

export class Reflector {
  readonly #options: ReflectorOptions;
  readonly #random: () => number;
  readonly #abort = new AbortController();
  readonly #running: Promise<void>;
  #canStreamLists = true;
  /** Since it was last sound. */
  #failures = 0;
  /** Also since then, that it was not there or not permitted: however often that was, what comes is not taken for what fails. */
  #awaited = 0;
  /** To watch from: all up to it was taken. Undefined when all has to be read. */
  #version: string | undefined;
  /** Of the server, that the version is of. */
  #history: number | undefined;
  /** Since something came that was not: that the server answers does not make up for it. */
  #isBehind = false;
  /** The last watch ended as soon as it had begun: that another one begins does not make up for it, unless it lasts. */
  #endedAtOnce = false;
  #shown: ReflectorState = { state: 'syncing', reason: '' };
  readonly #restarts = new Map<WatchFault, number>();
  #lastFault: WatchFault | undefined;

  constructor(options: ReflectorOptions) {
    this.#options = options;
    this.#random = options.random ?? Math.random;
    this.#running = this.#run();
  }

  /** How it fares; what is looked for again and again since it is not there counts once. */
  get sight(): Pick<ReflectorSight, 'isLive' | 'restarts' | 'lastFault'> {
    const lastFault = this.#lastFault === undefined ? {} : { lastFault: this.#lastFault };
    return { isLive: this.#shown.state === 'live', restarts: new Map(this.#restarts), ...lastFault };
  }

  /** Nothing is told any more once it resolves. */
  async close(): Promise<void> {
    this.#abort.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#abort;
    const { labels, fields } = this.#options;
    const selectors = {
      ...(labels === undefined ? {} : { labels }),
      ...(fields === undefined ? {} : { fields }),
    };
    let path: string | undefined;
    while (!signal.aborted) {
      try {
        path ??= await this.#options.locate(signal);
        if (path === undefined) throw new ApiFailure('there is no such kind', { status: 404 });
        await this.#follow({ path, ...selectors }, signal);
      } catch (error) {
        if (signal.aborted) return;
        const failure = error instanceof ApiFailure ? error : new ApiFailure(String(error), { cause: error });
        // Only who knows where kinds are knows of one that it is not there: it is asked again.
        const isDoubted = failure.isAbsent && path !== undefined;
        if (failure.isAbsent) path = undefined;
        await this.#rest(failure, isDoubted, signal);
      }
    }
  }

  /** Until a watch ends as it should. */
  async #follow(selection: Selection, signal: AbortSignal): Promise<void> {
    const { history } = this.#options.server;
    if (history !== this.#history) this.#version = undefined;
    this.#history = history;
    if (this.#version === undefined && !this.#canStreamLists) {
      const replacement = this.#begin();
      const version = await readPages(this.#options.server, selection, (object) => replacement.take(object), signal);
      this.#complete(replacement, version);
    }
    await this.#watch(selection, signal);
  }

  async #watch(selection: Selection, signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    const { least, most } = watchSeconds;
    const begun = clock.now();
    let cancelLasting = (): void => {};
    const seconds = Math.round(least + (most - least) * this.#random());
    const initial = this.#version === undefined ? new InitialEvents(this.#begin()) : undefined;
    const idleMs = initial === undefined ? seconds * patience * 1000 : listIdleMs;
    try {
      for await (const values of this.#options.server.stream(
        watchPath(selection, this.#version, seconds),
        idleMs,
        signal,
      )) {
        if (values.length > 0) this.#heed(values.map(eventOf), initial);
        // What there is to tell since the version asked from comes at once: nothing is silence, not blindness.
        else if (initial === undefined && this.#endedAtOnce)
          cancelLasting = clock.after(shortestWatchMs, () => this.#lasts());
        else if (initial === undefined && !this.#isBehind) this.#show({ state: 'live', reason: '' });
        // The rest of the stream may be silent for longer than a list may.
        if (initial?.isOver === true) return;
      }
    } catch (error) {
      if (initial !== undefined && error instanceof ApiFailure && error.isRefused) {
        this.#canStreamLists = false;
        return;
      }
      throw error;
    } finally {
      cancelLasting();
    }
    if (initial !== undefined) throw new ApiFailure('the list ended before it was complete');
    this.#endedAtOnce = clock.now() - begun < shortestWatchMs;
    if (this.#endedAtOnce) throw new ApiFailure('the watch ended as soon as it had begun');
  }

  #lasts(): void {
    this.#endedAtOnce = false;
    if (!this.#isBehind) this.#sound();
  }

  #heed(events: readonly WatchEvent[], initial: InitialEvents | undefined): void {
    const rest = initial === undefined ? events : initial.take(events);
    if (initial?.isOver === true && initial.version !== undefined) {
      this.#complete(initial.replacement, initial.version);
    } else if (initial !== undefined) return;
    const changes = rest.filter(({ type }) => type === 'ADDED' || type === 'MODIFIED' || type === 'DELETED');
    // Who follows is told that all is well before she is told what is new, unless she did not take it the last time.
    if (!this.#isBehind) this.#show({ state: 'live', reason: '' });
    if (changes.length > 0) this.#handOver(() => this.#options.onEvents(changes));
    for (const event of rest) this.#version = versionOf(event) ?? this.#version;
    this.#sound();
  }

  #handOver(take: () => void): void {
    try {
      take();
    } catch (error) {
      this.#isBehind = true;
      throw new Untaken(error);
    }
  }

  #begin(): Replacement {
    const options = this.#options;
    return 'beginReplacement' in options ? options.beginReplacement() : gathered(options.onReplace);
  }

  #complete(replacement: Replacement, version: string): void {
    this.#handOver(() => replacement.complete());
    this.#version = version;
    this.#sound();
  }

  #sound(): void {
    this.#isBehind = false;
    this.#failures = 0;
    this.#awaited = 0;
    this.#show({ state: 'live', reason: '' });
  }

  async #rest(failure: ApiFailure, isDoubted: boolean, signal: AbortSignal): Promise<void> {
    // What was read is read again at once, and only once at once: a server that says so again and again is left alone.
    const isFirst = failure.isExpired && this.#version !== undefined;
    if (failure.isExpired || failure.isAbsent) this.#version = undefined;
    this.#count(failure.fault);
    this.#show(stateAfter(failure, isDoubted));
    if (isFirst) return;
    const isAwaited = failure.isAbsent || failure.isForbidden;
    const pause = isAwaited ? pauseAfter(this.#awaited++, waits) : pauseAfter(this.#failures++, pauses);
    const own = pause * (0.5 + this.#random());
    const asked = failure.retryAfterMs ?? 0;
    await this.#wait(Math.max(own, asked * (1 + this.#random() / 2)), signal);
  }

  #count(fault: WatchFault): void {
    this.#lastFault = fault;
    if (this.#shown.state === 'live') this.#restarts.set(fault, (this.#restarts.get(fault) ?? 0) + 1);
  }

  #wait(ms: number, signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = this.#options.clock.after(ms, resolve);
    const giveUp = (): void => resolve();
    signal.addEventListener('abort', giveUp, { once: true });
    return promise.finally(() => {
      cancel();
      // The signal lives as long as the process does, and a kind may be waited for all that time.
      signal.removeEventListener('abort', giveUp);
    });
  }

  #show(state: ReflectorState): void {
    if (this.#abort.signal.aborted) return;
    if (state.state === this.#shown.state && state.reason === this.#shown.reason) return;
    this.#shown = state;
    this.#options.onState(state);
  }
}

/** Whatever it was that who follows threw, it says nothing about the server. */
class Untaken extends ApiFailure {
  constructor(cause: unknown) {
    super(`what came was not taken: ${String(cause)}`, { cause });
  }

  override get fault(): WatchFault {
    return 'refused';
  }
}

function stateAfter(failure: ApiFailure, isDoubted: boolean): ReflectorState {
  const { message: reason, fault } = failure;
  if (failure.isAbsent && !isDoubted) return { state: 'absent', reason, fault };
  return { state: failure.isForbidden ? 'forbidden' : 'stale', reason, fault };
}

function gathered(onReplace: (objects: readonly unknown[]) => void): Replacement {
  const objects = new Map<string, unknown>();
  return {
    take: (object) => objects.set(nameOf(object), object),
    drop: (object) => objects.delete(nameOf(object)),
    complete: () => onReplace([...objects.values()]),
  };
}

function nameOf(object: unknown): string {
  const metadata = fieldOf(object, 'metadata');
  return `${textOf(metadata, 'namespace') ?? ''}/${textOf(metadata, 'name') ?? ''}`;
}

/** What a stream says before it comes to what changes. */
class InitialEvents {
  readonly replacement: Replacement;
  version: string | undefined;

  constructor(replacement: Replacement) {
    this.replacement = replacement;
  }

  get isOver(): boolean {
    return this.version !== undefined;
  }

  /** Gives those that come after. */
  take(events: readonly WatchEvent[]): readonly WatchEvent[] {
    const end = events.findIndex(endsInitialEvents);
    const own = end < 0 ? events : events.slice(0, end);
    // A server whose cache is behind its store begins with what the cache has, and tells then of what came since.
    for (const { type, object } of own) {
      if (type === 'ADDED' || type === 'MODIFIED') this.replacement.take(object);
      else if (type === 'DELETED') this.replacement.drop(object);
    }
    const last = events[end];
    if (last === undefined) return [];
    this.version = versionOf(last);
    if (this.version === undefined) throw new ApiFailure('the end of the list says no version');
    return events.slice(end + 1);
  }
}
