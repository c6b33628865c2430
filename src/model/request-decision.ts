/**
 * Whether policies for requests let one through: the decision that proxies enforce, for those who ask why. A proxy that sees
 * connections only lets those through of which it is sure: that is what is decided about a call without properties.
 */
import type { CallerCondition, PropertyCondition, RequestPolicy, RequestRule, TextMatch } from './request-policy.ts';

export interface RequestCall {
  /** The SPIFFE id of the caller. */
  readonly source: string;
  /** As the codec reads them; absent where a connection is asked about, whatever is sent on it. */
  readonly properties?: Readonly<Record<string, string>>;
}

/** What one policy says of a call. */
export interface PolicyVerdict {
  readonly policy: RequestPolicy;
  /** The first rule that is for the call, by its path in the object; absent where none is. */
  readonly rule?: string;
}

/** In the order of the policies. */
export function policyVerdicts(policies: readonly RequestPolicy[], call: RequestCall): readonly PolicyVerdict[] {
  return policies.map((policy) => {
    const rule = policy.rules.find((one) => isForCall(one, policy.action, call))?.path;
    return rule === undefined ? { policy } : { policy, rule };
  });
}

/** None that denies is for the call and, where any allows, one that does. */
export function letsThrough(verdicts: readonly PolicyVerdict[]): boolean {
  const of = (action: RequestPolicy['action']) => verdicts.filter(({ policy }) => policy.action === action);
  const allowing = of('allow');
  return (
    of('deny').every(({ rule }) => rule === undefined) &&
    (allowing.length === 0 || allowing.some(({ rule }) => rule !== undefined))
  );
}

type Action = RequestPolicy['action'];

function isForCall({ callers, requests }: RequestRule, action: Action, { source, properties }: RequestCall): boolean {
  if (callers.length > 0 && !callers.some((condition) => isCaller(condition, source))) return false;
  if (requests.length === 0) return true;
  if (properties === undefined) return action === 'deny';
  return requests.some((conditions) => conditions.every((one) => holds(one, action, properties)));
}

function holds(
  { property, matches, isNegated }: PropertyCondition,
  action: Action,
  properties: Readonly<Record<string, string>>,
): boolean {
  const value = properties[property];
  const asksForPresence = matches.some(({ kind }) => kind === 'present');
  // What cannot be seen is kept out.
  if (value === undefined) return action === 'deny' && (isNegated || !asksForPresence);
  return matches.some((match) => isText(match, value)) !== isNegated;
}

function isCaller({ principals, notPrincipals, namespaces, notNamespaces }: CallerCondition, source: string): boolean {
  const isOne = (matches: readonly TextMatch[]) => matches.some((match) => isPrincipal(match, source));
  const isOf = (matches: readonly TextMatch[]) => matches.some((match) => isInNamespace(match, source));
  return (
    (principals.length === 0 || isOne(principals)) &&
    !isOne(notPrincipals) &&
    (namespaces.length === 0 || isOf(namespaces)) &&
    !isOf(notNamespaces)
  );
}

const scheme = 'spiffe://';

function isPrincipal(match: TextMatch, source: string): boolean {
  return source.startsWith(scheme) && isText(match, source.slice(scheme.length));
}

function isInNamespace(match: TextMatch, source: string): boolean {
  const [, namespace] = /\/ns\/([^/]*)\/sa\//.exec(source) ?? [];
  return namespace !== undefined && isText(match, namespace);
}

function isText(match: TextMatch, text: string): boolean {
  switch (match.kind) {
    case 'present':
      return true;
    case 'exact':
      return text === match.value;
    case 'prefix':
      return text.startsWith(match.value);
    case 'suffix':
      return text.endsWith(match.value);
  }
}
