/**
 * What each TrafficTarget permits: its callers, on the ports of its TCPRoutes, the requests of its HTTPRouteGroups. It
 * depends on the objects that the target names, and on nothing else of their kinds.
 *
 * In a mesh whose access is disabled, or permissive, nothing is refused by it, and so nothing of it is done: it says so.
 *
 * Each part closes where it is empty or names what is not there; a target of which nothing is left makes no rule.
 */
import type { Collection, Context } from '../../collections/collection.ts';
import type { Engine } from '../../collections/engine.ts';
import type { AccessRule } from '../../model/access.ts';
import { finding } from '../../model/finding.ts';
import type { FindingCode } from '../../model/finding-catalogue.ts';
import type { MeshSettings } from '../../model/mesh-service.ts';
import type { TrafficTarget } from '../../resources/kinds.ts';
import { about } from '../resource-order.ts';
import { settingsOf } from '../settings.ts';
import { callersOf, destinationsOf, type IdentityTables } from './access-identities.ts';
import { type PortTables, portsOf } from './access-ports.ts';
import { type RequestTables, requestsOf } from './access-requests.ts';

export interface WorkloadRule {
  /** SPIFFE ids; never empty. */
  readonly destinations: readonly string[];
  readonly rule: AccessRule;
}

export interface TargetTables extends IdentityTables, PortTables, RequestTables {
  readonly trafficTargets: Collection<TrafficTarget>;
}

/** One a TrafficTarget, under its key. */
export function trafficTargetRules(engine: Engine, tables: TargetTables): Collection<WorkloadRule> {
  return engine.map('traffic target rules', tables.trafficTargets, (target, context) => {
    const open = openAccess[settingsOf(context, tables.settings).access];
    if (open !== undefined) context.report(finding(open.code, { ...about(target), message: open.message }));
    const destinations = destinationsOf(target, context, tables);
    const rule: AccessRule = {
      object: about(target).object,
      sources: callersOf(target, context, tables),
      ports: portsOf(target, context, tables),
      requests: requestsOf(target, context, tables),
    };
    const empty = emptyPart(target, destinations, rule);
    if (empty === undefined) return { destinations, rule };
    if (empty !== '') report(target, context, empty);
    return undefined;
  });
}

interface OpenAccess {
  readonly code: FindingCode;
  readonly message: string;
}

const openAccess: Readonly<Record<MeshSettings['access'], OpenAccess | undefined>> = {
  Disabled: { code: 'ISTH1351', message: 'Access is disabled in this mesh: whoever reaches a workload may call it.' },
  Permissive: {
    code: 'ISTH1354',
    message: 'Access is permissive in this mesh: every workload with a certificate of the mesh may call every other.',
  },
  Enforced: undefined,
};

function report(target: TrafficTarget, context: Context, message: string): void {
  context.report(finding('ISTH1307', { ...about(target), message }));
}

/** Why a target permits nothing; empty for one that is not meant to permit anything that a proxy sees. */
function emptyPart(target: TrafficTarget, destinations: readonly string[], rule: AccessRule): string | undefined {
  const { rules } = target.spec;
  if (rules.length === 0) return 'It has no rules.';
  if (rules.every(({ kind }) => kind === 'UDPRoute')) return '';
  if (destinations.length === 0) return 'It is for no workload.';
  if (rule.sources.length === 0) return 'Nobody is left in its sources.';
  if (rule.ports.length === 0) return 'No port is left to it.';
  if (rule.requests.length === 0) return 'No HTTP request is left to it.';
  return undefined;
}
