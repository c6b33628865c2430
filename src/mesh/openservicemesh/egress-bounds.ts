/**
 * What an Egress keeps open to its hosts, by the UpstreamTrafficSetting that it names: how many connections and requests,
 * and how long connecting may take. As in Open Service Mesh a setting that is not there closes the policy, and nothing
 * that a setting limits by counting holds, since it is counted before workloads.
 */
import type { Collection, Context } from '../../collections/collection.ts';
import type { EgressBounds } from '../../model/egress.ts';
import { finding } from '../../model/finding.ts';
import { type Egress, resourceKey, type UpstreamTrafficSetting } from '../../resources/kinds.ts';
import { about } from '../resource-order.ts';

/** Missing: what the policy names is not there, so that nothing is to get out by it. */
export function egressBounds(
  egress: Egress,
  context: Context,
  settings: Collection<UpstreamTrafficSetting>,
): EgressBounds | 'missing' | undefined {
  const { upstreamTrafficSetting: name } = egress.spec;
  if (name === undefined) return undefined;
  const { namespace } = egress.metadata;
  const setting = context.get(settings, resourceKey('UpstreamTrafficSetting', namespace, name));
  if (setting === undefined) {
    const message = `There is no UpstreamTrafficSetting ${name} in namespace ${namespace}: nothing gets out by the policy.`;
    const remedy = 'Correct the name, or add the UpstreamTrafficSetting.';
    context.report(finding('ISTH1404', { ...about(egress), path: 'spec.matches', message, remedy }));
    return 'missing';
  }
  reportUnheld(egress, setting, context);
  return { origin: about(setting), connections: setting.spec.connections };
}

function reportUnheld(egress: Egress, { spec }: UpstreamTrafficSetting, context: Context): void {
  const { localTcp, localHttp, globalTcp, globalHttp, httpRoutes, connections } = spec;
  const { maxRequests, maxRequestsPerConnection, maxPendingRequests, maxRetries } = connections;
  const ofRequests = [maxRequests, maxRequestsPerConnection, maxPendingRequests, maxRetries];
  const readsNone = egress.spec.ports.every(({ protocol }) => protocol !== 'http');
  const parts: readonly (readonly [isWritten: boolean, path: string])[] = [
    [localTcp !== undefined || localHttp !== undefined, 'spec.rateLimit.local'],
    [globalTcp !== undefined || globalHttp !== undefined, 'spec.rateLimit.global'],
    [httpRoutes.length > 0, 'spec.httpRoutes'],
    [readsNone && ofRequests.some((bound) => bound !== undefined), 'spec.connectionSettings.http'],
  ];
  const unheld = parts.flatMap(([isWritten, path]) => (isWritten ? [path] : []));
  if (unheld.length === 0) return;
  const message = `Of UpstreamTrafficSetting ${egress.spec.upstreamTrafficSetting} this bounds nothing that leaves the mesh: ${unheld.join(', ')}.`;
  context.report(finding('ISTH1408', { ...about(egress), path: 'spec.matches', message }));
}
