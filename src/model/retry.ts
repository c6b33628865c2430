/** When callers try requests again: what each service account says of the services that it calls. */
import type { RuleOrigin } from './route.ts';

export interface RetryPolicy {
  /** Envoy's names of the failures after which a request is tried again. */
  readonly conditions: readonly string[];
  /** After the first try. */
  readonly retries: number;
  /** Absent: a try may take as long as the request. */
  readonly perTryTimeoutMs?: number;
  /** At least 1. */
  readonly backoffMs: number;
}

export interface CallerRetry {
  /** The SPIFFE id of the caller. */
  readonly caller: string;
  readonly policy: RetryPolicy;
  /** Who wrote it. */
  readonly origin: RuleOrigin;
}

export interface ServiceRetries {
  /** The key of the service that is called. */
  readonly key: string;
  /** In order of their ids, each once. */
  readonly callers: readonly CallerRetry[];
}
