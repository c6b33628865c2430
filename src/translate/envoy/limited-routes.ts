/** Routes before a workload with the limits of some paths: one a path, the most precise first, then all that is left. */
import { startAnchored } from '../../model/access-expression.ts';
import type { InboundLimits, LimitedPath } from '../../model/traffic-limits.ts';
import type { envoy } from '../../xds-api/messages.ts';
import { rateLimits } from './global-rate-limits.ts';
import { localRateLimit, refusal } from './local-rate-limits.ts';

type VirtualHost = envoy.config.route.v3.VirtualHost;
type Route = envoy.config.route.v3.Route;

/** `everything`: the route that is there without limits. Of the host, all but its name. */
export function limitedRoutes(
  limits: InboundLimits,
  everything: Route,
): Pick<VirtualHost, 'routes' | 'rateLimits' | 'typedPerFilterConfig'> {
  const ofAll = rateLimits(limits.globalHttp?.descriptors ?? []);
  return {
    routes: [
      ...limits.paths.map((path) => limitedRoute(path, limits, everything)),
      { ...everything, ...instead(refusal(limits.localHttp)) },
    ],
    typedPerFilterConfig: localRateLimit(limits.localHttp),
    ...(ofAll.length === 0 ? {} : { rateLimits: ofAll }),
  };
}

/** What is not said of the path itself, it has from the host. */
function limitedRoute({ path, local, descriptors }: LimitedPath, limits: InboundLimits, everything: Route): Route {
  const own = localRateLimit(local);
  const counted = rateLimits(limits.globalHttp === undefined ? [] : descriptors);
  return {
    ...everything,
    match: path === '' ? { prefix: '/' } : { safeRegex: { regex: startAnchored(path) } },
    ...(counted.length === 0 ? {} : { route: { ...everything.route, rateLimits: counted } }),
    ...(Object.keys(own).length === 0 ? {} : { typedPerFilterConfig: own }),
    ...instead(refusal(local ?? limits.localHttp)),
  };
}

/** A route either leads somewhere or answers for itself. */
function instead(answer: ReturnType<typeof refusal>): Partial<Route> {
  return answer === undefined ? {} : { ...answer, route: undefined };
}
