/** What Open Service Mesh's own controller writes beside conditions, in its words, for those who read that. */
import type { Condition } from '../../model/object-status.ts';
import type { Kind } from '../../resources/kinds.ts';
import { cut } from './finding-list.ts';

const longestReason = 1000;
const osmKinds: ReadonlySet<Kind> = new Set<Kind>(['IngressBackend', 'UpstreamTrafficSetting']);

export function osmFields(
  kind: Kind | undefined,
  conditions: readonly Condition[],
): { readonly currentStatus?: string; readonly reason?: string } {
  if (kind === undefined || !osmKinds.has(kind)) return {};
  const wrong = conditions.find(({ status }) => status === 'False');
  if (wrong !== undefined) return { currentStatus: 'error', reason: cut(wrong.message, longestReason) };
  return conditions.some(({ status }) => status === 'Unknown')
    ? { currentStatus: 'pending', reason: 'waiting for proxies' }
    : { currentStatus: 'committed', reason: 'successfully committed by the system' };
}
