/** security.istio.io RequestAuthentication: whose tokens workloads take. */
import { checkDuration, millisecondsOf } from '../duration-rules.ts';
import { defineKind, type KindReader, withOptionalSpec } from '../kind-reader.ts';
import { isMap } from '../plain-values.ts';
import type { Infer } from '../schema-language.ts';
import { requestAuthenticationSpec } from '../schemas/istio-security.ts';
import type { JwtRuleSpec, RequestAuthentication } from '../types/istio-security.ts';
import { checkScope, readScope, scopeAsFarAsRead } from './policy-scope.ts';
import { headOf } from './request-authorization.ts';

const schema = withOptionalSpec(requestAuthenticationSpec);
type RuleContent = NonNullable<Infer<typeof requestAuthenticationSpec>['jwtRules']>[number];

const info = {
  kind: 'RequestAuthentication',
  group: 'security.istio.io',
  plural: 'requestauthentications',
  versions: ['v1', 'v1beta1'],
  scope: 'Namespaced',
  keepsOut: true,
} as const;

const reader = defineKind<Infer<typeof schema>, RequestAuthentication>({
  info,
  schema: () => schema,
  options: { everyFieldRestricts: true },
  check: ({ spec = {} }, problems) => {
    checkScope(spec, problems);
    spec.jwtRules?.forEach((rule, at) => {
      const { issuer = '', jwksUri = '', jwks_uri: uri = '', timeout } = rule;
      checkDuration(timeout, ['spec', 'jwtRules', at, 'timeout'], problems, { ms: 1, text: '1ms' });
      if (issuer === '' && jwksUri === '' && uri === '')
        problems.add(
          'ISTH0214',
          ['spec', 'jwtRules', at, 'issuer'],
          'Anybody could be the issuer.',
          'Name the issuer.',
        );
    });
  },
  build: ({ spec = {} }, head) => ({
    kind: 'RequestAuthentication',
    ...head,
    spec: { ...readScope(spec), jwtRules: (spec.jwtRules ?? []).map(readRule) },
  }),
});

/** One that is left out would let tokens through that nobody has verified: it stays, and no token is valid by it. */
export const requestAuthentication: KindReader<RequestAuthentication> = {
  ...reader,
  read: (value, origin, problems) => {
    const resource = reader.read(value, origin, problems);
    const head = resource === undefined ? headOf(value, info, origin) : undefined;
    if (head === undefined) return resource;
    problems.add('ISTH0241', ['spec'], 'Until it can be read, no token is valid at the workloads that it is for.');
    const rules = isMap(value.spec) && Array.isArray(value.spec.jwtRules) ? value.spec.jwtRules : [];
    const spec = { ...scopeAsFarAsRead(value.spec), jwtRules: [anyIssuer(rules)] };
    return { kind: 'RequestAuthentication', ...head, spec };
  },
};

/** A rule without keys for tokens of whomever: in the usual places, and in those that are written, as far as they can be read. */
function anyIssuer(rules: readonly unknown[]): JwtRuleSpec {
  const written = (field: string): readonly unknown[] =>
    rules.flatMap((rule): readonly unknown[] => (isMap(rule) && Array.isArray(rule[field]) ? rule[field] : []));
  const texts = (field: string): readonly string[] => [...new Set(written(field).filter(isText))].slice(0, maxPlaces);
  const named = written('fromHeaders').flatMap((place) => {
    if (!isMap(place) || !isText(place.name) || !headerName.test(place.name)) return [];
    return [{ name: place.name, ...(isText(place.prefix) ? { prefix: place.prefix } : {}) }];
  });
  return {
    ...readRule({ issuer: '' }),
    fromHeaders: [{ name: 'Authorization', prefix: 'Bearer ' }, ...named.slice(0, maxPlaces)],
    fromParams: ['access_token', ...texts('fromParams')],
    fromCookies: texts('fromCookies'),
  };
}

const maxPlaces = 1024;
const headerName = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,256}$/;

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= 2048;
}

function readRule(content: RuleContent): JwtRuleSpec {
  const { issuer = '', jwks = '', jwksUri = content.jwks_uri ?? '', timeout, outputPayloadToHeader } = content;
  return {
    issuer,
    audiences: content.audiences ?? [],
    ...(jwks === '' ? {} : { jwks }),
    ...(jwksUri === '' ? {} : { jwksUri }),
    ...(timeout === undefined ? {} : { timeout: millisecondsOf(timeout) }),
    fromHeaders: content.fromHeaders ?? [],
    fromParams: content.fromParams ?? [],
    fromCookies: content.fromCookies ?? [],
    ...(outputPayloadToHeader === undefined ? {} : { outputPayloadToHeader }),
    outputClaimToHeaders: content.outputClaimToHeaders ?? [],
    forwardOriginalToken: content.forwardOriginalToken ?? false,
    spaceDelimitedClaims: content.spaceDelimitedClaims ?? [],
  };
}
