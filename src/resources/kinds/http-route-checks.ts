/** What is wrong with an http route of a VirtualService beyond its schema: what proxies would refuse, and what says two things. */
import { checkDuration } from '../duration-rules.ts';
import { grpcStatuses } from '../grpc-statuses.ts';
import { checkStringMatch } from '../match-rules.ts';
import type { PatternCheck } from '../pattern-rules.ts';
import { type Path, type Problems, quote } from '../problem.ts';
import type { StringMatchSpec } from '../types/aeraki.ts';
import type { HttpRouteContent } from './http-routes.ts';

type MatchContent = NonNullable<HttpRouteContent['match']>[number];
type HeadersContent = NonNullable<HttpRouteContent['headers']>;

const leastDelay = { ms: 1, text: '1ms' };
const redirectCodes: readonly number[] = [0, 301, 302, 303, 307, 308];

export function checkHttpRoute(content: HttpRouteContent, path: Path, check: PatternCheck): void {
  const { problems } = check;
  const { match = [], route = [], timeout, retries, headers } = content;
  match.forEach((one, at) => {
    checkMatch(one, [...path, 'match', at], check);
  });
  checkDuration(timeout, [...path, 'timeout'], problems);
  checkDuration(retries?.perTryTimeout, [...path, 'retries', 'perTryTimeout'], problems);
  checkDuration(retries?.backoff, [...path, 'retries', 'backoff'], problems, leastDelay);
  checkHeaders(headers, [...path, 'headers'], problems);
  route.forEach((one, at) => {
    checkHeaders(one.headers, [...path, 'route', at, 'headers'], problems);
  });
  checkFault(content, path, problems);
  checkDuration(content.corsPolicy?.maxAge, [...path, 'corsPolicy', 'maxAge'], problems);
  content.corsPolicy?.allowOrigins?.forEach((origin, at) => {
    checkStringMatch(origin, [...path, 'corsPolicy', 'allowOrigins', at], check);
  });
  checkAnswer(content, path, problems);
}

function checkMatch(match: MatchContent, path: Path, check: PatternCheck): void {
  const { uri, scheme, method, authority, headers = {}, withoutHeaders = {}, queryParams = {} } = match;
  for (const [field, text] of Object.entries({ uri, scheme, method, authority }))
    if (text !== undefined) checkStringMatch(text, [...path, field], check);
  checkNamed(headers, [...path, 'headers'], check, isHeaderName);
  checkNamed(withoutHeaders, [...path, 'withoutHeaders'], check, isHeaderName);
  checkNamed(queryParams, [...path, 'queryParams'], check, (name) => name !== '');
}

function checkNamed(
  matches: Readonly<Record<string, StringMatchSpec>>,
  path: Path,
  check: PatternCheck,
  isName: (name: string) => boolean,
): void {
  for (const [name, text] of Object.entries(matches)) {
    if (!isName(name)) check.problems.add('ISTH0228', [...path, name], `${quote(name)} is no name to look for.`);
    checkStringMatch(text, [...path, name], check);
  }
}

/** `@request.auth.claims...` is no header, but what of a token is looked for: nothing here sees that, which is said elsewhere. */
function isHeaderName(name: string): boolean {
  return name.startsWith('@') || isToken(name);
}

function isToken(name: string): boolean {
  return name.length <= 256 && /^:?[A-Za-z0-9!#$%&'*+.^_`|~-]+$/.test(name);
}

function checkHeaders(headers: HeadersContent | undefined, path: Path, problems: Problems): void {
  for (const [side, { set = {}, add = {}, remove = [] }] of Object.entries(headers ?? {})) {
    const names = [...Object.keys(set), ...Object.keys(add), ...remove];
    for (const name of names.filter((one) => !isToken(one)))
      problems.add('ISTH0228', [...path, side], `${quote(name)} is no name of a header.`);
  }
}

function checkFault({ fault }: HttpRouteContent, path: Path, problems: Problems): void {
  const { delay, abort } = fault ?? {};
  checkDuration(delay?.fixedDelay, [...path, 'fault', 'delay', 'fixedDelay'], problems, leastDelay);
  const { httpStatus, grpcStatus } = abort ?? {};
  const at = [...path, 'fault', 'abort', 'grpcStatus'];
  if (grpcStatus !== undefined && httpStatus !== undefined)
    problems.add('ISTH0206', at, 'httpStatus and grpcStatus exclude each other.');
  if (grpcStatus !== undefined && !grpcStatuses.includes(grpcStatus))
    problems.add(
      'ISTH0105',
      at,
      `${quote(grpcStatus)} is no status of gRPC.`,
      `Use one of ${grpcStatuses.join(', ')}.`,
    );
}

/** A route sends requests on, or answers them in one way. */
function checkAnswer(content: HttpRouteContent, path: Path, problems: Problems): void {
  const { route = [], redirect, directResponse, delegate, rewrite } = content;
  const written = Object.entries({ route: route.length > 0 || undefined, redirect, directResponse, delegate })
    .filter(([, value]) => value !== undefined)
    .map(([name]) => name);
  if (written.length > 1) problems.add('ISTH0206', path, `${written.join(' and ')} exclude each other.`);
  if (redirect !== undefined && rewrite !== undefined)
    problems.add('ISTH0206', [...path, 'rewrite'], 'redirect and rewrite exclude each other.');
  const { redirectCode = 0, uri, prefixRewrite, port, derivePort } = redirect ?? {};
  if (!redirectCodes.includes(redirectCode)) {
    const codes = redirectCodes.slice(1).join(', ');
    problems.add('ISTH0105', [...path, 'redirect', 'redirectCode'], `Must be one of ${codes}, but is ${redirectCode}.`);
  }
  if (uri !== undefined && prefixRewrite !== undefined)
    problems.add('ISTH0206', [...path, 'redirect', 'prefixRewrite'], 'uri and prefixRewrite exclude each other.');
  if (port !== undefined && derivePort !== undefined)
    problems.add('ISTH0206', [...path, 'redirect', 'derivePort'], 'port and derivePort exclude each other.');
  const { string: text, bytes } = directResponse?.body ?? {};
  if (text !== undefined && bytes !== undefined)
    problems.add('ISTH0206', [...path, 'directResponse', 'body'], 'string and bytes exclude each other.');
  // The schema sees to the alphabet: what is left is a last character that makes no byte.
  if ((bytes ?? '').replace(/=+$/, '').length % 4 === 1)
    problems.add('ISTH0105', [...path, 'directResponse', 'body', 'bytes'], 'It is no whole number of bytes in base64.');
}
