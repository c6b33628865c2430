/** How much callers ask of a cluster at once, and which of its endpoints they leave out for a while. */
import type { OutlierDetection, TrafficPolicy } from '../../model/traffic-policy.ts';
import type { envoy } from '../../xds-api/messages.ts';
import { duration, wrapped } from './values.ts';

type Cluster = envoy.config.cluster.v3.Cluster;
type HttpOptions = envoy.config.core.v3.HttpProtocolOptions;

const UNBOUNDED = { value: 2 ** 32 - 1 };
const ENFORCED = { value: 100 };
const NOT_ENFORCED = {};

/**
 * As soon as something is bounded nothing else is, in place of what proxies bound by themselves; where requests are tried
 * again, so is how many of them at once.
 */
export function circuitBreakers(policy: TrafficPolicy, isRetried: boolean): Pick<Cluster, 'circuitBreakers'> {
  const { maxConnections, maxPendingRequests, maxRequests, maxRetries } = policy;
  const bounds = { maxConnections, maxPendingRequests, maxRequests, maxRetries };
  if (!isRetried && Object.values(bounds).every((bound) => bound === undefined)) return {};
  const of = (bound: number | undefined) => (bound === undefined ? UNBOUNDED : wrapped(bound));
  return {
    circuitBreakers: {
      thresholds: [
        {
          maxConnections: of(maxConnections),
          maxPendingRequests: of(maxPendingRequests),
          maxRequests: of(maxRequests),
          maxRetries: of(maxRetries),
        },
      ],
    },
  };
}

/** Of connections that HTTP is spoken on; absent where nothing is said of them. */
export function httpBounds({ maxRequestsPerConnection, httpIdleTimeoutMs }: TrafficPolicy): HttpOptions | undefined {
  if (maxRequestsPerConnection === undefined && httpIdleTimeoutMs === undefined) return undefined;
  return {
    ...(maxRequestsPerConnection === undefined ? {} : { maxRequestsPerConnection: wrapped(maxRequestsPerConnection) }),
    ...(httpIdleTimeoutMs === undefined ? {} : { idleTimeout: duration(httpIdleTimeoutMs) }),
  };
}

/** One endpoint may always be left out, however few there are, unless none may. Success rates do not count, as in Istio. */
export function outlierDetection({
  outlierDetection: outliers,
}: TrafficPolicy): Pick<Cluster, 'outlierDetection' | 'commonLbConfig'> {
  if (outliers === undefined) return {};
  const { maxEjectionPercent, intervalMs, baseEjectionMs, minHealthPercent } = outliers;
  return {
    outlierDetection: {
      ...failuresInARow(outliers),
      ...(intervalMs === undefined ? {} : { interval: duration(intervalMs) }),
      ...(baseEjectionMs === undefined ? {} : { baseEjectionTime: duration(baseEjectionMs) }),
      ...(maxEjectionPercent === undefined ? {} : { maxEjectionPercent: wrapped(maxEjectionPercent) }),
      ...(maxEjectionPercent === 0 ? {} : { alwaysEjectOneHost: { value: true } }),
      enforcingSuccessRate: NOT_ENFORCED,
    },
    commonLbConfig: { healthyPanicThreshold: minHealthPercent === 0 ? {} : { value: minHealthPercent } },
  };
}

function failuresInARow({
  consecutive5xx,
  consecutiveGatewayErrors,
  consecutiveLocalOriginFailures,
  splitsLocalOrigin,
}: OutlierDetection): NonNullable<Cluster['outlierDetection']> {
  return {
    ...(consecutive5xx === undefined ? {} : { consecutive_5xx: wrapped(consecutive5xx) }),
    ...(consecutive5xx === 0 ? { enforcingConsecutive_5xx: NOT_ENFORCED } : {}),
    ...(consecutiveGatewayErrors === undefined || consecutiveGatewayErrors === 0
      ? {}
      : {
          consecutiveGatewayFailure: { value: consecutiveGatewayErrors },
          enforcingConsecutiveGatewayFailure: ENFORCED,
        }),
    ...(splitsLocalOrigin
      ? { splitExternalLocalOriginErrors: true, enforcingLocalOriginSuccessRate: NOT_ENFORCED }
      : {}),
    ...(consecutiveLocalOriginFailures === undefined
      ? {}
      : { consecutiveLocalOriginFailure: wrapped(consecutiveLocalOriginFailures) }),
    ...(consecutiveLocalOriginFailures === 0 ? { enforcingConsecutiveLocalOriginFailure: NOT_ENFORCED } : {}),
  };
}
