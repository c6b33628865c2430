/**
 * Splits of a port as routes of HTTP requests, one a condition, in the order in which they are tried. A split that leaves
 * no backend answers for itself: a proxy refuses a whole set of routes for one set of weights without any.
 */
import type { RequestCondition } from '../../model/access.ts';
import { startAnchored } from '../../model/access-expression.ts';
import type { PortSplit, SplitRoute } from '../../model/traffic-split.ts';
import type { envoy } from '../../xds-api/messages.ts';
import { clusterSpecifier } from './weighted-clusters.ts';

type Route = envoy.config.route.v3.Route;
type RouteMatch = envoy.config.route.v3.RouteMatch;
type HeaderMatcher = envoy.config.route.v3.HeaderMatcher;

const REFUSED: Route = {
  directResponse: { status: 503, body: { inlineString: 'No backend of the split is given requests.\n' } },
};

/** Without a bound of time, as all routes of the mesh. */
export function splitRoutes(split: PortSplit): readonly Route[] {
  return split.flatMap((route) => {
    const action =
      route.destinations.length === 0 ? REFUSED : { route: { ...clusterSpecifier(route.destinations), timeout: {} } };
    return conditionsOf(route).map((condition) => ({ match: conditionMatch(condition), ...action }));
  });
}

/** Whether no request is left for what comes after. */
export function takesEverything(split: PortSplit): boolean {
  return split.some(({ requests }) => requests === 'any');
}

const EVERY: RequestCondition = { pathRegex: '', methods: [], headers: [] };

function conditionsOf({ requests }: SplitRoute): readonly RequestCondition[] {
  return requests === 'any' ? [EVERY] : requests;
}

/** Paths without their query. */
export function conditionMatch({ pathRegex, methods, headers }: RequestCondition): RouteMatch {
  const matchers = [
    ...(methods.length === 0 ? [] : [header(':method', methods.join('|'))]),
    ...headers.map(({ name, regex }) => header(name === 'host' ? ':authority' : name, regex)),
  ];
  return {
    ...(pathRegex === '' ? { prefix: '/' } : { safeRegex: { regex: startAnchored(pathRegex) } }),
    ...(matchers.length === 0 ? {} : { headers: matchers }),
  };
}

/** Of a value as a whole. */
function header(name: string, regex: string): HeaderMatcher {
  return { name, stringMatch: { safeRegex: { regex } } };
}
