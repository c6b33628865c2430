/**
 * Which requests a rule is for -> a match of Envoy's generic proxy over Dubbo. It sees the interface, the method, the
 * version of the service and every attachment, and compares them in every way; but not the frame that they came in.
 */
import type { RequestMatch, StringMatch } from '../../model/route.ts';
import { type envoy, pack, type xds } from '../../xds-api/messages.ts';

type Predicate = xds.type.matcher.v3.Matcher.MatcherList.Predicate;
type StringMatcher = envoy.type.matcher.v3.StringMatcher;

/** Properties that our own codec makes of the frame. */
const unseen: ReadonlySet<string> = new Set(['x-dubbo-version', 'x-dubbo-serialization', 'x-dubbo-status']);

export function isSeenInDubbo(match: RequestMatch): boolean {
  return match.every(({ property }) => !unseen.has(property));
}

/** Of a match that is seen and asks for something. */
export function dubboPredicate(match: RequestMatch): Predicate {
  const of = (name: string): StringMatcher | undefined => {
    const asked = match.find(({ property }) => property === name)?.match;
    return asked === undefined ? undefined : stringMatcher(asked);
  };
  const [host, method] = [of('interface'), of('method')];
  const properties = match
    .filter(({ property }) => property !== 'interface' && property !== 'method')
    .map(({ property, match: value }) => ({ name: property, stringMatch: stringMatcher(value) }));
  return {
    singlePredicate: {
      input: {
        name: 'envoy.matching.generic_proxy.input.request',
        typedConfig: pack('envoy.extensions.filters.network.generic_proxy.matcher.v3.RequestMatchInput', {}),
      },
      customMatch: {
        name: 'envoy.matching.input_matchers.generic_request_matcher',
        typedConfig: pack('envoy.extensions.filters.network.generic_proxy.matcher.v3.RequestMatcher', {
          ...(host === undefined ? {} : { host }),
          ...(method === undefined ? {} : { method }),
          ...(properties.length === 0 ? {} : { properties }),
        }),
      },
    },
  };
}

function stringMatcher(match: StringMatch): StringMatcher {
  if (match.kind === 'exact') return { exact: match.value };
  if (match.kind === 'regex') return { safeRegex: { regex: match.value } };
  // Every value begins with the empty prefix, which Envoy's rules forbid; what is absent matches nothing.
  return match.kind === 'present' || match.value === '' ? { safeRegex: { regex: '(?s).*' } } : { prefix: match.value };
}
