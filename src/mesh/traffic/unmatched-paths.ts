/** Paths of limits for which there is no request, as far as that can be told without running anybody's expression. */
import type { Collection, Context } from '../../collections/collection.ts';
import type { AccessPolicy, AccessRule } from '../../model/access.ts';
import { finding } from '../../model/finding.ts';
import type { MeshSettings, ServiceSecurity } from '../../model/mesh-service.ts';
import { mayOverlap } from '../../model/path-precision.ts';
import type { UpstreamTrafficSetting } from '../../resources/kinds.ts';
import { about } from '../resource-order.ts';
import { settingsOf } from '../settings.ts';

export interface PathTables {
  readonly settings: Collection<MeshSettings>;
  /** By service key. */
  readonly securities: Collection<ServiceSecurity>;
  /** By the SPIFFE id of the destination. */
  readonly accessPolicies: Collection<AccessPolicy>;
}

/** `key`: of the service that the setting is for. Where everybody may call, there may be requests of any path. */
export function reportUnmatchedPaths(
  key: string,
  setting: UpstreamTrafficSetting,
  context: Context,
  { settings, securities, accessPolicies }: PathTables,
): void {
  const { httpRoutes, globalHttp } = setting.spec;
  for (const [at, { descriptors }] of httpRoutes.entries()) {
    if (descriptors.length === 0 || globalHttp !== undefined) continue;
    const path = `spec.httpRoutes[${at}].rateLimit.global`;
    const message = 'No service counts it: spec.rateLimit.global.http names none.';
    context.report(finding('ISTH1345', { ...about(setting), path, message }));
  }
  const identities = context.get(securities, key)?.identities;
  if (identities === undefined || settingsOf(context, settings).access !== 'Enforced') return;
  const rules = identities.flatMap((identity) => context.get(accessPolicies, identity)?.rules ?? []);
  for (const [at, { path }] of httpRoutes.entries()) {
    if (rules.some((rule) => mayPermit(rule, path))) continue;
    const message = `No TrafficTarget permits a request whose path begins as ${JSON.stringify(path)} does.`;
    context.report(finding('ISTH1346', { ...about(setting), path: `spec.httpRoutes[${at}].path`, message }));
  }
}

function mayPermit({ requests }: AccessRule, path: string): boolean {
  return requests === 'any' || requests.some(({ pathRegex }) => mayOverlap(pathRegex, path));
}
