/**
 * Splits of a port as routes of HTTP requests, one a condition, in the order in which they are tried. A split that leaves
 * no backend answers for itself: a proxy refuses a whole set of routes for one set of weights without any.
 */

import { startAnchored } from '../../model/access-expression.ts';
import type { HeaderChanges, HttpHeaderChanges } from '../../model/header-changes.ts';
import type { HttpTreatment } from '../../model/http-treatment.ts';
import type { NamedCondition, RoutedRequest } from '../../model/routed-request.ts';
import type { PortSplit, SplitRoute } from '../../model/traffic-split.ts';
import type { envoy } from '../../xds-api/messages.ts';
import { answerOf, treatedAction, treatedRoute } from './http-treatments.ts';
import { clusterSpecifier } from './weighted-clusters.ts';

type Route = envoy.config.route.v3.Route;
type RouteMatch = envoy.config.route.v3.RouteMatch;
type HeaderMatcher = envoy.config.route.v3.HeaderMatcher;

const REFUSED: Route = {
  directResponse: { status: 503, body: { inlineString: 'No backend of the split is given requests.\n' } },
};

/** Without a bound of time, as all routes of the mesh, where nobody writes one. */
export function splitRoutes(split: PortSplit): readonly Route[] {
  return split.flatMap((route) => {
    const treated = route.http === undefined ? {} : treatedRoute(httpOf(route, route.http));
    return conditionsOf(route).map((condition) => ({
      match: conditionMatch(condition),
      ...treated,
      ...actionOf(route, condition),
    }));
  });
}

function actionOf({ destinations, http, ...rest }: SplitRoute, condition: RoutedRequest): Partial<Route> {
  if (http?.answer !== undefined) return answerOf(http.answer, condition);
  if (destinations.length === 0) return REFUSED;
  const action = http === undefined ? {} : treatedAction(httpOf({ destinations, http, ...rest }, http));
  return { route: { ...clusterSpecifier(destinations), timeout: {}, ...action } };
}

/** Changes for the only destination are those of the route, which come first. */
function httpOf({ destinations }: SplitRoute, http: HttpTreatment): HttpTreatment {
  const [only] = destinations;
  if (destinations.length !== 1 || only?.headers === undefined) return http;
  return { ...http, headers: http.headers === undefined ? only.headers : together(http.headers, only.headers) };
}

function together(first: HttpHeaderChanges, second: HttpHeaderChanges): HttpHeaderChanges {
  const both = (a: HeaderChanges, b: HeaderChanges): HeaderChanges => ({
    set: [...a.set, ...b.set],
    add: [...a.add, ...b.add],
    remove: [...new Set([...a.remove, ...b.remove])],
  });
  const authority = first.authority ?? second.authority;
  return {
    request: both(first.request, second.request),
    response: both(first.response, second.response),
    ...(authority === undefined ? {} : { authority }),
  };
}

/** Whether no request is left for what comes after. */
export function takesEverything(split: PortSplit): boolean {
  return split.some(({ requests }) => requests === 'any');
}

const EVERY: RoutedRequest = { pathRegex: '', methods: [], headers: [] };

function conditionsOf({ requests }: SplitRoute): readonly RoutedRequest[] {
  return requests === 'any' ? [EVERY] : requests;
}

/** Paths without their query. */
export function conditionMatch(condition: RoutedRequest): RouteMatch {
  const { methods, headers, withoutHeaders = [], query = [] } = condition;
  const matchers = [
    ...(methods.length === 0 ? [] : [header(':method', methods.join('|'))]),
    ...headers.map(({ name, regex }) => header(name === 'host' ? ':authority' : name, regex)),
    ...withoutHeaders.map(absentHeader),
  ];
  return {
    ...pathMatch(condition),
    ...(matchers.length === 0 ? {} : { headers: matchers }),
    ...(query.length === 0 ? {} : { queryParameters: query.map(queryParameter) }),
  };
}

function pathMatch({ pathRegex, path }: RoutedRequest): RouteMatch {
  if (path === undefined)
    return pathRegex === '' ? { prefix: '/' } : { safeRegex: { regex: startAnchored(pathRegex) } };
  const specifier = path.kind === 'exact' ? { path: path.value } : { prefix: path.value };
  return { ...specifier, ...(path.ignoresCase === true ? { caseSensitive: {} } : {}) };
}

function absentHeader({ name, regex }: NamedCondition): HeaderMatcher {
  if (regex === undefined) return { name, presentMatch: true, invertMatch: true };
  return { ...header(name, regex), invertMatch: true, treatMissingHeaderAsEmpty: true };
}

function queryParameter({ name, regex }: NamedCondition): envoy.config.route.v3.QueryParameterMatcher {
  return regex === undefined ? { name, presentMatch: true } : { name, stringMatch: { safeRegex: { regex } } };
}

/** Of a value as a whole. */
function header(name: string, regex: string): HeaderMatcher {
  return { name, stringMatch: { safeRegex: { regex } } };
}
