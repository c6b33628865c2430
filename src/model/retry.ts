/** When callers try requests again: what each service account says of the services that it calls. */
import type { RuleOrigin } from './route.ts';

export interface RetryPolicy {
  /** Envoy's names of the failures after which a request is tried again. */
  readonly conditions: readonly string[];
  /** Statuses of answers after which it is tried again, where the conditions speak of statuses. */
  readonly statuses?: readonly number[];
  /** After the first try. */
  readonly retries: number;
  /** Absent: a try may take as long as the request. */
  readonly perTryTimeoutMs?: number;
  /** At least 1. */
  readonly backoffMs: number;
  /** Also where the endpoint is one that has failed already, though there are others. */
  readonly takesFailedHosts?: true;
}

/** Istio's, of routes that do not say it: https://istio.io/latest/docs/reference/config/networking/virtual-service/#HTTPRoute */
export const istioRetries: RetryPolicy = {
  conditions: ['connect-failure', 'refused-stream', 'unavailable', 'cancelled'],
  retries: 2,
  backoffMs: 25,
};

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
