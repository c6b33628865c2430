/** Service accounts and IdentityBindings -> SPIFFE ids. What cannot be resolved is nobody. */
import type { Collection, Context } from '../../collections/collection.ts';
import { type FindingDetails, finding } from '../../model/finding.ts';
import { spiffeId } from '../../model/identity.ts';
import type { MeshSettings } from '../../model/mesh-service.ts';
import {
  type IdentityBinding,
  type IdentityReference,
  resourceKey,
  type TrafficTarget,
} from '../../resources/kinds.ts';
import { about } from '../resource-order.ts';
import { settingsOf } from '../settings.ts';

export interface IdentityTables {
  readonly settings: Collection<MeshSettings>;
  readonly identityBindings: Collection<IdentityBinding>;
}

/** Distinct and sorted. */
export function callersOf(target: TrafficTarget, context: Context, tables: IdentityTables): readonly string[] {
  const found = target.spec.sources.flatMap((source, at) =>
    identitiesOf(target, source, `spec.sources[${at}]`, context, tables),
  );
  return [...new Set(found)].sort();
}

/** Distinct; of the target's own namespace only: nobody opens the workloads of others. */
export function destinationsOf(target: TrafficTarget, context: Context, tables: IdentityTables): readonly string[] {
  const { destination } = target.spec;
  const { namespace } = target.metadata;
  const path = 'spec.destination';
  if (destination.namespace !== namespace) {
    const message = `It is for ${destination.name} of namespace ${destination.namespace}, and stands in ${namespace}.`;
    context.report(finding('ISTH1301', { ...about(target), path: `${path}.namespace`, message }));
    return [];
  }
  const { trustDomain } = settingsOf(context, tables.settings);
  const own = spiffeId({ trustDomain, namespace, serviceAccount: '' });
  const found = new Set(identitiesOf(target, destination, path, context, tables));
  for (const foreign of [...found].filter((id) => !id.startsWith(own))) {
    const message = `${destination.name} names ${foreign}, which is no workload of namespace ${namespace}.`;
    const remedy =
      'Remove it from what the destination names: its own mesh says who may call it. The others named hold.';
    context.report(finding('ISTH1301', { ...about(target), path, message, remedy }));
    found.delete(foreign);
  }
  return [...found];
}

function identitiesOf(
  target: TrafficTarget,
  { kind, namespace, name }: IdentityReference,
  path: string,
  context: Context,
  { settings, identityBindings }: IdentityTables,
): readonly string[] {
  const { trustDomain } = settingsOf(context, settings);
  const workload = (account: string): string => spiffeId({ trustDomain, namespace, serviceAccount: account });
  if (kind === 'ServiceAccount') return [workload(name)];
  const report = (code: 'ISTH1302' | 'ISTH1303', message: FindingDetails['message']) =>
    context.report(finding(code, { ...about(target), path, message }));
  const binding = context.get(identityBindings, resourceKey('IdentityBinding', namespace, name));
  if (binding === undefined) {
    report('ISTH1302', `There is no valid IdentityBinding ${namespace}/${name}: it stands for nobody.`);
    return [];
  }
  const { podLabels, spiffeIdentities, serviceAccount } = binding.spec;
  if (podLabels !== undefined)
    report('ISTH1303', `IdentityBinding ${namespace}/${name} selects pods, which are not known here: nobody by that.`);
  return [...(serviceAccount === undefined ? [] : [workload(serviceAccount)]), ...spiffeIdentities.map(withScheme)];
}

/** SMI's own examples leave the scheme out. */
function withScheme(identity: string): string {
  return identity.startsWith('spiffe://') ? identity : `spiffe://${identity}`;
}
