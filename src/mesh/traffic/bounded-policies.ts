/** How callers use each service's connections: what rules say, and what the service, or who lets them out to it, says before them. */
import type { Collection, Context } from '../../collections/collection.ts';
import type { EgressHost } from '../../model/egress.ts';
import { finding, formatObject } from '../../model/finding.ts';
import { isAtLeast } from '../../model/migration.ts';
import type { RuleOrigin } from '../../model/route.ts';
import type { Service } from '../../model/service.ts';
import type { ConnectionBounds, TrafficSetting } from '../../model/traffic-limits.ts';
import type { HostPolicy } from '../../model/traffic-policy.ts';
import type { Migration } from '../migrations/migrations.ts';
import {
  defaultHostPolicy,
  ofPort,
  overriddenBounds,
  withBounds,
  withDefaults,
  withExactShares,
  withPortBounds,
} from './traffic-policies.ts';

export interface PolicyTables {
  /** By service key. */
  readonly hostPolicies: Collection<HostPolicy>;
  /** In force, by service key. */
  readonly migrations: Collection<Migration>;
  /** By service key. */
  readonly trafficSettings: Collection<TrafficSetting>;
  /** By host. */
  readonly egressHosts: Collection<EgressHost>;
}

export function boundedPolicy(service: Service, context: Context, tables: PolicyTables): HostPolicy {
  const { key } = service;
  const ruled = context.get(tables.hostPolicies, key) ?? defaultHostPolicy(key);
  const setting = context.get(tables.trafficSettings, key);
  if (setting !== undefined) reportOverridden(ruled, setting, context);
  const own = setting === undefined ? ruled : settled(ruled, setting);
  const policy = withDefaults(leavingBounds(service, own, context, tables));
  const migration = context.get(tables.migrations, key);
  // From the beginning, so that no cluster changes when requests begin to move.
  return migration !== undefined && isAtLeast(migration.plan.spec.stage, 'Mirror') ? withExactShares(policy) : policy;
}

function settled(ruled: HostPolicy, { origin, connections }: TrafficSetting): HostPolicy {
  return { ...withBounds(ruled, connections), overridden: { origin, fields: Object.keys(connections).sort() } };
}

/** Of a host outside the mesh, port by port. */
function leavingBounds(
  { host, provenance }: Service,
  ruled: HostPolicy,
  context: Context,
  { egressHosts }: PolicyTables,
): HostPolicy {
  const ports = provenance.source === 'egress' ? (context.get(egressHosts, host)?.ports ?? []) : [];
  return ports.reduce((policy, { number, bounds }) => {
    if (bounds === undefined) return policy;
    reportOverridden(ofPort(ruled, number), bounds, context);
    return withPortBounds(policy, number, bounds.connections);
  }, ruled);
}

interface Said {
  readonly origin: RuleOrigin;
  readonly connections: ConnectionBounds;
}

function reportOverridden(ruled: HostPolicy, { origin, connections }: Said, context: Context): void {
  const overridden = overriddenBounds(ruled, connections);
  if (overridden.length === 0) return;
  const rule = ruled.origin === undefined ? 'A DestinationRule' : formatObject(ruled.origin.object);
  const message = `${rule} for ${ruled.key} says otherwise of ${overridden.join(', ')}: what is written here is in force.`;
  context.report(finding('ISTH1343', { ...origin, path: 'spec.connectionSettings', message }));
}
