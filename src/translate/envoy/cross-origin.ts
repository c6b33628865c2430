/** CORS: which pages of other origins browsers let see the answers of a route, as Envoy says it in a workload's place. */
import type { CrossOriginPolicy } from '../../model/http-treatment.ts';
import type { StringMatch } from '../../model/route.ts';
import type { PortSplit } from '../../model/traffic-split.ts';
import { type envoy, pack } from '../../xds-api/messages.ts';

type HttpFilter = envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter;
type StringMatcher = envoy.type.matcher.v3.StringMatcher;

const CORS = 'envoy.filters.http.cors';

/** Says nothing by itself: each route does. Only where some route does, for it is part of the listener. */
export function crossOriginFilters(split: PortSplit = []): readonly HttpFilter[] {
  const isAsked = split.some(({ http }) => http?.crossOrigin !== undefined);
  return isAsked ? [{ name: CORS, typedConfig: pack('envoy.extensions.filters.http.cors.v3.Cors', {}) }] : [];
}

/** Of a route. */
export function crossOriginConfig(
  policy: CrossOriginPolicy,
): NonNullable<envoy.config.route.v3.Route['typedPerFilterConfig']> {
  const { origins, methods, headers, exposedHeaders, maxAgeSeconds, credentials, passesOtherPreflights } = policy;
  return {
    [CORS]: pack('envoy.extensions.filters.http.cors.v3.CorsPolicy', {
      ...(origins.length === 0 ? {} : { allowOriginStringMatch: origins.map(originMatcher) }),
      ...listed('allowMethods', methods),
      ...listed('allowHeaders', headers),
      ...listed('exposeHeaders', exposedHeaders),
      ...(maxAgeSeconds === undefined ? {} : { maxAge: `${maxAgeSeconds}` }),
      ...(credentials === undefined ? {} : { allowCredentials: { value: credentials } }),
      ...(passesOtherPreflights === undefined
        ? {}
        : { forwardNotMatchingPreflights: { value: passesOtherPreflights } }),
    }),
  };
}

function listed<F extends string>(field: F, values: readonly string[]): { readonly [K in F]?: string } {
  const listing: { [K in F]?: string } = {};
  if (values.length > 0) Object.assign(listing, { [field]: values.join(',') });
  return listing;
}

function originMatcher(match: Exclude<StringMatch, { readonly kind: 'present' }>): StringMatcher {
  switch (match.kind) {
    case 'exact':
      return { exact: match.value };
    case 'prefix':
      return { prefix: match.value };
    case 'regex':
      return { safeRegex: { regex: match.value } };
  }
}
