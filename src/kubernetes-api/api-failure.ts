/** What an API server, or the way to it, said instead of an answer. */
import type { WatchFault } from '../model/reflector-sight.ts';

export interface FailureDetails {
  /** Of HTTP; absent where there was no answer. */
  readonly status?: number;
  /** Kubernetes' word for it, such as Expired; empty where there is none. */
  readonly reason?: string;
  /** How long it asks to be left alone, in milliseconds. */
  readonly retryAfterMs?: number;
  /** Nothing came from the server, or not the whole of it. */
  readonly isUnanswered?: boolean;
  readonly cause?: unknown;
}

export class ApiFailure extends Error {
  readonly status: number | undefined;
  readonly reason: string;
  readonly retryAfterMs: number | undefined;
  readonly isUnanswered: boolean;

  constructor(
    message: string,
    { status, reason = '', retryAfterMs, isUnanswered = false, cause }: FailureDetails = {},
  ) {
    super(message, { cause });
    this.name = 'ApiFailure';
    this.status = status;
    this.reason = reason;
    this.retryAfterMs = retryAfterMs;
    this.isUnanswered = isUnanswered;
  }

  /** The version that was asked from is not kept any more: all has to be read again. */
  get isExpired(): boolean {
    return this.status === 410 || this.reason === 'Expired' || this.reason === 'Gone';
  }

  /** In one word, for what counts them. */
  get fault(): WatchFault {
    if (this.isExpired) return 'expired';
    if (this.isAbsent) return 'absent';
    if (this.isForbidden) return 'forbidden';
    if (this.status === 429) return 'busy';
    return this.status === undefined || this.status >= 500 ? 'unreachable' : 'refused';
  }

  /** There is no such kind. */
  get isAbsent(): boolean {
    return this.status === 404;
  }

  /** We may not. */
  get isForbidden(): boolean {
    return this.status === 403;
  }

  /** What it is to be made in is being deleted. */
  get isOfEndingNamespace(): boolean {
    return this.isForbidden && this.message.includes('because it is being terminated');
  }

  /** The request itself is not understood: it says what this server does not know. */
  get isRefused(): boolean {
    return this.status === 400 || this.status === 422;
  }
}

interface StatusObject {
  readonly message?: unknown;
  readonly reason?: unknown;
  readonly code?: unknown;
  readonly details?: { readonly retryAfterSeconds?: unknown };
}

/** Of a Status object, be it an answer's body or a watch's ERROR event. `status`: what HTTP said, where it said anything. */
export function failureOf(value: unknown, status?: number, retryAfter?: string): ApiFailure {
  const { message, reason, code, details }: StatusObject = typeof value === 'object' && value !== null ? value : {};
  const number = typeof code === 'number' ? code : status;
  const seconds = retryAfter === undefined ? details?.retryAfterSeconds : secondsIn(retryAfter);
  const text = typeof message === 'string' && message !== '' ? message : `status ${number ?? 'unknown'}`;
  return new ApiFailure(text.slice(0, longestMessage), {
    ...(number === undefined ? {} : { status: number }),
    ...(typeof reason === 'string' ? { reason } : {}),
    ...(typeof seconds === 'number' && seconds >= 0
      ? { retryAfterMs: Math.min(seconds, longestRetrySeconds) * 1000 }
      : {}),
  });
}

/** Of a Retry-After header: seconds, or, as gateways before an API server write it, a date. NaN for what is neither. */
function secondsIn(retryAfter: string): number {
  if (/^\s*\d+\s*$/.test(retryAfter)) return Number(retryAfter);
  return Math.max(0, (Date.parse(retryAfter) - Date.now()) / 1000);
}

const longestMessage = 500;
/** Who asks for more is asked again after that. */
const longestRetrySeconds = 300;
