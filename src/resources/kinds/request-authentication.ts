/** security.istio.io RequestAuthentication: whose tokens workloads take. */
import { checkDuration, millisecondsOf } from '../duration-rules.ts';
import { defineKind, withOptionalSpec } from '../kind-reader.ts';
import type { Infer } from '../schema-language.ts';
import { requestAuthenticationSpec } from '../schemas/istio-security.ts';
import type { JwtRuleSpec, RequestAuthentication } from '../types/istio-security.ts';
import { checkScope, readScope } from './policy-scope.ts';

const schema = withOptionalSpec(requestAuthenticationSpec);
type RuleContent = NonNullable<Infer<typeof requestAuthenticationSpec>['jwtRules']>[number];

export const requestAuthentication = defineKind<Infer<typeof schema>, RequestAuthentication>({
  info: {
    kind: 'RequestAuthentication',
    group: 'security.istio.io',
    plural: 'requestauthentications',
    versions: ['v1', 'v1beta1'],
    scope: 'Namespaced',
    keepsOut: true,
  },
  schema: () => schema,
  options: { everyFieldRestricts: true },
  check: ({ spec = {} }, problems) => {
    checkScope(spec, problems);
    spec.jwtRules?.forEach(({ timeout }, at) => {
      checkDuration(timeout, ['spec', 'jwtRules', at, 'timeout'], problems, { ms: 1, text: '1ms' });
    });
  },
  build: ({ spec = {} }, head) => ({
    kind: 'RequestAuthentication',
    ...head,
    spec: { ...readScope(spec), jwtRules: (spec.jwtRules ?? []).map(readRule) },
  }),
});

function readRule(content: RuleContent): JwtRuleSpec {
  const { issuer, jwks = '', jwksUri = content.jwks_uri ?? '', timeout, outputPayloadToHeader } = content;
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
