/** The HTTP requests that a TrafficTarget is for: those of its HTTPRouteGroups' matches together. */
import type { Collection, Context } from '../../collections/collection.ts';
import type { AccessRule, RequestCondition } from '../../model/access.ts';
import { finding } from '../../model/finding.ts';
import { type HTTPRouteGroup, resourceKey, type TrafficTarget, type TrafficTargetRule } from '../../resources/kinds.ts';
import { about } from '../resource-order.ts';

export interface RequestTables {
  readonly routeGroups: Collection<HTTPRouteGroup>;
}

/** Any, HTTP or not, where it names no group; a group or match that is not there stands for no request. */
export function requestsOf(target: TrafficTarget, context: Context, tables: RequestTables): AccessRule['requests'] {
  const rules = target.spec.rules.flatMap((rule, at) => (rule.kind === 'HTTPRouteGroup' ? [{ rule, at }] : []));
  if (rules.length === 0) return 'any';
  return rules.flatMap(({ rule, at }) => conditionsOf(target, rule, `spec.rules[${at}]`, context, tables));
}

function conditionsOf(
  target: TrafficTarget,
  { name, matches }: TrafficTargetRule,
  path: string,
  context: Context,
  { routeGroups }: RequestTables,
): readonly RequestCondition[] {
  const { namespace } = target.metadata;
  const group = context.get(routeGroups, resourceKey('HTTPRouteGroup', namespace, name));
  if (group === undefined) {
    const message = `There is no valid HTTPRouteGroup ${name} in namespace ${namespace}: nothing is permitted by it.`;
    context.report(finding('ISTH1304', { ...about(target), path: `${path}.name`, message }));
    return [];
  }
  const all = group.spec.matches;
  for (const [at, wanted] of (matches ?? []).entries()) {
    if (all.some((match) => match.name === wanted)) continue;
    const message = `HTTPRouteGroup ${name} has no match ${wanted}: nothing is permitted by it.`;
    context.report(finding('ISTH1305', { ...about(target), path: `${path}.matches[${at}]`, message }));
  }
  return all
    .filter((match) => matches === undefined || matches.includes(match.name))
    .map(({ pathRegex, methods, headers }) => ({ pathRegex, methods, headers }));
}
