/**
 * When certificates are renewed: each at a random moment between 50 and 80 % of its life, so that what was issued together is
 * not renewed together; a few at a time, those that end first before others; again and again with growing pauses where that
 * fails.
 *
 *   keep(key, life) --> due by the wall clock --renew(key)--> keep(key, new life)
 *                                                '-- failure: a pause, at most until the certificate ends soon --'
 *
 * The wall clock is read anew at least twice a minute, for it may be set: forwards, then what has become due is renewed, a few
 * at a time; backwards, then what is not valid yet is renewed, and all else has the time that it says. No certificate ends
 * without a finding.
 */
import type { Clock } from '../model/clock.ts';
import { messageOf } from '../model/errors.ts';
import { type Finding, finding, type ObjectRef } from '../model/finding.ts';

/** Milliseconds since the epoch. */
export interface Life {
  readonly notBefore: number;
  readonly notAfter: number;
}

export interface RenewalOptions {
  readonly clock: Clock;
  /** Gets a new certificate and says how long it lives. A rejection is taken for a failure that may pass. */
  readonly renew: (key: string) => Promise<Life>;
  /** What findings of a key are about. */
  readonly objectOf: (key: string) => ObjectRef;
  /** At least 0 and less than 1. */
  readonly random?: () => number;
  /** How many renewals run at a time. */
  readonly concurrency?: number;
  /** Findings may have changed. */
  readonly findingsChanged?: () => void;
}

const longestLookMs = 30_000;
const firstPauseMs = 1_000;
const longestPauseMs = 5 * 60_000;

interface Entry {
  readonly key: string;
  readonly life: Life;
  readonly renewAt: number;
  readonly failure?: Failure;
}

interface Failure {
  readonly message: string;
  readonly count: number;
  /** Not again before; counted from `at`, for the clock may be set back. */
  readonly at: number;
  readonly pauseMs: number;
}

/** At 50 to 80 % of a life. `random` at least 0 and less than 1. */
export function renewalTime({ notBefore, notAfter }: Life, random: number): number {
  return notBefore + (notAfter - notBefore) * (0.5 + 0.3 * random);
}

export class RenewalSchedule {
  readonly #options: Required<RenewalOptions>;
  readonly #entries = new Map<string, Entry>();
  readonly #running = new Set<string>();
  #cancelLook: (() => void) | undefined;
  #lookAt = Number.POSITIVE_INFINITY;
  #closed = false;

  constructor(options: RenewalOptions) {
    this.#options = { random: Math.random, concurrency: 4, findingsChanged: () => undefined, ...options };
  }

  /** Begins to keep a certificate, or takes note of a new one in its place. */
  keep(key: string, life: Life): void {
    const hadFailed = this.#entries.get(key)?.failure !== undefined;
    const entry = { key, life, renewAt: renewalTime(life, this.#options.random()) };
    this.#entries.set(key, entry);
    if (hadFailed) this.#options.findingsChanged();
    this.#lookBefore(this.#dueTime(entry));
  }

  forget(key: string): void {
    const entry = this.#entries.get(key);
    this.#entries.delete(key);
    if (entry?.failure !== undefined) this.#options.findingsChanged();
  }

  /** Renews within a time, at a random moment of it: all that is kept, or one. For a change of roots or a leaked key. */
  hasten(withinMs: number, key?: string): void {
    const { clock, random } = this.#options;
    const now = clock.now();
    for (const entry of [...this.#entries.values()]) {
      if (key !== undefined && key !== entry.key) continue;
      const renewAt = Math.min(entry.renewAt, now + withinMs * random());
      this.#entries.set(entry.key, { ...entry, renewAt });
    }
    this.#lookBefore(now + (withinMs === 0 ? 0 : 1));
  }

  /** Keys whose last renewal failed. */
  failing(): ReadonlySet<string> {
    return new Set([...this.#entries.values()].flatMap(({ key, failure }) => (failure === undefined ? [] : key)));
  }

  /** Certificates that could not be renewed, and those that have ended. */
  findings(): readonly Finding[] {
    const now = this.#options.clock.now();
    return [...this.#entries.values()].flatMap((entry) => this.#findingsOf(entry, now));
  }

  /** Renewals under way come to their end, and are taken note of no more. */
  close(): void {
    this.#closed = true;
    this.#cancelLook?.();
  }

  #lookBefore(time: number): void {
    const { clock } = this.#options;
    if (this.#closed || time >= this.#lookAt) return;
    this.#cancelLook?.();
    const now = clock.now();
    this.#lookAt = Math.min(time, now + longestLookMs);
    this.#cancelLook = clock.after(Math.max(0, this.#lookAt - now), () => this.#look());
  }

  #look(): void {
    this.#lookAt = Number.POSITIVE_INFINITY;
    if (this.#closed) return;
    const now = this.#options.clock.now();
    this.#forgetFailures(now);
    for (const { key } of this.#soonestToEnd(this.#options.concurrency - this.#running.size, now)) this.#renew(key);
    this.#lookAgain(now);
  }

  /** Where the clock was wrong, and what it wanted renewed has its time again. */
  #forgetFailures(now: number): void {
    const idle = [...this.#entries.values()].filter((entry) => entry.failure !== undefined && !isWanted(entry, now));
    for (const { key, life, renewAt } of idle) this.#entries.set(key, { key, life, renewAt });
    if (idle.length > 0) this.#options.findingsChanged();
  }

  /** One pass: after an outage thousands are due, and each renewal that ends looks for the next. */
  #soonestToEnd(count: number, now: number): readonly Entry[] {
    const chosen: Entry[] = [];
    if (count <= 0) return chosen;
    for (const entry of this.#entries.values()) {
      const last = chosen.length < count ? undefined : chosen.at(-1);
      if (last !== undefined && last.life.notAfter <= entry.life.notAfter) continue;
      if (this.#running.has(entry.key) || !isDue(entry, now)) continue;
      const place = chosen.findIndex(({ life }) => life.notAfter > entry.life.notAfter);
      chosen.splice(place === -1 ? chosen.length : place, 0, entry);
      if (chosen.length > count) chosen.pop();
    }
    return chosen;
  }

  /** What is due and waits for its turn is looked at when a renewal ends. */
  #lookAgain(now: number): void {
    let next = now + longestLookMs;
    for (const entry of this.#entries.values()) {
      const time = this.#dueTime(entry);
      if (time > now && time < next) next = time;
    }
    if (this.#entries.size > 0) this.#lookBefore(next);
  }

  #dueTime({ renewAt, failure }: Entry): number {
    return failure === undefined ? renewAt : failure.at + failure.pauseMs;
  }

  #renew(key: string): void {
    this.#running.add(key);
    this.#options
      .renew(key)
      .then(
        (life) => this.#entries.has(key) && this.keep(key, life),
        (error: unknown) => this.#failed(key, error),
      )
      .finally(() => {
        this.#running.delete(key);
        this.#lookBefore(this.#options.clock.now());
      });
  }

  #failed(key: string, error: unknown): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    const count = (entry.failure?.count ?? 0) + 1;
    const pauseMs =
      Math.min(firstPauseMs * 2 ** Math.min(count - 1, 20), longestPauseMs) * (0.75 + this.#options.random() / 2);
    const failure = { message: messageOf(error), count, at: this.#options.clock.now(), pauseMs };
    this.#entries.set(key, { ...entry, failure });
    this.#options.findingsChanged();
  }

  #findingsOf({ key, life, failure }: Entry, now: number): readonly Finding[] {
    const isOver = now >= life.notAfter;
    if (failure === undefined && !isOver) return [];
    const object = this.#options.objectOf(key);
    const until = new Date(life.notAfter).toISOString();
    const reason = failure === undefined ? '' : `: ${failure.message}`;
    if (isOver) return [finding('ISTH1208', { object, message: `It expired at ${until}${reason}` })];
    return [finding('ISTH1207', { object, message: `It expires at ${until}, and could not be renewed${reason}` })];
  }
}

/** After its time, or before its life: then the clock was ahead when it was issued, or was set back. */
function isWanted({ life, renewAt }: Entry, now: number): boolean {
  return now >= renewAt || now < life.notBefore;
}

function isDue(entry: Entry, now: number): boolean {
  if (!isWanted(entry, now)) return false;
  const { failure } = entry;
  return failure === undefined || now >= failure.at + failure.pauseMs || now < failure.at;
}
