/** RequestAuthorizationPolicies, ours and Dubbo's -> what narrows the access to the workloads of their namespaces. */
import type { Collection, Index } from '../../collections/collection.ts';
import type { Engine } from '../../collections/engine.ts';
import { finding } from '../../model/finding.ts';
import type { MeshSettings } from '../../model/mesh-service.ts';
import type {
  CallerCondition,
  PropertyCondition,
  RequestPolicy,
  RequestRule,
  TextMatch,
} from '../../model/request-policy.ts';
import type {
  CallerSpec,
  DubboAuthorizationPolicy,
  RequestAuthorizationPolicy,
  RequestRuleSpec,
  RequestSpec,
} from '../../resources/kinds.ts';
import { about, compareText } from '../resource-order.ts';
import { settingsOf } from '../settings.ts';

interface Tables {
  readonly settings: Collection<MeshSettings>;
  readonly own: Collection<RequestAuthorizationPolicy>;
  readonly dubbo: Collection<DubboAuthorizationPolicy>;
}

/** By namespace. None of them is in force while access is disabled. */
export function requestPolicies(engine: Engine, { settings, own, dubbo }: Tables): Index<RequestPolicy> {
  const all = engine.merge<RequestAuthorizationPolicy | DubboAuthorizationPolicy>('request authorization', [
    own,
    dubbo,
  ]);
  const policies = engine.map('request policies', all, (resource, context): RequestPolicy => {
    if (settingsOf(context, settings).access === 'Disabled')
      context.report(finding('ISTH1351', { ...about(resource), message: 'Access is disabled in this mesh.' }));
    return policyOf(resource);
  });
  return engine.index('request policies by namespace', policies, ({ namespace }) => [namespace]);
}

function policyOf(resource: RequestAuthorizationPolicy | DubboAuthorizationPolicy): RequestPolicy {
  const { action, serviceAccounts = 'any', protocols = 'any', rules } = resource.spec;
  return {
    ...about(resource),
    key: resource.key,
    namespace: resource.metadata.namespace,
    action: action === 'DENY' ? 'deny' : 'allow',
    serviceAccounts,
    protocols,
    rules: rules === 'unreadable' ? [everything] : rules.map(ruleOf),
  };
}

const everything: RequestRule = { path: 'spec', callers: [], requests: [] };

function ruleOf({ from, to }: RequestRuleSpec, at: number): RequestRule {
  return { path: `spec.rules[${at}]`, callers: from.map(callerOf), requests: to.map(conditionsOf) };
}

function callerOf({ principals, notPrincipals, namespaces, notNamespaces }: CallerSpec): CallerCondition {
  const ids = (values: readonly string[] = []) => values.map((value) => textMatch(value.replace(/^spiffe:\/\//, '')));
  const names = (values: readonly string[] = []) => values.map(textMatch);
  return {
    principals: ids(principals),
    notPrincipals: ids(notPrincipals),
    namespaces: names(namespaces),
    notNamespaces: names(notNamespaces),
  };
}

function conditionsOf({ properties = {}, notProperties = {} }: RequestSpec): readonly PropertyCondition[] {
  const conditions = (from: NonNullable<RequestSpec['properties']>, isNegated: boolean) =>
    Object.entries(from)
      .map(([property, values]) => ({ property, matches: values.map(textMatch), isNegated }))
      .toSorted((a, b) => compareText(a.property, b.property));
  return [...conditions(properties, false), ...conditions(notProperties, true)];
}

function textMatch(text: string): TextMatch {
  if (text === '*') return { kind: 'present' };
  if (text.endsWith('*')) return { kind: 'prefix', value: text.slice(0, -1) };
  if (text.startsWith('*')) return { kind: 'suffix', value: text.slice(1) };
  return { kind: 'exact', value: text };
}
