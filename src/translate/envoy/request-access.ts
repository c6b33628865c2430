/**
 * Request policies -> RBAC rules. Permissions stand on headers, which are a request's properties to metaproxy. A proxy that
 * sees connections only lets those through of which it is sure: whoever some rule denies something is denied the connection,
 * and what is allowed by properties alone is not allowed.
 */
import type {
  CallerCondition,
  PropertyCondition,
  RequestPolicy,
  RequestRule,
  TextMatch,
} from '../../model/request-policy.ts';
import { enumValue, type envoy } from '../../xds-api/messages.ts';
import { allOf, anyOf, authenticated } from './access-control.ts';

type Rbac = envoy.config.rbac.v3.RBAC;
type Policy = envoy.config.rbac.v3.Policy;
type Permission = envoy.config.rbac.v3.Permission;
type Principal = envoy.config.rbac.v3.Principal;
type StringMatcher = envoy.type.matcher.v3.StringMatcher;
type Action = RequestPolicy['action'];

const DENY = enumValue('envoy.config.rbac.v3.RBAC.Action', 'DENY');

/** How a caller's SPIFFE id is compared. */
export type ById = (id: StringMatcher) => Principal;

/** In the order in which they are to be asked; none where there are no policies. */
export function requestAccess(
  policies: readonly RequestPolicy[],
  sees: 'requests' | 'connections',
  byId: ById = authenticated,
): readonly Rbac[] {
  const of = (action: Action) => policies.filter((policy) => policy.action === action);
  const [denying, allowing] = [of('deny'), of('allow')];
  return [
    ...(denying.length === 0 ? [] : [{ action: DENY, policies: rulesOf(denying, sees, byId) }]),
    ...(allowing.length === 0 ? [] : [{ policies: rulesOf(allowing, sees, byId) }]),
  ];
}

/** Whether a rule asks something of requests that connections do not show. */
export function dependsOnProperties({ requests }: RequestRule): boolean {
  return requests.length > 0;
}

function rulesOf(
  policies: readonly RequestPolicy[],
  sees: 'requests' | 'connections',
  byId: ById,
): Record<string, Policy> {
  const named = policies.flatMap(({ object, action, rules }) =>
    rules.flatMap((rule): readonly (readonly [string, Policy])[] => {
      const permissions = permissionsOf(rule, action, sees);
      if (permissions.length === 0) return [];
      const principals =
        rule.callers.length === 0 ? [ANYBODY] : rule.callers.map((caller) => principalOf(caller, byId));
      return [[`${object.kind}/${object.namespace}/${object.name}/${rule.path}`, { permissions, principals }]];
    }),
  );
  return Object.fromEntries(named);
}

const ANYBODY: Principal = { any: true };
const ANY: Permission = { any: true };

function permissionsOf(rule: RequestRule, action: Action, sees: 'requests' | 'connections'): Permission[] {
  if (!dependsOnProperties(rule)) return [ANY];
  if (sees === 'connections') return action === 'deny' ? [ANY] : [];
  return rule.requests.map((conditions) => allOf(conditions.map((condition) => permissionOf(condition, action))));
}

function permissionOf({ property, matches, isNegated }: PropertyCondition, action: Action): Permission {
  const fits = anyOf(matches.map((match) => propertyPermission(property, match)));
  const isThere = propertyPermission(property, { kind: 'present' });
  if (isNegated) return action === 'deny' ? not(fits) : allOf([isThere, not(fits)]);
  const asksForPresence = matches.some(({ kind }) => kind === 'present');
  return action === 'deny' && !asksForPresence ? anyOf([not(isThere), fits]) : fits;
}

function propertyPermission(name: string, match: TextMatch): Permission {
  return match.kind === 'present'
    ? { header: { name, presentMatch: true } }
    : { header: { name, stringMatch: stringMatcher(match) } };
}

function principalOf({ principals, notPrincipals, namespaces, notNamespaces }: CallerCondition, byId: ById): Principal {
  const named = (matches: readonly TextMatch[]) => anyId(matches.map((match) => byId(idMatcher(match))));
  const placed = (matches: readonly TextMatch[]) => anyId(matches.map((match) => byId(namespaceMatcher(match))));
  const ids = [
    ...(principals.length === 0 ? [] : [named(principals)]),
    ...(notPrincipals.length === 0 ? [] : [{ notId: named(notPrincipals) }]),
    ...(namespaces.length === 0 ? [] : [placed(namespaces)]),
    ...(notNamespaces.length === 0 ? [] : [{ notId: placed(notNamespaces) }]),
  ];
  const [first] = ids;
  if (first === undefined) return ANYBODY;
  return ids.length === 1 ? first : { andIds: { ids } };
}

function anyId(ids: Principal[]): Principal {
  const [first] = ids;
  return ids.length === 1 && first !== undefined ? first : { orIds: { ids } };
}

function idMatcher(match: TextMatch): StringMatcher {
  return match.kind === 'present' ? { prefix: 'spiffe://' } : stringMatcher(match, 'spiffe://');
}

/** What stands between `/ns/` and `/sa/` stands nowhere else in a SPIFFE id of the mesh: no name has a slash. */
function namespaceMatcher(match: TextMatch): StringMatcher {
  switch (match.kind) {
    case 'present':
      return { contains: '/ns/' };
    case 'prefix':
      return { contains: `/ns/${match.value}` };
    case 'suffix':
      return { contains: `${match.value}/sa/` };
    case 'exact':
      return { contains: `/ns/${match.value}/sa/` };
  }
}

function stringMatcher({ kind, value }: Exclude<TextMatch, { kind: 'present' }>, before = ''): StringMatcher {
  switch (kind) {
    case 'exact':
      return { exact: `${before}${value}` };
    case 'prefix':
      return { prefix: `${before}${value}` };
    case 'suffix':
      return { suffix: value };
  }
}

function not(notRule: Permission): Permission {
  return { notRule };
}
