/** The requests that a policy of Open Service Mesh is for: those of the HTTPRouteGroups of its namespace that it names. */
import type { Collection, Context } from '../../collections/collection.ts';
import type { RequestCondition } from '../../model/access.ts';
import { finding } from '../../model/finding.ts';
import { type Egress, type HTTPRouteGroup, type IngressBackend, resourceKey } from '../../resources/kinds.ts';
import { about } from '../resource-order.ts';

/** Any where it names none; a group that is not there stands for no request. */
export function namedRequests(
  policy: Egress | IngressBackend,
  context: Context,
  routeGroups: Collection<HTTPRouteGroup>,
): readonly RequestCondition[] | 'any' {
  const { metadata, spec } = policy;
  if (spec.routeGroups.length === 0) return 'any';
  return spec.routeGroups.flatMap((name) => {
    const group = context.get(routeGroups, resourceKey('HTTPRouteGroup', metadata.namespace, name));
    if (group === undefined) {
      const message = `There is no valid HTTPRouteGroup ${name} in namespace ${metadata.namespace}: nothing is permitted by it.`;
      context.report(finding('ISTH1304', { ...about(policy), path: 'spec.matches', message }));
    }
    return (group?.spec.matches ?? []).map(({ pathRegex, methods, headers }) => ({ pathRegex, methods, headers }));
  });
}
