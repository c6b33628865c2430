/** What a route of a VirtualService has done with requests, in the model's terms. Destinations of mirrors are looked up by whoever asks. */
import type {
  CrossOriginPolicy,
  GivenAnswer,
  HttpTreatment,
  InjectedFaults,
  Redirection,
} from '../../model/http-treatment.ts';
import { istioRetries, type RetryPolicy } from '../../model/retry.ts';
import type { Mirror } from '../../model/route.ts';
import { grpcStatuses } from '../../resources/grpc-statuses.ts';
import type { CorsPolicySpec, HttpRetrySpec, HttpRouteSpec } from '../../resources/kinds.ts';
import { headerChanges } from './header-changes.ts';
import { stringMatch } from './request-matches.ts';

/** `mirrors`: of the route, found. `unheeded`: told of a part that proxies would not take, by its path below the route. */
export function httpTreatment(
  spec: HttpRouteSpec,
  port: number,
  mirrors: readonly Mirror[],
  unheeded: (path: string) => void,
): HttpTreatment {
  const { timeout = 0, retries, headers, fault, corsPolicy, rewrite, redirect, directResponse } = spec;
  const changes = headers === undefined ? undefined : headerChanges(headers, (path) => unheeded(`headers.${path}`));
  const faults = fault === undefined ? undefined : faultsOf(fault);
  return {
    ...(timeout === 0 ? {} : { timeoutMs: timeout }),
    ...(retries === undefined ? {} : { retry: retryOf(retries) }),
    mirrors,
    ...(changes === undefined ? {} : { headers: changes }),
    ...(faults === undefined ? {} : { faults }),
    ...(corsPolicy === undefined ? {} : { crossOrigin: crossOriginOf(corsPolicy) }),
    ...(rewrite === undefined ? {} : { rewrite: rewriteOf(rewrite) }),
    ...(redirect === undefined ? {} : { answer: redirectionOf(redirect, port) }),
    ...(directResponse === undefined ? {} : { answer: answerOf(directResponse) }),
  };
}

function retryOf({ attempts, perTryTimeout = 0, retryOn, backoff, ...rest }: HttpRetrySpec): RetryPolicy | 'never' {
  if (attempts === 0) return 'never';
  const statuses = (retryOn ?? []).filter(isStatus).map(Number);
  const named = (retryOn ?? istioRetries.conditions).filter((one) => !isStatus(one));
  const isSaid = statuses.length === 0 || named.includes('retriable-status-codes');
  return {
    conditions: isSaid ? named : [...named, 'retriable-status-codes'],
    ...(statuses.length === 0 ? {} : { statuses }),
    retries: attempts,
    ...(perTryTimeout === 0 ? {} : { perTryTimeoutMs: perTryTimeout }),
    backoffMs: backoff ?? istioRetries.backoffMs,
    ...(rest.retryIgnorePreviousHosts ? {} : { takesFailedHosts: true }),
  };
}

function isStatus(condition: string): boolean {
  return /^[1-5]\d\d$/.test(condition);
}

function faultsOf({ delay, abort }: NonNullable<HttpRouteSpec['fault']>): InjectedFaults | undefined {
  if (delay === undefined && abort === undefined) return undefined;
  return {
    ...(delay === undefined ? {} : { delay: { percentage: delay.percentage, ms: delay.fixedDelay } }),
    ...(abort === undefined ? {} : { abort: abortOf(abort) }),
  };
}

function abortOf(
  abort: NonNullable<NonNullable<HttpRouteSpec['fault']>['abort']>,
): NonNullable<InjectedFaults['abort']> {
  return 'httpStatus' in abort
    ? abort
    : { percentage: abort.percentage, grpcStatus: grpcStatuses.indexOf(abort.grpcStatus) };
}

/** An origin of which nothing is said is none. */
function crossOriginOf({
  origins,
  maxAge,
  credentials,
  unmatchedPreflights,
  ...lists
}: CorsPolicySpec): CrossOriginPolicy {
  return {
    ...lists,
    origins: origins.flatMap((written) => {
      const match = stringMatch(written);
      return match.kind === 'present' ? [] : [match];
    }),
    ...(maxAge === undefined ? {} : { maxAgeSeconds: Math.floor(maxAge / 1000) }),
    ...(credentials === undefined ? {} : { credentials }),
    ...(unmatchedPreflights === undefined ? {} : { passesOtherPreflights: unmatchedPreflights === 'FORWARD' }),
  };
}

function rewriteOf({ uri, authority }: NonNullable<HttpRouteSpec['rewrite']>): NonNullable<HttpTreatment['rewrite']> {
  return { ...(uri === undefined ? {} : { path: uri }), ...(authority === undefined ? {} : { authority }) };
}

/** Nobody writes the port that a scheme has by itself. */
function redirectionOf(
  { uri, prefixRewrite, authority, scheme, redirectCode, ...rest }: NonNullable<HttpRouteSpec['redirect']>,
  routed: number,
): Redirection {
  const port = rest.port === 'FROM_REQUEST_PORT' ? routed : rest.port;
  const isImplied = (port === 80 && (scheme ?? 'http') === 'http') || (port === 443 && scheme === 'https');
  return {
    kind: 'redirection',
    status: redirectCode,
    ...(uri === undefined ? {} : { path: uri }),
    ...(prefixRewrite === undefined ? {} : { prefix: prefixRewrite }),
    ...(authority === undefined ? {} : { host: authority }),
    ...(port === undefined || isImplied ? {} : { port }),
    ...(scheme === undefined ? {} : { scheme }),
  };
}

function answerOf({ status, body, base64 }: NonNullable<HttpRouteSpec['directResponse']>): GivenAnswer {
  const given = { kind: 'given', status } as const;
  if (body !== undefined) return { ...given, body: { text: body } };
  return base64 === undefined ? given : { ...given, body: { base64 } };
}
