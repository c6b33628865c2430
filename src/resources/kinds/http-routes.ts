/** The http routes of a VirtualService, from the form in which they are written. */
import { millisecondsOf } from '../duration-rules.ts';
import { withoutTrailingDot } from '../kubernetes-names.ts';
import type { Infer } from '../schema-language.ts';
import type { httpRoutes, weightedDestinations } from '../schemas/istio-http-routes.ts';
import type {
  CorsPolicySpec,
  HeaderOperationsSpec,
  HeadersSpec,
  HttpFaultSpec,
  HttpRedirectSpec,
  HttpRequestMatch,
  HttpRetrySpec,
  HttpRouteSpec,
  VirtualDestination,
  WeightedDestination,
} from '../types/istio-http-routes.ts';
import { unreadOf } from './unread-fields.ts';

export type HttpRouteContent = Infer<typeof httpRoutes>[number];
export type DestinationContent = Infer<typeof weightedDestinations>[number];
export type NameGateways = (gateways: readonly string[]) => readonly string[];

type MatchContent = NonNullable<HttpRouteContent['match']>[number];
type RetriesContent = NonNullable<HttpRouteContent['retries']>;
type CorsContent = NonNullable<HttpRouteContent['corsPolicy']>;
type FaultContent = NonNullable<HttpRouteContent['fault']>;
type RedirectContent = NonNullable<HttpRouteContent['redirect']>;
type HeadersContent = NonNullable<HttpRouteContent['headers']>;
type OperationsContent = NonNullable<HeadersContent['request']>;

export function readHttpRoute(content: HttpRouteContent, named: NameGateways): HttpRouteSpec {
  const { name, match = [], route = [], redirect, directResponse, rewrite, timeout, retries, fault } = content;
  const { headers, delegate, corsPolicy } = content;
  return {
    ...(name === undefined ? {} : { name }),
    match: match.map((one) => readMatch(one, named)),
    route: route.map(readDestination),
    ...(redirect === undefined ? {} : { redirect: readRedirect(redirect) }),
    ...(directResponse === undefined ? {} : { directResponse: readDirectResponse(directResponse) }),
    ...(rewrite === undefined ? {} : { rewrite: readRewrite(rewrite) }),
    ...(timeout === undefined ? {} : { timeout: millisecondsOf(timeout) }),
    ...(retries === undefined ? {} : { retries: readRetries(retries) }),
    ...(fault === undefined ? {} : { fault: readFault(fault) }),
    ...(corsPolicy === undefined ? {} : { corsPolicy: readCorsPolicy(corsPolicy) }),
    mirrors: readMirrors(content),
    ...(headers === undefined ? {} : { headers: readHeaders(headers) }),
    unread: unreadOf({
      ...(delegate === undefined ? {} : { delegate }),
      ...within('rewrite', { uriRegexRewrite: rewrite?.uriRegexRewrite }),
      ...within('retries', { retryRemoteLocalities: retries?.retryRemoteLocalities }),
      ...within('fault.delay', { exponentialDelay: fault?.delay?.exponentialDelay }),
      ...within('fault.abort', { http2Error: fault?.abort?.http2Error }),
    }),
  };
}

/** What is written of these fields, by their paths. */
function within(part: string, fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const written = Object.entries(fields).filter(([, value]) => value !== undefined && value !== false);
  return Object.fromEntries(written.map(([name, value]) => [`${part}.${name}`, value]));
}

function readMatch(content: MatchContent, named: NameGateways): HttpRequestMatch {
  const {
    ignoreUriCase,
    headers = {},
    withoutHeaders = {},
    queryParams = {},
    sourceLabels = {},
    gateways = [],
  } = content;
  const { name, uri, scheme, method, authority, port, sourceNamespace } = content;
  return {
    ...(name === undefined ? {} : { name }),
    ...(uri === undefined ? {} : { uri }),
    ...(ignoreUriCase === true ? { ignoresUriCase: true } : {}),
    ...(scheme === undefined ? {} : { scheme }),
    ...(method === undefined ? {} : { method }),
    ...(authority === undefined ? {} : { authority }),
    headers,
    withoutHeaders,
    queryParams,
    ...(port === undefined ? {} : { port }),
    sourceLabels,
    ...(sourceNamespace === undefined || sourceNamespace === '' ? {} : { sourceNamespace }),
    gateways: named(gateways),
    unread: content.statPrefix === undefined ? [] : ['statPrefix'],
  };
}

export function readDestination({ destination, weight, headers }: DestinationContent): WeightedDestination {
  return {
    destination: readTarget(destination),
    ...(weight === undefined ? {} : { weight }),
    ...(headers === undefined ? {} : { headers: readHeaders(headers) }),
    unread: [],
  };
}

function readTarget({ host, subset = '', port }: DestinationContent['destination']): VirtualDestination {
  return {
    host: withoutTrailingDot(host),
    ...(subset === '' ? {} : { subset }),
    ...(port?.number === undefined ? {} : { port: port.number }),
  };
}

/** Without a percentage, everything is mirrored. */
function readMirrors(content: HttpRouteContent): HttpRouteSpec['mirrors'] {
  const { mirror, mirrors = [], mirrorPercentage, mirrorPercent, mirror_percent: mirrorPercentOfOld } = content;
  const share =
    mirrorPercentage === undefined ? (mirrorPercent ?? mirrorPercentOfOld ?? 100) : (mirrorPercentage.value ?? 0);
  const all = [
    ...(mirror === undefined ? [] : [{ destination: mirror, percentage: share, path: 'mirror' }]),
    ...mirrors.map(({ destination, percentage }, at) => ({
      destination,
      percentage: percentage === undefined ? 100 : (percentage.value ?? 0),
      path: `mirrors[${at}].destination`,
    })),
  ];
  return all
    .filter(({ percentage }) => percentage > 0)
    .map(({ destination, ...rest }) => ({ destination: readTarget(destination), ...rest }));
}

function readHeaders({ request = {}, response = {} }: HeadersContent): HeadersSpec {
  return { request: readOperations(request), response: readOperations(response) };
}

function readOperations({ set = {}, add = {}, remove = [] }: OperationsContent): HeaderOperationsSpec {
  return { set, add, remove };
}

function readRetries(content: RetriesContent): HttpRetrySpec {
  const { attempts = 0, perTryTimeout, retryOn = '', retryIgnorePreviousHosts = true, backoff } = content;
  const conditions = retryOn.split(',').flatMap((one) => one.trim() || []);
  return {
    attempts,
    ...(perTryTimeout === undefined ? {} : { perTryTimeout: millisecondsOf(perTryTimeout) }),
    ...(conditions.length === 0 ? {} : { retryOn: conditions }),
    ...(backoff === undefined ? {} : { backoff: millisecondsOf(backoff) }),
    retryIgnorePreviousHosts,
  };
}

/** Without a percentage nothing is delayed or aborted. */
function readFault({ delay, abort }: FaultContent): HttpFaultSpec {
  const delayed = delay?.percentage?.value ?? delay?.percent ?? 0;
  const percentage = abort?.percentage?.value ?? 0;
  const { httpStatus, grpcStatus } = abort ?? {};
  return {
    ...(delay?.fixedDelay === undefined || delayed === 0
      ? {}
      : { delay: { percentage: delayed, fixedDelay: millisecondsOf(delay.fixedDelay) } }),
    ...(httpStatus === undefined || percentage === 0 ? {} : { abort: { percentage, httpStatus } }),
    ...(grpcStatus === undefined || percentage === 0 ? {} : { abort: { percentage, grpcStatus } }),
  };
}

/** Origins as they were written before there was a choice of how are exact ones. */
function readCorsPolicy(content: CorsContent): CorsPolicySpec {
  const { allowOrigins = [], allowOrigin = [], allowMethods = [], allowHeaders = [], exposeHeaders = [] } = content;
  const { maxAge, allowCredentials, unmatchedPreflights = 'UNSPECIFIED' } = content;
  return {
    origins: allowOrigins.length > 0 ? allowOrigins : allowOrigin.map((exact) => ({ exact })),
    methods: allowMethods,
    headers: allowHeaders,
    exposedHeaders: exposeHeaders,
    ...(maxAge === undefined ? {} : { maxAge: millisecondsOf(maxAge) }),
    ...(allowCredentials === undefined ? {} : { credentials: allowCredentials }),
    ...(unmatchedPreflights === 'UNSPECIFIED' ? {} : { unmatchedPreflights }),
  };
}

function readRedirect(content: RedirectContent): HttpRedirectSpec {
  const { uri = '', prefixRewrite = '', authority = '', scheme = '', derivePort, redirectCode = 0 } = content;
  const port = derivePort === 'FROM_REQUEST_PORT' ? derivePort : content.port;
  return {
    ...(uri === '' ? {} : { uri }),
    ...(prefixRewrite === '' ? {} : { prefixRewrite }),
    ...(authority === '' ? {} : { authority }),
    ...(port === undefined ? {} : { port }),
    ...(scheme === '' ? {} : { scheme }),
    redirectCode: redirectCode === 0 ? 301 : redirectCode,
  };
}

function readDirectResponse({
  status,
  body = {},
}: NonNullable<HttpRouteContent['directResponse']>): NonNullable<HttpRouteSpec['directResponse']> {
  const { string: text, bytes } = body;
  return {
    status,
    ...(text === undefined ? {} : { body: text }),
    ...(bytes === undefined ? {} : { base64: bytes }),
  };
}

function readRewrite({
  uri = '',
  authority = '',
}: NonNullable<HttpRouteContent['rewrite']>): NonNullable<HttpRouteSpec['rewrite']> {
  return { ...(uri === '' ? {} : { uri }), ...(authority === '' ? {} : { authority }) };
}
