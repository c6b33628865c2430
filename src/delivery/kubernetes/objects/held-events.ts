/** Events of objects whose deletion is held: for whoever looks at one and wonders why it is still there. */
import type { KindWriting } from '../../../model/cluster-writing.ts';
import type { EventRecorder, EventSubject } from '../events/event-recorder.ts';
import { writtenKinds } from './written-kinds.ts';

type Events = Pick<EventRecorder, 'record'>;

/** Of objects of one kind that are held, or released, at once. */
export const mostTold = 5;

/** Of each kind once for each time that deletions are held, on the first few of the objects. */
export class HeldEvents {
  readonly #told = new Map<string, number>();

  record(events: Events, kinds: readonly KindWriting[]): void {
    for (const { kind, held } of kinds) {
      if (held === undefined) this.#told.delete(kind);
      else if (this.#told.get(kind) !== held.since) {
        this.#told.set(kind, held.since);
        for (const place of held.objects.slice(0, mostTold)) recordHeld(events, kind, place, held);
      }
    }
  }
}

function recordHeld(
  events: Events,
  kind: string,
  place: string,
  { objects, since, due }: NonNullable<KindWriting['held']>,
): void {
  const subject = writtenSubject(kind, place);
  if (subject === undefined) return;
  const until = new Date(due).toISOString();
  const note = `ISTH1703: it is to go with ${objects.length - 1} others of its kind at once, and stays until ${until} unless it is released.`;
  events.record({ subject, type: 'Warning', reason: 'DeletionHeld', action: 'Delete', note, attempt: String(since) });
}

/** An object of a kind that is written, `namespace/name`; undefined for any other kind. */
export function writtenSubject(kind: string, place: string): EventSubject | undefined {
  const info = writtenKinds.find((one) => one.kind === kind);
  const [version] = info?.versions ?? [];
  if (info === undefined || version === undefined) return undefined;
  const { group, plural } = info;
  const slash = place.indexOf('/');
  const [namespace, name] = [place.slice(0, slash), place.slice(slash + 1)];
  const apiVersion = group === '' ? version : `${group}/${version}`;
  return { apiVersion, kind, namespace, name, uid: '', plural };
}
