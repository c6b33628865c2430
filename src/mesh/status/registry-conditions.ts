/** The conditions of a ServiceRegistry: whether it answers, and whether the mesh is as it says; and how much it holds. */
import { catalogue } from '../../model/finding-catalogue.ts';
import type { Condition, ObjectStatus } from '../../model/object-status.ts';
import type { RegistryStatus } from '../../model/registry.ts';
import type { ObjectFacts } from './conditions.ts';
import { listed, quoted, withRemedy } from './finding-list.ts';

export function registryFields(status: RegistryStatus | undefined): Pick<ObjectStatus, 'fields' | 'times'> {
  if (status === undefined) return { fields: {} };
  const { services, instances, held } = status;
  return { fields: { services, instances, heldDeletions: held.length }, times: lastCompleteOf(status) };
}

export function connected(facts: ObjectFacts, status: RegistryStatus | undefined): Condition {
  const type = 'Connected';
  switch (status?.state) {
    case 'live':
      return { type, status: 'True', reason: 'Connected', message: 'It answers.' };
    case 'stale':
      return { type, status: 'False', reason: 'Unreachable', message: unreachable(facts, status) };
    case 'syncing':
    case undefined:
      return { type, status: 'Unknown', reason: 'Connecting', message: status?.reason ?? 'It was not asked yet.' };
  }
}

/** As findings have it, which know what to do; they may come a moment later. */
function unreachable({ findings }: ObjectFacts, { reason }: RegistryStatus): string {
  const losses = findings.filter(({ code }) => code === 'ISTH1003' || code === 'ISTH1021');
  if (losses.length > 0) return listed(losses);
  return withRemedy(`ISTH1003: ${quoted(reason)}`, catalogue.ISTH1003.remedy);
}

export function synced({ findings }: ObjectFacts, status: RegistryStatus | undefined): Condition {
  const type = 'Synced';
  const found = findings.length === 0 ? '' : ` ${listed(findings)}`;
  if (status === undefined || status.state === 'syncing') {
    const awaited = status === undefined || status.awaited === 0 ? '' : ` ${status.awaited} services are awaited.`;
    return { type, status: 'Unknown', reason: 'Syncing', message: `Not everything was seen yet.${awaited}${found}` };
  }
  if (status.state === 'stale')
    return { type, status: 'False', reason: 'Stale', message: `What it said last stays in force.${found}` };
  if (status.held.length > 0) {
    const message = `It lost much at once: ${status.held.length} deletions are held.${found}`;
    return { type, status: 'False', reason: 'DeletionsHeld', message };
  }
  return { type, status: 'True', reason: 'Synced', message: `The mesh has what it holds.${found}` };
}

/** While all is well, no more precise than that: it is no reason to write a status every few seconds. */
const precisionMs = 5 * 60_000;

function lastCompleteOf({ state, lastComplete }: RegistryStatus): { readonly lastComplete?: number } {
  if (lastComplete === undefined) return {};
  const at = state === 'live' ? Math.floor(lastComplete / precisionMs) * precisionMs : lastComplete;
  return { lastComplete: at };
}
