/**
 * Whether something may be sent to a workload: the decision that proxies enforce, for those who ask why. It follows a
 * stock Envoy in what it does to a request before it decides; a test puts the same questions to both.
 *
 * Users' regular expressions are matched by whoever asks, by an engine that takes linear time.
 */
import type { AccessPolicy, AccessRule, RequestCondition } from './access.ts';
import { byteText, startAnchored } from './access-expression.ts';
import { enforcedPath } from './access-path.ts';

export interface AccessCall {
  /** The SPIFFE id in the certificate of the caller; undefined where it has none that the mesh trusts. */
  readonly source: string | undefined;
  /** Of the workload, not of a service. */
  readonly port: number;
  /** Absent where what is spoken is no HTTP, or is not looked into. */
  readonly request?: AccessRequest;
}

/** As the caller sends it. */
export interface AccessRequest {
  readonly method: string;
  /** With its query, if any. */
  readonly path: string;
  /** In their order; names in any case, and more than once. The authority is `host`. */
  readonly headers: readonly RequestHeader[];
  /** Over HTTP/2 several cookies are one header; over HTTP/1.1, the default, they are several. */
  readonly isHttp2?: boolean;
}

export interface RequestHeader {
  readonly name: string;
  readonly value: string;
}

export interface AccessDecision {
  readonly allowed: boolean;
  /** The rules that permit it: empty where it is not allowed. */
  readonly by: readonly AccessRule[];
  /** The proxy takes no request with such a path, whatever the rules. */
  readonly isMalformed: boolean;
}

/** Whether the whole of a text matches a regular expression of RE2's syntax. Both are of characters below 256. */
export type Matches = (regex: string, text: string) => boolean;

/** `policy`: that of the workload's identity; where there is none, nothing is permitted. */
export function allowed(policy: AccessPolicy | undefined, call: AccessCall, matches: Matches): AccessDecision {
  const request = call.request && enforcedRequest(call.request);
  const isMalformed = call.request !== undefined && request === undefined;
  const by = isMalformed ? [] : (policy?.rules ?? []).filter((rule) => permits(rule, call, request, matches));
  return { allowed: by.length > 0, by, isMalformed };
}

/** What is left of a request when conditions are put to it. */
interface EnforcedRequest {
  readonly method: string;
  readonly path: string;
  /** By name in lower case. */
  readonly headers: ReadonlyMap<string, readonly string[]>;
}

/** The first part of a rule that keeps it from permitting a call: the parts are asked in this order. */
export type Obstacle =
  | { readonly part: 'source' | 'port' | 'not HTTP' | 'malformed' }
  /** One for each of the rule's conditions. */
  | { readonly part: 'requests'; readonly conditions: readonly ConditionObstacle[] };

export type ConditionObstacle =
  | { readonly part: 'method' | 'path' | 'token' }
  | { readonly part: 'header'; readonly name: string; readonly regex: string };

/** Undefined where the rule permits the call. */
export function obstacleTo(call: AccessCall, rule: AccessRule, matches: Matches): Obstacle | undefined {
  const request = call.request && enforcedRequest(call.request);
  if (call.request !== undefined && request === undefined) return { part: 'malformed' };
  return obstacle(rule, call, request, matches);
}

/** Whether a request satisfies one of the conditions, after what a proxy does to it. */
export function satisfies(request: AccessRequest, conditions: readonly RequestCondition[], matches: Matches): boolean {
  const enforced = enforcedRequest(request);
  return enforced !== undefined && conditions.some((one) => unmet(one, enforced, matches) === undefined);
}

function permits(rule: AccessRule, call: AccessCall, request: EnforcedRequest | undefined, matches: Matches): boolean {
  return obstacle(rule, call, request, matches) === undefined;
}

function obstacle(
  { sources, ports, requests }: AccessRule,
  { source, port }: AccessCall,
  request: EnforcedRequest | undefined,
  matches: Matches,
): Obstacle | undefined {
  if (source === undefined || (sources !== 'any' && !sources.includes(source))) return { part: 'source' };
  if (ports !== 'any' && !ports.includes(port)) return { part: 'port' };
  if (requests === 'any') return undefined;
  if (request === undefined) return { part: 'not HTTP' };
  const conditions: ConditionObstacle[] = [];
  for (const condition of requests) {
    const missing = unmet(condition, request, matches);
    if (missing === undefined) return undefined;
    conditions.push(missing);
  }
  return { part: 'requests', conditions };
}

/** The first part of a condition that a request does not meet. */
function unmet(
  { pathRegex, methods, headers, claims = [] }: RequestCondition,
  request: EnforcedRequest,
  matches: Matches,
): ConditionObstacle | undefined {
  if (methods.length > 0 && !methods.includes(request.method)) return { part: 'method' };
  if (pathRegex !== '' && !matches(byteText(startAnchored(pathRegex)), request.path)) return { part: 'path' };
  const header = headers.find(({ name, regex }) => {
    const values = request.headers.get(name) ?? [];
    return !values.some((value) => matches(byteText(regex), value));
  });
  if (header !== undefined) return { part: 'header', ...header };
  // Nobody here verifies tokens: whoever asks is answered as if there were none.
  return claims.length > 0 ? { part: 'token' } : undefined;
}

function enforcedRequest({ method, path, headers, isHttp2 = false }: AccessRequest): EnforcedRequest | undefined {
  const enforced = enforcedPath(path);
  if (enforced === undefined) return undefined;
  // Conditions may ask for the method as for a header.
  const seen = new Map([...enforcedHeaders(headers, isHttp2), [':method', [method]]]);
  return { method, path: enforced, headers: seen };
}

/** Of one connection only, or the proxy's own to say: what a caller writes into them is gone when rules are asked. */
const takenOut = new Set([
  ...['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'x-envoy-internal'],
  ...['x-envoy-expected-rq-timeout-ms', 'x-forwarded-client-cert'],
]);

/** Those that Envoy keeps one value of, which is all that came with commas between; of others it keeps each. */
const joined = new Set([
  ...['accept', 'accept-encoding', 'access-control-request-headers', 'access-control-request-method', 'authorization'],
  ...['cache-control', 'content-encoding', 'content-type', 'grpc-accept-encoding', 'grpc-timeout', 'host', 'if-match'],
  ...['if-none-match', 'origin', 'pragma', 'referer', 'user-agent', 'via', 'x-client-trace-id', 'x-forwarded-for'],
  ...['x-forwarded-host', 'x-forwarded-port', 'x-forwarded-proto', 'x-request-id'],
]);

function separatorOf(name: string, isHttp2: boolean): string | undefined {
  if (name === 'cookie' && isHttp2) return '; ';
  return joined.has(name) ? ',' : undefined;
}

function enforcedHeaders(headers: readonly RequestHeader[], isHttp2: boolean): ReadonlyMap<string, readonly string[]> {
  const values = new Map<string, string[]>();
  for (const { name, value } of headers) {
    const key = name.toLowerCase() === ':authority' ? 'host' : name.toLowerCase();
    const text = byteText(trimmed(value));
    const before = values.get(key);
    if (before === undefined) values.set(key, [text]);
    else before.push(text);
  }
  const seen = [...values].filter(([name]) => !takenOut.has(name));
  return new Map(
    seen.map(([name, all]) => {
      const separator = separatorOf(name, isHttp2);
      return [name, separator === undefined ? all : [all.join(separator)]];
    }),
  );
}

/** Without the blanks that are no part of a header's value; in linear time, however many there are within it. */
function trimmed(value: string): string {
  let [start, end] = [0, value.length];
  while (start < end && isBlank(value[start])) start++;
  while (end > start && isBlank(value[end - 1])) end--;
  return value.slice(start, end);
}

function isBlank(character: string | undefined): boolean {
  return character === ' ' || character === '\t';
}
