/** The event of an object of ours that somebody else changed or took away, and that is as it was again. */
import type { EventNotice, EventSubject } from '../events/event-recorder.ts';
import type { Edit } from './repairs.ts';

/** `as`: how it is again, such as `as Service shop/orders has it`. */
export function repairNotice(subject: EventSubject, { by, isDeletion }: Edit, as: string): EventNotice {
  // Who wrote last of what is gone need not be who took it away.
  const who = isDeletion || by === '' ? 'Somebody' : by;
  const note = `${who} ${isDeletion ? 'deleted' : 'changed'} it; it is again ${as}.`;
  return { subject, type: 'Warning', reason: 'Repaired', action: 'Write', note, attempt: '' };
}
