/** What Open Service Mesh's own controller writes beside conditions, in its words, for those who read that. */
import type { Condition } from '../../model/object-status.ts';
import { cut } from './finding-list.ts';

const longestReason = 1000;

export function osmFields(conditions: readonly Condition[]): {
  readonly currentStatus: string;
  readonly reason: string;
} {
  const wrong = conditions.find(({ status }) => status === 'False');
  if (wrong !== undefined) return { currentStatus: 'error', reason: cut(wrong.message, longestReason) };
  return conditions.some(({ status }) => status === 'Unknown')
    ? { currentStatus: 'pending', reason: 'waiting for proxies' }
    : { currentStatus: 'committed', reason: 'successfully committed by the system' };
}
