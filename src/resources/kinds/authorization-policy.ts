/** security.istio.io AuthorizationPolicy: who may send which requests to workloads. */
import { defineKind, type KindReader, withOptionalSpec } from '../kind-reader.ts';
import type { Path, Problems } from '../problem.ts';
import type { Infer } from '../schema-language.ts';
import { authorizationPolicySpec } from '../schemas/istio-security.ts';
import type { AuthorizationConditions, AuthorizationPolicy, AuthorizationRuleSpec } from '../types/istio-security.ts';
import { checkScope, readScope, scopeAsFarAsRead } from './policy-scope.ts';
import { checkSaysSomething, headOf } from './request-authorization.ts';

const schema = withOptionalSpec(authorizationPolicySpec);
type RuleContent = NonNullable<Infer<typeof authorizationPolicySpec>['rules']>[number];

const info = {
  kind: 'AuthorizationPolicy',
  group: 'security.istio.io',
  plural: 'authorizationpolicies',
  versions: ['v1', 'v1beta1'],
  scope: 'Namespaced',
  keepsOut: true,
} as const;

const reader = defineKind<Infer<typeof schema>, AuthorizationPolicy>({
  info,
  schema: () => schema,
  options: { everyFieldRestricts: true },
  check: ({ spec = {} }, problems) => {
    checkScope(spec, problems);
    if (spec.action === 'CUSTOM' && spec.provider?.name === undefined)
      problems.add('ISTH0214', ['spec', 'provider'], 'CUSTOM asks somebody who is not named.', 'Add provider.name.');
    spec.rules?.forEach((rule, at) => {
      checkRule(rule, ['spec', 'rules', at], problems);
    });
  },
  build: ({ spec = {} }, head) => {
    const { action = 'ALLOW', rules = [], provider } = spec;
    return {
      kind: 'AuthorizationPolicy',
      ...head,
      spec: {
        ...readScope(spec),
        action,
        rules: rules.map(readRule),
        ...(provider?.name === undefined ? {} : { provider: provider.name }),
      },
    };
  },
});

/** One that is left out would open what it was written to close: it stays, and lets nobody in to the workloads that it is for. */
export const authorizationPolicy: KindReader<AuthorizationPolicy> = {
  ...reader,
  read: (value, origin, problems) => {
    const resource = reader.read(value, origin, problems);
    const head = resource === undefined ? headOf(value, info, origin) : undefined;
    if (head === undefined) return resource;
    problems.add(
      'ISTH0241',
      ['spec'],
      'Until it can be read, no request gets through to the workloads that it is for.',
    );
    const everything = { from: [], to: [], when: [] };
    const spec = { ...scopeAsFarAsRead(value.spec), action: 'DENY', rules: [everything] } as const;
    return { kind: 'AuthorizationPolicy', ...head, spec };
  },
};

/** As Istio's own validation: a list that is empty would be for everybody, and an empty text for nobody. */
function checkRule({ from, to }: RuleContent, path: Path, problems: Problems): void {
  const sides = [
    { at: [...path, 'from'], part: 'source', all: from?.map(({ source = {} }) => source) },
    { at: [...path, 'to'], part: 'operation', all: to?.map(({ operation = {} }) => operation) },
  ];
  for (const { at, part, all } of sides) {
    if (all?.length === 0) checkSaysSomething([], at, problems);
    all?.forEach((written, index) => {
      checkSaysSomething(conditionsOf(written), [...at, index], problems);
      for (const [field, values] of Object.entries(written)) {
        const empty = values.indexOf('');
        if (empty === -1) continue;
        problems.add('ISTH0240', [...at, index, part, field, empty], 'It is empty.', 'Write a value, or remove it.');
      }
    });
  }
}

function readRule({ from = [], to = [], when = [] }: RuleContent): AuthorizationRuleSpec {
  return {
    from: from.map(({ source = {} }) => conditionsOf(source)),
    to: to.map(({ operation = {} }) => conditionsOf(operation)),
    when: when.map(({ key, values = [], notValues = [] }) => ({ key, values, notValues })),
  };
}

/** As Go writes it, an empty list is none. */
function conditionsOf(fields: Readonly<Record<string, readonly string[]>>): AuthorizationConditions {
  return Object.fromEntries(Object.entries(fields).filter(([, values]) => values.length > 0));
}
