/** What is done with requests of a route, in the fields of Envoy's routes. What is absent is not written. */
import type { GivenAnswer, HttpTreatment, InjectedFaults, Redirection } from '../../model/http-treatment.ts';
import type { RoutedRequest } from '../../model/routed-request.ts';
import type { PortSplit } from '../../model/traffic-split.ts';
import { enumValue, type envoy, pack } from '../../xds-api/messages.ts';
import { crossOriginConfig } from './cross-origin.ts';
import { headerFields } from './header-fields.ts';
import { mirrorPolicy, percentOf } from './mirror-policies.ts';
import { neverRetried, retryPolicy } from './retry-policies.ts';
import { duration } from './values.ts';

type Route = envoy.config.route.v3.Route;
type RouteAction = envoy.config.route.v3.RouteAction;
type HttpFilter = envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter;

const FAULT = 'envoy.filters.http.fault';
const FAULT_CONFIG = 'envoy.extensions.filters.http.fault.v3.HTTPFault';
const REDIRECT_CODE = 'envoy.config.route.v3.RedirectAction.RedirectResponseCode';
const redirectCodes: Readonly<Record<number, number>> = {
  301: enumValue(REDIRECT_CODE, 'MOVED_PERMANENTLY'),
  302: enumValue(REDIRECT_CODE, 'FOUND'),
  303: enumValue(REDIRECT_CODE, 'SEE_OTHER'),
  307: enumValue(REDIRECT_CODE, 'TEMPORARY_REDIRECT'),
  308: enumValue(REDIRECT_CODE, 'PERMANENT_REDIRECT'),
};

/** Of proxies; larger ones have to be announced. */
const USUAL_BODY_BYTES = 4096;

/** Injects nothing by itself: each route says what it asks for. Only where some route does, for it is part of the listener. */
export function faultFilters(split: PortSplit = []): readonly HttpFilter[] {
  const isAsked = split.some(({ http }) => http?.faults !== undefined);
  return isAsked ? [{ name: FAULT, typedConfig: pack(FAULT_CONFIG, {}) }] : [];
}

/** Of the largest answer that routes give by themselves, in bytes; absent where that is no more than proxies take anyhow. */
export function largestAnswer(split: PortSplit): { maxDirectResponseBodySizeBytes?: { value?: number } } {
  const sizes = split.map(({ http }) => bodySize(http?.answer));
  const largest = Math.max(0, ...sizes);
  return largest > USUAL_BODY_BYTES ? { maxDirectResponseBodySizeBytes: { value: largest } } : {};
}

function bodySize(answer: HttpTreatment['answer']): number {
  return answer === undefined ? 0 : (bodyBytes(answer)?.length ?? 0);
}

/** What a route has whether it sends requests on or answers them. */
export function treatedRoute({ headers, faults, crossOrigin }: HttpTreatment): Partial<Route> {
  const perFilter = {
    ...(faults === undefined ? {} : { [FAULT]: pack(FAULT_CONFIG, faultConfig(faults)) }),
    ...(crossOrigin === undefined ? {} : crossOriginConfig(crossOrigin)),
  };
  return {
    ...headerFields(headers),
    ...(Object.keys(perFilter).length === 0 ? {} : { typedPerFilterConfig: perFilter }),
  };
}

/** What a route that sends requests on has beside its clusters. */
export function treatedAction({ timeoutMs, retry, mirrors, headers, rewrite }: HttpTreatment): Partial<RouteAction> {
  const authority = rewrite?.authority ?? headers?.authority;
  return {
    ...(timeoutMs === undefined ? {} : { timeout: duration(timeoutMs) }),
    ...(retry === undefined ? {} : { retryPolicy: retry === 'never' ? neverRetried : retryPolicy(retry) }),
    ...(mirrors.length === 0 ? {} : { requestMirrorPolicies: mirrors.map(mirrorPolicy) }),
    ...(rewrite?.path === undefined ? {} : { prefixRewrite: rewrite.path }),
    ...(authority === undefined ? {} : { hostRewriteLiteral: authority }),
  };
}

/** A beginning can be replaced only where a route was chosen by it: elsewhere that is the whole path. */
export function answerOf(answer: Redirection | GivenAnswer, { path }: RoutedRequest): Partial<Route> {
  if (answer.kind === 'given') {
    const body = bodyOf(answer);
    return { directResponse: { status: answer.status, ...(body === undefined ? {} : { body }) } };
  }
  const { status, prefix, host, port, scheme } = answer;
  const replaced = path?.kind === 'prefix' ? undefined : prefix;
  const whole = answer.path ?? replaced;
  const code = redirectCodes[status] ?? 0;
  return {
    redirect: {
      ...(host === undefined ? {} : { hostRedirect: host }),
      ...(whole === undefined ? {} : { pathRedirect: whole }),
      ...(prefix === undefined || whole !== undefined ? {} : { prefixRewrite: prefix }),
      ...(code === 0 ? {} : { responseCode: code }),
      ...(scheme === undefined ? {} : { schemeRedirect: scheme }),
      ...(port === undefined ? {} : { portRedirect: port }),
    },
  };
}

function bodyOf(answer: GivenAnswer): envoy.config.core.v3.DataSource | undefined {
  const { body } = answer;
  if (body === undefined) return undefined;
  if ('text' in body) return body.text === '' ? undefined : { inlineString: body.text };
  const bytes = bodyBytes(answer);
  return bytes === undefined || bytes.length === 0 ? undefined : { inlineBytes: bytes };
}

function bodyBytes(answer: Redirection | GivenAnswer): Uint8Array | undefined {
  if (answer.kind === 'redirection' || answer.body === undefined) return undefined;
  if ('text' in answer.body) return new TextEncoder().encode(answer.body.text);
  const written = answer.body.base64.replaceAll('-', '+').replaceAll('_', '/').replace(/=+$/, '');
  return Uint8Array.from(atob(written), (character) => character.charCodeAt(0));
}

function faultConfig({ delay, abort }: InjectedFaults): envoy.extensions.filters.http.fault.v3.HTTPFault {
  return {
    ...(delay === undefined
      ? {}
      : { delay: { fixedDelay: duration(delay.ms), percentage: percentOf(delay.percentage) } }),
    ...(abort === undefined
      ? {}
      : {
          abort: {
            ...('httpStatus' in abort ? { httpStatus: abort.httpStatus } : { grpcStatus: abort.grpcStatus }),
            percentage: percentOf(abort.percentage),
          },
        }),
  };
}
