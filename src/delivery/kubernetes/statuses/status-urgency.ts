/**
 * Whether somebody waits for the status of an object: who just changed it, or whose change is refused. All else follows from proxies
 * that come, or from a control plane that starts, and concerns every object of the mesh at once.
 */
import type { Condition, ObjectStatus } from '../../../model/object-status.ts';
import type { Urgency } from '../queue/ready-keys.ts';
import type { LiveStatus } from './live-status.ts';

/** Whether the object says nothing by our word. */
export function isUnsaid(live: LiveStatus): boolean {
  return live.owned.size === 0;
}

/** `isNews`: whether somebody waits for the first word of an object. `prefix`: of the types of our conditions. */
export function urgencyOf(wanted: ObjectStatus, live: LiveStatus, prefix: string, isNews: boolean): Urgency {
  const isAwaited = isUnsaid(live) ? isNews : wanted.conditions.some((one) => isAnswer(one, wanted, live, prefix));
  return isAwaited ? 'awaited' : 'routine';
}

/** To who made this generation, or to who did what has it refused. */
function isAnswer(condition: Condition, { generation }: ObjectStatus, live: LiveStatus, prefix: string): boolean {
  const before = live.conditions.get(`${prefix}${condition.type}`);
  if (before === undefined) return false;
  if (before.observedGeneration !== generation) return true;
  if (before.status === 'Unknown') return condition.status !== 'Unknown';
  return condition.type === 'Accepted' && condition.status === 'False' && before.status !== 'False';
}
