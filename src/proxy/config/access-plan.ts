/**
 * Envoy's RBAC -> who may do what: principals by the URI names of verified certificates, permissions by properties of
 * requests, which stand where Envoy has headers. What is written and cannot be enforced as it is written is refused whole.
 */
import { decode, enumValue, type Message, messageName } from '../../xds-api/messages.ts';
import { unwrapAny } from '../../xds-api/proto-json.ts';
import { type PropertyMatcher, propertyMatcher } from './property-matcher.ts';
import { Rejection, within } from './rejection.ts';

type Rbac = Message<'envoy.config.rbac.v3.RBAC'>;
type Policy = Message<'envoy.config.rbac.v3.Policy'>;
type Permission = Message<'envoy.config.rbac.v3.Permission'>;
type Principal = Message<'envoy.config.rbac.v3.Principal'>;

export type PermissionPlan =
  | { readonly kind: 'any' }
  | { readonly kind: 'property'; readonly matcher: PropertyMatcher }
  | { readonly kind: 'all' | 'one'; readonly of: readonly PermissionPlan[] }
  | { readonly kind: 'not'; readonly of: PermissionPlan };

/** Whether it is for a peer: its SPIFFE id; undefined where it has shown none. */
export type PrincipalTest = (identity: string | undefined) => boolean;

export interface AccessPolicyPlan {
  readonly principals: readonly PrincipalTest[];
  readonly permissions: readonly PermissionPlan[];
}

/** One filter. All that a listener has must let a request pass. */
export interface AccessPlan {
  readonly action: 'allow' | 'deny';
  readonly policies: readonly AccessPolicyPlan[];
}

const DENY = enumValue('envoy.config.rbac.v3.RBAC.Action', 'DENY');
const ALLOW = enumValue('envoy.config.rbac.v3.RBAC.Action', 'ALLOW');
const AUTHENTICATED = 'envoy.extensions.rbac.principals.mtls_authenticated.v3.Config';
const URI = enumValue('envoy.extensions.transport_sockets.tls.v3.SubjectAltNameMatcher.SanType', 'URI');

/** Of connections: nothing is known yet of what is asked. Throws Rejection. */
export function planConnectionAccess(rules: Rbac | null | undefined): AccessPlan {
  const plan = planAccess(rules);
  for (const { permissions } of plan.policies)
    if (!permissions.every(isOfConnections)) throw new Rejection('rules: properties are known of requests only');
  return plan;
}

/** Throws Rejection. */
export function planAccess(rules: Rbac | null | undefined): AccessPlan {
  if (rules == null) throw new Rejection('rules are needed: without them everything would pass');
  const { action = ALLOW } = rules;
  if (action !== ALLOW && action !== DENY) throw new Rejection('rules.action: ALLOW and DENY are supported');
  const policies = Object.entries(rules.policies ?? {}).map(([name, policy]) =>
    within(`rules.policies[${name}]`, () => {
      rejectConditions(policy);
      return {
        permissions: someOf('permissions', policy.permissions).map(planPermission),
        principals: someOf('principals', policy.principals).map(planPrincipal),
      };
    }),
  );
  return { action: action === DENY ? 'deny' : 'allow', policies };
}

/** What would narrow a policy that allows, and is not asked here. */
function rejectConditions({ condition, checkedCondition }: Policy): void {
  if (condition != null || checkedCondition != null) throw new Rejection('conditions in CEL are not supported');
}

function isOfConnections(plan: PermissionPlan): boolean {
  if (plan.kind === 'property') return false;
  if (plan.kind === 'not') return isOfConnections(plan.of);
  return plan.kind === 'any' || plan.of.every(isOfConnections);
}

function planPermission(permission: Permission): PermissionPlan {
  if (permission.andRules != null)
    return { kind: 'all', of: someOf('and_rules', permission.andRules.rules).map(planPermission) };
  if (permission.orRules != null)
    return { kind: 'one', of: someOf('or_rules', permission.orRules.rules).map(planPermission) };
  if (permission.notRule != null) return { kind: 'not', of: planPermission(permission.notRule) };
  if (permission.header != null) return { kind: 'property', matcher: propertyMatcher(permission.header) };
  if (isSet(permission, 'any') && permission.any === true) return { kind: 'any' };
  throw new Rejection('a permission of a kind that is not supported');
}

function planPrincipal(principal: Principal): PrincipalTest {
  if (principal.andIds != null) {
    const all = someOf('and_ids', principal.andIds.ids).map(planPrincipal);
    return (identity) => all.every((test) => test(identity));
  }
  if (principal.orIds != null) {
    const any = someOf('or_ids', principal.orIds.ids).map(planPrincipal);
    return (identity) => any.some((test) => test(identity));
  }
  if (principal.notId != null) {
    const test = planPrincipal(principal.notId);
    return (identity) => !test(identity);
  }
  if (principal.custom?.typedConfig != null) return planAuthenticated(unwrapAny(principal.custom.typedConfig));
  if (isSet(principal, 'any') && principal.any === true) return () => true;
  throw new Rejection('a principal of a kind that is not supported');
}

function planAuthenticated({ type_url: url, value }: ReturnType<typeof unwrapAny>): PrincipalTest {
  if (messageName(url ?? '') !== AUTHENTICATED) throw new Rejection(`a principal of type ${url} is not supported`);
  const { sanMatcher } = decode(AUTHENTICATED, value ?? new Uint8Array());
  if (sanMatcher?.matcher == null || sanMatcher.sanType !== URI)
    throw new Rejection('principals are known by the URI names of their certificates');
  const { test } = propertyMatcher({ name: 'identity', stringMatch: sanMatcher.matcher });
  return (identity) => identity !== undefined && test(identity);
}

/** Nothing of all holds for everybody, which nobody can have meant. */
function someOf<T>(field: string, rules: readonly T[] | null | undefined): readonly T[] {
  if (rules == null || rules.length === 0) throw new Rejection(`${field} is empty`);
  return rules;
}

function isSet<T extends object>(message: T, field: keyof T): boolean {
  return Object.hasOwn(message, field);
}
