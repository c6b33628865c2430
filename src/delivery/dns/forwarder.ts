/**
 * Asks upstream servers for names that are not ours.
 *
 *   question --> cache --> the same question on its way --> upstream, then the next one, by UDP, by TCP if truncated
 *
 * What never happens: a question that waits longer than `totalMs`; more of them on their way than `inFlight`; two alike at
 * once. The upstream that answered last is asked first.
 */
import { setMaxListeners } from 'node:events';
import type { DnsObserver } from './observer.ts';
import { Rcode } from './protocol.ts';
import type { UpstreamAddress } from './resolv-conf.ts';
import { type CachedAnswer, type CacheLimits, ResponseCache } from './response-cache.ts';
import type { UpstreamAnswer } from './upstream-answer.ts';
import { askByTcp, askByUdp, type Exchange, type Question } from './upstream-exchange.ts';

export interface ForwarderLimits extends CacheLimits {
  readonly inFlight: number;
  /** Milliseconds for one attempt. */
  readonly attemptMs: number;
  /** Milliseconds for all attempts: less than the five seconds for which resolvers wait. */
  readonly totalMs: number;
}

export const defaultForwarderLimits: ForwarderLimits = {
  entries: 10_000,
  bytes: 16 * 1024 * 1024,
  ttl: 300,
  negativeTtl: 30,
  inFlight: 512,
  attemptMs: 1000,
  totalMs: 4000,
};

/** Upstreams that say nothing are asked so often. */
const ROUNDS = 2;

export interface ForwarderOptions {
  /** In order of preference; may answer others from time to time. */
  readonly upstreams: () => readonly UpstreamAddress[];
  /** Called when no upstream answered. */
  readonly unanswered: () => void;
  readonly limits: ForwarderLimits;
  readonly observer: DnsObserver;
  /** Milliseconds that only go forward. */
  readonly now: () => number;
}

export interface Forwarded extends CachedAnswer {
  readonly from: 'cache' | 'upstream';
}

export class Forwarder {
  readonly #options: ForwarderOptions;
  readonly #cache: ResponseCache;
  readonly #inFlight = new Map<string, Promise<UpstreamAnswer | undefined>>();
  readonly #end = new AbortController();
  #preferred: UpstreamAddress | undefined;

  constructor(options: ForwarderOptions) {
    this.#options = options;
    this.#cache = new ResponseCache(options.limits, options.now);
    setMaxListeners(0, this.#end.signal);
  }

  /** `name`: the question's, as text. Undefined when no upstream answers, or too many questions are on their way. */
  async ask(name: string, question: Question): Promise<Forwarded | undefined> {
    const key = `${name} ${question.type} ${question.dnssecOk} ${question.checkingDisabled}`;
    const cached = this.#cache.get(key);
    if (cached !== undefined) return { ...cached, from: 'cache' };
    const answer = await (this.#inFlight.get(key) ?? this.#start(key, question));
    return answer === undefined ? undefined : { answer, age: 0, from: 'upstream' };
  }

  close(): void {
    this.#end.abort();
  }

  async #start(key: string, question: Question): Promise<UpstreamAnswer | undefined> {
    if (this.#inFlight.size >= this.#options.limits.inFlight || this.#end.signal.aborted) return undefined;
    const asking = this.#askAll(question);
    this.#inFlight.set(key, asking);
    try {
      const answer = await asking;
      if (answer === undefined) this.#options.unanswered();
      else this.#cache.put(key, answer);
      return answer;
    } finally {
      this.#inFlight.delete(key);
    }
  }

  async #askAll(question: Question): Promise<UpstreamAnswer | undefined> {
    const { limits, now } = this.#options;
    const deadline = now() + limits.totalMs;
    let silent = this.#inOrder();
    let refusal: UpstreamAnswer | undefined;
    for (let round = 0; round < ROUNDS; round++) {
      for (const upstream of silent) {
        const timeoutMs = Math.min(limits.attemptMs * (round + 1), deadline - now());
        if (timeoutMs <= 0 || this.#end.signal.aborted) return refusal;
        const answer = await this.#askOne({
          upstream,
          question,
          timeoutMs,
          withOptions: true,
          signal: this.#end.signal,
        });
        if (answer === undefined) continue;
        if (isAnswer(answer)) {
          this.#preferred = upstream;
          return answer;
        }
        refusal = answer;
        silent = silent.filter((other) => other !== upstream);
      }
    }
    return refusal;
  }

  #inOrder(): readonly UpstreamAddress[] {
    const all = this.#options.upstreams();
    const preferred = all.find((one) => one.host === this.#preferred?.host && one.port === this.#preferred.port);
    return preferred === undefined ? all : [preferred, ...all.filter((one) => one !== preferred)];
  }

  async #askOne(exchange: Exchange): Promise<UpstreamAnswer | undefined> {
    const { observer, now } = this.#options;
    const started = now();
    let answer = await askByUdp(exchange);
    if (answer !== undefined && !answer.hasOptions && refusesOptions(answer)) {
      answer = await askByUdp({ ...exchange, withOptions: false });
    }
    if (answer?.isTruncated === true) answer = (await askByTcp(exchange)) ?? answer;
    const result = answer === undefined ? 'no-answer' : isAnswer(answer) ? 'answered' : 'refused';
    observer.exchanged(result, (now() - started) / 1000);
    return answer;
  }
}

/** That there is no such name is an answer; that a server cannot or will not say is none. */
function isAnswer({ rcode }: UpstreamAnswer): boolean {
  return rcode === Rcode.noError || rcode === Rcode.noSuchName;
}

function refusesOptions({ rcode }: UpstreamAnswer): boolean {
  return rcode === Rcode.formatError || rcode === Rcode.notImplemented;
}
