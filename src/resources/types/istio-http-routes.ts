/**
 * The http routes of a VirtualService, as far as anything here could act on them. What else is written in a part is named in
 * its `unread`, so that who acts on the part can say what is lost. Times are milliseconds, percentages 0 to 100.
 */
import type { StringMatchSpec } from './aeraki.ts';

export interface VirtualDestination {
  readonly host: string;
  readonly subset?: string;
  readonly port?: number;
}

export interface HeaderOperationsSpec {
  readonly set: Readonly<Record<string, string>>;
  readonly add: Readonly<Record<string, string>>;
  readonly remove: readonly string[];
}

export interface HeadersSpec {
  readonly request: HeaderOperationsSpec;
  readonly response: HeaderOperationsSpec;
}

export interface WeightedDestination {
  readonly destination: VirtualDestination;
  /** Absent: 0, but for the only destination, which has all. */
  readonly weight?: number;
  readonly headers?: HeadersSpec;
  readonly unread: readonly string[];
}

type StringMatches = Readonly<Record<string, StringMatchSpec>>;

export interface HttpRequestMatch {
  readonly name?: string;
  readonly uri?: StringMatchSpec;
  /** Of `uri`, as far as it is no expression. */
  readonly ignoresUriCase?: true;
  readonly scheme?: StringMatchSpec;
  readonly method?: StringMatchSpec;
  readonly authority?: StringMatchSpec;
  readonly headers: StringMatches;
  readonly withoutHeaders: StringMatches;
  readonly queryParams: StringMatches;
  readonly port?: number;
  readonly sourceLabels: Readonly<Record<string, string>>;
  readonly sourceNamespace?: string;
  readonly gateways: readonly string[];
  readonly unread: readonly string[];
}

export interface HttpRetrySpec {
  /** 0: nothing is tried again. */
  readonly attempts: number;
  readonly perTryTimeout?: number;
  /** Names of conditions and numbers of statuses; absent for the default. */
  readonly retryOn?: readonly string[];
  readonly backoff?: number;
  readonly retryIgnorePreviousHosts: boolean;
}

export interface HttpFaultSpec {
  readonly delay?: { readonly percentage: number; readonly fixedDelay: number };
  readonly abort?: { readonly percentage: number } & (
    | { readonly httpStatus: number }
    | { readonly grpcStatus: string }
  );
}

export interface HttpRedirectSpec {
  readonly uri?: string;
  readonly prefixRewrite?: string;
  readonly authority?: string;
  readonly port?: number | 'FROM_REQUEST_PORT';
  readonly scheme?: string;
  readonly redirectCode: number;
}

export interface CorsPolicySpec {
  readonly origins: readonly StringMatchSpec[];
  readonly methods: readonly string[];
  readonly headers: readonly string[];
  readonly exposedHeaders: readonly string[];
  readonly maxAge?: number;
  readonly credentials?: boolean;
  readonly unmatchedPreflights?: 'FORWARD' | 'IGNORE';
}

export interface HttpRouteSpec {
  readonly name?: string;
  /** None: every request. */
  readonly match: readonly HttpRequestMatch[];
  /** None where the route answers by itself, or is not understood. */
  readonly route: readonly WeightedDestination[];
  readonly redirect?: HttpRedirectSpec;
  readonly directResponse?: { readonly status: number; readonly body?: string; readonly base64?: string };
  readonly rewrite?: { readonly uri?: string; readonly authority?: string };
  /** 0: none. */
  readonly timeout?: number;
  readonly retries?: HttpRetrySpec;
  readonly fault?: HttpFaultSpec;
  readonly corsPolicy?: CorsPolicySpec;
  /** Percentages above 0. */
  readonly mirrors: readonly {
    readonly destination: VirtualDestination;
    readonly percentage: number;
    /** Below the route. */
    readonly path: string;
  }[];
  readonly headers?: HeadersSpec;
  /** Such as delegate. */
  readonly unread: readonly string[];
}
