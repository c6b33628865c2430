/** Answers of upstreams, kept for as long as they say, up to a bound of number and of bytes; the longest unused go first. */

import { Rcode } from './protocol.ts';
import { lifetimeOf, type UpstreamAnswer } from './upstream-answer.ts';

export interface CacheLimits {
  readonly entries: number;
  readonly bytes: number;
  /** Seconds: nothing is kept for longer, whatever it says. */
  readonly ttl: number;
  /** Seconds: the same for answers that there is nothing. */
  readonly negativeTtl: number;
}

export interface CachedAnswer {
  readonly answer: UpstreamAnswer;
  /** Seconds since it came. */
  readonly age: number;
}

interface Entry {
  readonly answer: UpstreamAnswer;
  readonly since: number;
  readonly until: number;
}

/** What the maps and objects around the bytes of an answer take, about. */
const OVERHEAD_BYTES = 600;
const RECORD_OVERHEAD_BYTES = 100;

export class ResponseCache {
  readonly #limits: CacheLimits;
  readonly #now: () => number;
  readonly #entries = new Map<string, Entry>();
  #bytes = 0;

  /** `now`: milliseconds that only go forward. */
  constructor(limits: CacheLimits, now: () => number) {
    this.#limits = limits;
    this.#now = now;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: string): CachedAnswer | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#entries.delete(key);
    const now = this.#now();
    if (now >= entry.until) {
      this.#bytes -= bytesOf(entry);
      return undefined;
    }
    this.#entries.set(key, entry);
    return { answer: entry.answer, age: Math.floor((now - entry.since) / 1000) };
  }

  put(key: string, answer: UpstreamAnswer): void {
    const isNegative = answer.rcode === Rcode.noSuchName || answer.answers.length === 0;
    const seconds = Math.min(lifetimeOf(answer), isNegative ? this.#limits.negativeTtl : this.#limits.ttl);
    if (seconds <= 0) return;
    this.#remove(key);
    const since = this.#now();
    // A copy: what came may be a small part of a large buffer.
    const entry = { answer: { ...answer, packet: Buffer.from(answer.packet) }, since, until: since + seconds * 1000 };
    this.#entries.set(key, entry);
    this.#bytes += bytesOf(entry);
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#limits.entries && this.#bytes <= this.#limits.bytes) break;
      this.#remove(oldest);
    }
  }

  #remove(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    this.#bytes -= bytesOf(entry);
  }
}

function bytesOf({ answer: { packet, answers, authorities, additionals } }: Entry): number {
  const records = answers.length + authorities.length + additionals.length;
  return packet.length + OVERHEAD_BYTES + records * RECORD_OVERHEAD_BYTES;
}
