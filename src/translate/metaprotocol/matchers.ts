/** Request matches -> header matchers, which MetaProtocol reads as matchers of properties. All of them must hold. */
import type { PropertyMatch, RequestMatch, StringMatch } from '../../model/route.ts';
import type { envoy } from '../../xds-api/messages.ts';
import type { MetaKind } from './dialect.ts';

type HeaderMatcher = envoy.config.route.v3.HeaderMatcher;

export function headerMatchers(match: RequestMatch, kind: MetaKind): HeaderMatcher[] {
  const specifier = kind === 'envoy-meta' ? deprecatedSpecifier : specifierOf;
  return match.map(({ property, match: value }: PropertyMatch) => ({ name: property, ...specifier(value) }));
}

function specifierOf(match: StringMatch): HeaderMatcher {
  switch (match.kind) {
    case 'exact':
      return { stringMatch: { exact: match.value } };
    case 'prefix':
      // Every value begins with the empty prefix, which Envoy's rules forbid.
      return match.value === '' ? { presentMatch: true } : { stringMatch: { prefix: match.value } };
    case 'regex':
      return { stringMatch: { safeRegex: { regex: match.value } } };
    case 'present':
      return { presentMatch: true };
  }
}

/** What deployed MetaProtocol proxies are known to read: see dataplane's field tables. */
function deprecatedSpecifier(match: StringMatch): HeaderMatcher {
  switch (match.kind) {
    case 'exact':
      return { exactMatch: match.value };
    case 'prefix':
      return match.value === '' ? { presentMatch: true } : { prefixMatch: match.value };
    case 'regex':
      return { safeRegexMatch: { googleRe2: {}, regex: match.value } };
    case 'present':
      return { presentMatch: true };
  }
}
