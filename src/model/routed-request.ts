/**
 * Which HTTP requests a route is for: what rules of access may ask for, and what only routes ask for. All of it has to hold.
 * Regular expressions are matched by proxies, or by whoever asks, never by the control plane.
 */
import type { RequestCondition } from './access.ts';
import type { AccessRequest, Matches } from './access-decision.ts';
import { satisfies } from './access-decision.ts';
import { byteText, quotedText } from './access-expression.ts';

export interface RoutedRequest extends RequestCondition {
  /** The whole path, or its beginning, without the query; `pathRegex` is empty then. */
  readonly path?: { readonly kind: 'exact' | 'prefix'; readonly value: string; readonly ignoresCase?: true };
  /** Of the query, by its first parameter of each name; without `regex`, one of the name has to be there. */
  readonly query?: readonly NamedCondition[];
  /** None of which may hold. A header that is missing counts as empty; without `regex`, one of the name may not be there. */
  readonly withoutHeaders?: readonly NamedCondition[];
  /** Of the caller's workload. */
  readonly sourceNamespace?: string;
}

export interface NamedCondition {
  readonly name: string;
  readonly regex?: string;
}

/** Whether every request is such a one. */
export function isEveryRequest(condition: RoutedRequest): boolean {
  const { pathRegex, methods, headers, path, query = [], withoutHeaders = [], sourceNamespace } = condition;
  const lists = [methods, headers, query, withoutHeaders];
  return (
    pathRegex === '' && path === undefined && sourceNamespace === undefined && lists.every((one) => one.length === 0)
  );
}

/** `namespace`: of the caller, where that is known. */
export function isRouted(
  request: AccessRequest,
  namespace: string | undefined,
  conditions: readonly RoutedRequest[],
  matches: Matches,
): boolean {
  const parameters = new URLSearchParams(request.path.split('?')[1] ?? '');
  return conditions.some((condition) => {
    const { query = [], withoutHeaders = [], sourceNamespace } = condition;
    if (sourceNamespace !== undefined && sourceNamespace !== namespace) return false;
    if (!query.every(({ name, regex }) => isOf(parameters.get(name) ?? undefined, regex, matches))) return false;
    if (withoutHeaders.some(({ name, regex }) => isOf(headerOf(request, name, regex), regex, matches))) return false;
    return satisfies(request, [{ ...condition, pathRegex: pathRegexOf(condition) }], matches);
  });
}

function isOf(value: string | undefined, regex: string | undefined, matches: Matches): boolean {
  if (value === undefined) return false;
  return regex === undefined || matches(byteText(regex), byteText(value));
}

function headerOf({ headers }: AccessRequest, wanted: string, regex: string | undefined): string | undefined {
  const values = headers.filter(({ name }) => name.toLowerCase() === wanted).map(({ value }) => value);
  if (values.length > 0) return values.join(',');
  return regex === undefined ? undefined : '';
}

/** Anchored at the start. */
export function pathRegexOf({ pathRegex, path }: RoutedRequest): string {
  if (path === undefined) return pathRegex;
  const text = `${path.ignoresCase === true ? '(?i)' : ''}${quotedText(path.value)}`;
  return path.kind === 'prefix' ? text : `${text}$`;
}
