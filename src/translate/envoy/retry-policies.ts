/** When a proxy beside a caller tries a request again, which the caller then does not see. */
import type { RetryPolicy } from '../../model/retry.ts';
import { type envoy, pack } from '../../xds-api/messages.ts';
import { duration, wrapped } from './values.ts';

type EnvoyRetryPolicy = envoy.config.route.v3.RetryPolicy;

const PREVIOUS_HOSTS = 'envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate';
/** So often another endpoint is looked for before one that failed is asked again. */
const OTHER_HOST_ATTEMPTS = 5;

const otherHosts = {
  retryHostPredicate: [{ name: 'envoy.retry_host_predicates.previous_hosts', typedConfig: pack(PREVIOUS_HOSTS, {}) }],
  hostSelectionRetryMaxAttempts: OTHER_HOST_ATTEMPTS,
};

/** In place of what is said of the host as a whole. */
export const neverRetried: EnvoyRetryPolicy = { numRetries: wrapped(0) };

/** Elsewhere, as long as there is another endpoint: the one that failed may be the one that dies. */
export function retryPolicy(policy: RetryPolicy): EnvoyRetryPolicy {
  const { conditions, statuses = [], retries, perTryTimeoutMs, backoffMs, takesFailedHosts } = policy;
  return {
    retryOn: conditions.join(','),
    numRetries: wrapped(retries),
    ...(statuses.length === 0 ? {} : { retriableStatusCodes: [...statuses] }),
    ...(perTryTimeoutMs === undefined ? {} : { perTryTimeout: duration(perTryTimeoutMs) }),
    ...(takesFailedHosts === true ? {} : otherHosts),
    retryBackOff: { baseInterval: duration(backoffMs) },
  };
}
