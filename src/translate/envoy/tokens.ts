/**
 * Tokens of requests, as Envoy verifies them before rules of access are asked: a request without a token goes on, one with a
 * token that no rule takes is answered with 401. What a valid token says stands in metadata, where rules look for it.
 */
import type { ClaimCondition } from '../../model/access.ts';
import type { TokenRule } from '../../model/token-rules.ts';
import { type envoy, pack } from '../../xds-api/messages.ts';
import { outboundClusterName } from '../names/resource-names.ts';
import { duration } from './values.ts';

type HttpFilter = envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter;
type JwtProvider = envoy.extensions.filters.http.jwt_authn.v3.JwtProvider;
type JwtRequirement = envoy.extensions.filters.http.jwt_authn.v3.JwtRequirement;
type ValueMatcher = envoy.type.matcher.v3.ValueMatcher;

const JWT = 'envoy.filters.http.jwt_authn';
const PAYLOAD = 'payload';
/** So long are keys taken for those of today, in milliseconds. */
const KEYS_KEPT_MS = 300_000;

/** A cluster that nobody has: Envoy takes no empty set of keys, and no token is valid by keys that cannot be fetched. */
const NOWHERE = { uri: 'http://no-keys.invalid/', cluster: 'no keys', timeout: duration(1000) };

export function tokenFilters(rules: readonly TokenRule[] = []): readonly HttpFilter[] {
  if (rules.length === 0) return [];
  const names = rules.map((_, at) => `${at}`);
  const typedConfig = pack('envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication', {
    providers: Object.fromEntries(rules.map((rule, at) => [`${at}`, provider(rule)])),
    rules: [{ match: { prefix: '/' }, requires: requirement(names) }],
    bypassCorsPreflight: true,
  });
  return [{ name: JWT, typedConfig }];
}

/** Each token that is there has to be valid; where rules look for theirs in one place, valid by one of them. */
function requirement(names: readonly string[]): JwtRequirement {
  const each = names.map(
    (providerName): JwtRequirement => ({
      requiresAny: { requirements: [{ providerName }, { allowMissing: {} }] },
    }),
  );
  const [only] = each;
  if (each.length === 1 && only !== undefined) return only;
  const one = names.map((providerName): JwtRequirement => ({ providerName }));
  return { requiresAny: { requirements: [...one, { requiresAll: { requirements: each } }] } };
}

function provider(rule: TokenRule): JwtProvider {
  const { issuer, audiences, fromHeaders, fromParams, fromCookies, payloadHeader, claimHeaders } = rule;
  const { forwards, spaceDelimitedClaims } = rule;
  return {
    ...(issuer === '' ? {} : { issuer }),
    ...(audiences.length === 0 ? {} : { audiences: [...audiences] }),
    ...keysOf(rule),
    ...(forwards ? { forward: true } : {}),
    ...(fromHeaders.length === 0
      ? {}
      : {
          fromHeaders: fromHeaders.map(({ name, prefix = '' }) => ({
            name,
            ...(prefix === '' ? {} : { valuePrefix: prefix }),
          })),
        }),
    ...(fromParams.length === 0 ? {} : { fromParams: [...fromParams] }),
    ...(fromCookies.length === 0 ? {} : { fromCookies: [...fromCookies] }),
    ...(payloadHeader === undefined ? {} : { forwardPayloadHeader: payloadHeader }),
    payloadInMetadata: PAYLOAD,
    normalizePayloadInMetadata: { spaceDelimitedClaims: ['scope', 'permission', ...spaceDelimitedClaims] },
    ...(claimHeaders.length === 0
      ? {}
      : { claimToHeaders: claimHeaders.map(({ header, claim }) => ({ headerName: header, claimName: claim })) }),
  };
}

function keysOf({ keys }: TokenRule): Pick<JwtProvider, 'localJwks' | 'remoteJwks'> {
  if (keys === 'none') return { remoteJwks: { httpUri: NOWHERE } };
  if ('set' in keys) return { localJwks: { inlineString: keys.set } };
  const { uri, host, port, timeoutMs } = keys;
  const httpUri = { uri, cluster: outboundClusterName(host, port), timeout: duration(timeoutMs) };
  return { remoteJwks: { httpUri, cacheDuration: duration(KEYS_KEPT_MS) } };
}

/** A claim is a text, or a list in which it stands. */
export function claimPermission({ path, regexes }: ClaimCondition): envoy.config.rbac.v3.Permission {
  const texts = regexes.map((regex): ValueMatcher => ({ stringMatch: { safeRegex: { regex } } }));
  const value = anyOf(texts);
  const metadataMatcher = {
    filter: JWT,
    path: [PAYLOAD, ...path].map((key) => ({ key })),
    value: anyOf([value, { listMatch: { oneOf: value } }]),
  };
  return { sourcedMetadata: { metadataMatcher } };
}

function anyOf(matchers: readonly ValueMatcher[]): ValueMatcher {
  const [only] = matchers;
  return matchers.length === 1 && only !== undefined ? only : { orMatch: { valueMatchers: [...matchers] } };
}
