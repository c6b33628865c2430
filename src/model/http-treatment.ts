/** What proxies beside callers do with HTTP requests of a route: on their way, or in place of sending them anywhere. */
import type { HttpHeaderChanges } from './header-changes.ts';
import type { RetryPolicy } from './retry.ts';
import type { Mirror, StringMatch } from './route.ts';

/** Where a caller is told to go instead. */
export interface Redirection {
  readonly kind: 'redirection';
  readonly status: number;
  /** In place of the whole path. */
  readonly path?: string;
  /** In place of the beginning by which the route was chosen. */
  readonly prefix?: string;
  readonly host?: string;
  readonly port?: number;
  readonly scheme?: string;
}

/** An answer that nobody behind the proxy gives; the body as text, or as bytes in Base64. */
export interface GivenAnswer {
  readonly kind: 'given';
  readonly status: number;
  readonly body?: { readonly text: string } | { readonly base64: string };
}

/** Percentages are above 0 and at most 100. */
export interface InjectedFaults {
  readonly delay?: { readonly percentage: number; readonly ms: number };
  readonly abort?: { readonly percentage: number } & (
    | { readonly httpStatus: number }
    | { readonly grpcStatus: number }
  );
}

/** What browsers are told of pages of other origins. What is absent is left to the proxy. */
export interface CrossOriginPolicy {
  /** `*`, exactly, is every origin. */
  readonly origins: readonly Exclude<StringMatch, { readonly kind: 'present' }>[];
  readonly methods: readonly string[];
  readonly headers: readonly string[];
  readonly exposedHeaders: readonly string[];
  readonly maxAgeSeconds?: number;
  readonly credentials?: boolean;
  /** Whether a workload is asked for leave that none of the origins has; else the proxy answers, and gives none. */
  readonly passesOtherPreflights?: boolean;
}

export interface HttpTreatment {
  /** Milliseconds; absent: however long it takes. */
  readonly timeoutMs?: number;
  /** Absent: as proxies try everything else again of this host. Never: not even that. */
  readonly retry?: RetryPolicy | 'never';
  readonly mirrors: readonly Mirror[];
  readonly headers?: HttpHeaderChanges;
  readonly faults?: InjectedFaults;
  readonly crossOrigin?: CrossOriginPolicy;
  /** `path`: in place of the beginning, or of the whole path, by which the route was chosen. */
  readonly rewrite?: { readonly path?: string; readonly authority?: string };
  /** In place of destinations, of which there are none then. */
  readonly answer?: Redirection | GivenAnswer;
}
