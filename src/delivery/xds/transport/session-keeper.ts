/**
 * Looks after connections: pings them so that dead ones are noticed, closes those without streams, and tells old ones
 * to reconnect, so that clients spread over replicas again. One timer for all.
 */
import type { ServerHttp2Session } from 'node:http2';

/** All in milliseconds. */
export interface SessionTimes {
  readonly pingEveryMs: number;
  readonly pingTimeoutMs: number;
  readonly maxIdleMs: number;
  /** Varied by a tenth, so that clients that came together do not leave together. */
  readonly maxAgeMs: number;
  /** Of who shows no certificate where one is asked for. */
  readonly strangerIdleMs: number;
  readonly strangerAgeMs: number;
}

interface Watched {
  readonly maxIdleMs: number;
  readonly oldAt: number;
  streams: number;
  idleSince: number;
  pingedAt: number;
  answered: boolean;
}

const JITTER = 0.1;

export class SessionKeeper {
  readonly #times: SessionTimes;
  readonly #sessions = new Map<ServerHttp2Session, Watched>();
  readonly #timer: NodeJS.Timeout;

  constructor(times: SessionTimes) {
    this.#times = times;
    const { pingEveryMs, pingTimeoutMs, maxIdleMs, maxAgeMs, strangerIdleMs, strangerAgeMs } = times;
    const every = Math.min(pingEveryMs, pingTimeoutMs, maxIdleMs, maxAgeMs, strangerIdleMs, strangerAgeMs) / 2;
    this.#timer = setInterval(() => this.#look(), every).unref();
  }

  watch(session: ServerHttp2Session, isStranger = false): void {
    const now = performance.now();
    const [maxIdleMs, maxAgeMs] = isStranger
      ? [this.#times.strangerIdleMs, this.#times.strangerAgeMs]
      : [this.#times.maxIdleMs, this.#times.maxAgeMs];
    const oldAt = now + maxAgeMs * (1 + JITTER * (2 * Math.random() - 1));
    const watched: Watched = { maxIdleMs, oldAt, streams: 0, idleSince: now, pingedAt: now, answered: true };
    this.#sessions.set(session, watched);
    session.on('close', () => this.#sessions.delete(session));
    session.on('stream', (stream) => {
      watched.streams++;
      stream.once('close', () => {
        watched.streams--;
        watched.idleSince = performance.now();
      });
    });
  }

  /** GOAWAY: what is under way may end, nothing new begins. */
  closeAll(): void {
    for (const session of this.#sessions.keys()) if (!session.closed) session.close();
  }

  cutAll(): void {
    for (const session of this.#sessions.keys()) session.destroy();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const now = performance.now();
    for (const [session, watched] of this.#sessions) {
      if (session.destroyed) this.#sessions.delete(session);
      else if (!watched.answered && now - watched.pingedAt >= this.#times.pingTimeoutMs) session.destroy();
      else if (watched.streams === 0 && now - watched.idleSince >= watched.maxIdleMs) session.close();
      else if (now >= watched.oldAt) this.#retire(session, watched, now);
      else if (watched.answered && now - watched.pingedAt >= this.#times.pingEveryMs) this.#ping(session, watched, now);
    }
  }

  /** First the word, then, as xDS streams never end by themselves, the cut. */
  #retire(session: ServerHttp2Session, watched: Watched, now: number): void {
    if (!session.closed) session.close();
    else if (now - watched.oldAt >= this.#times.pingTimeoutMs) session.destroy();
  }

  #ping(session: ServerHttp2Session, watched: Watched, now: number): void {
    watched.pingedAt = now;
    watched.answered = false;
    session.ping(() => {
      watched.answered = true;
    });
  }
}
