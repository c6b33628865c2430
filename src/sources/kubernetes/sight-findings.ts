/** What is said of kinds that cannot be seen: one finding for each right that is missing, and one for each trouble. */
import { type Finding, finding } from '../../model/finding.ts';
import type { WatchFault } from '../../model/reflector-sight.ts';
import { apiKindOf, type KindInfo, servingObject } from '../../resources/kind-info.ts';
import { readRule } from '../../resources/read-rules.ts';

export interface Sight {
  readonly kind: KindInfo;
  /** As of a reflector; vanished: absent, with objects that were there. */
  readonly state: 'syncing' | 'live' | 'stale' | 'absent' | 'forbidden' | 'vanished';
  readonly reason: string;
  /** The same in one word, as of a reflector. */
  readonly fault?: WatchFault;
}

/** `server`: its address. */
export function sightFindings(sights: readonly Sight[], server: string): readonly Finding[] {
  const troubles = Map.groupBy(
    sights.filter(({ state }) => state === 'stale'),
    ({ reason }) => reason,
  );
  const isServing = sights.some(({ state }) => state === 'live');
  return [
    ...sights.filter(({ state }) => state === 'forbidden').map(forbidden),
    ...sights.filter(({ state }) => state === 'vanished').map(vanished),
    ...[...troubles].map(([reason, of]) =>
      finding('ISTH1511', {
        object: { kind: 'ApiServer', name: server },
        message: `${reason} (${namesOf(of.map(({ kind }) => apiKindOf(kind)))})`,
        ...(isServing ? { remedy: remedyOfSome } : {}),
      }),
    ),
  ];
}

/** Definitions that were only just installed are named by a server before it has what is stored of their kinds. */
const remedyOfSome =
  'Nothing, if the definitions of these kinds were only just installed, or the API server is being restarted: they are read as soon as it serves them. Other kinds are seen. What was read of these stays in force and is served; nothing is taken for gone.';

function forbidden({ kind, reason }: Sight): Finding {
  const waits =
    kind.keepsOut === true
      ? ' A control plane that has never read it serves nobody: its objects keep callers out.'
      : '';
  const { apiGroups, resources, verbs } = readRule(kind);
  const list = (texts: readonly string[]): string => JSON.stringify(texts).replaceAll(',', ', ');
  const rule = `{apiGroups: ${list(apiGroups)}, resources: ${list(resources)}, verbs: ${list(verbs)}}`;
  return finding('ISTH1510', {
    object: servingObject(kind),
    message: `${apiKindOf(kind)} (${apiVersionOf(kind)}) is not read: ${reason}.${waits}`,
    remedy: `Add the rule ${rule} to a ClusterRole that is bound to this user for all namespaces.`,
  });
}

function vanished({ kind }: Sight): Finding {
  const message = `${apiKindOf(kind)} is not served any more, while there were objects of it. They stay in force until it has been so for a minute.`;
  return finding('ISTH1512', { object: servingObject(kind), message });
}

/** With the version that is stored. */
function apiVersionOf({ group, versions: [version = ''] }: KindInfo): string {
  return group === '' ? version : `${group}/${version}`;
}

const shown = 5;

function namesOf(names: readonly string[]): string {
  const sorted = names.toSorted();
  const rest = sorted.length - shown;
  return rest > 0 ? `${sorted.slice(0, shown).join(', ')} and ${rest} more kinds` : sorted.join(', ');
}
