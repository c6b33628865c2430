/** Hosts that registries declare no more, since all their requests go elsewhere and have done so for long enough. */
import type { Collection, Context, Index } from '../../collections/collection.ts';
import type { Engine } from '../../collections/engine.ts';
import type { MeshSettings } from '../../model/mesh-service.ts';
import type { MigrationPlan } from '../../resources/kinds.ts';
import { hostCandidates } from '../services/host-names.ts';
import { settingsOf } from '../settings.ts';

export interface RetiredHost {
  readonly key: string;
  readonly hosts: readonly string[];
  readonly namespace: string;
}

/** By host name. `quiet` holds the keys of plans whose hosts may go. */
export function retiredHosts(
  engine: Engine,
  settings: Collection<MeshSettings>,
  plans: Collection<MigrationPlan>,
  quiet: Collection<string>,
): Index<RetiredHost> {
  const retired = engine.map('retired hosts', plans, (plan, context): RetiredHost | undefined => {
    if (!isRetired(plan, context, quiet)) return undefined;
    const { namespace } = plan.metadata;
    const hosts = hostCandidates(plan.spec.host, namespace, settingsOf(context, settings).clusterDomain);
    return { key: plan.key, hosts, namespace };
  });
  return engine.index('retired hosts by name', retired, ({ hosts }) => hosts);
}

/** Whether its host may go. */
export function isRetired({ key, spec }: MigrationPlan, context: Context, quiet: Collection<string>): boolean {
  return spec.stage === 'Retire' && context.get(quiet, key) !== undefined;
}

/** Who may not declare a service of a namespace moves none of it. */
export function mayMove(planNamespace: string, serviceNamespace: string, { rootNamespace }: MeshSettings): boolean {
  return planNamespace === serviceNamespace || planNamespace === rootNamespace;
}
