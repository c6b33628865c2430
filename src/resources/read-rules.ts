/** What of an API server must be readable for the kinds that are read: for roles, and for who lacks one. */
import type { KindInfo } from './kind-info.ts';
import { kinds } from './kind-table.ts';

/** As in a ClusterRole. */
export interface AccessRule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

export function readRule({ group, plural }: Pick<KindInfo, 'group' | 'plural'>): AccessRule {
  return { apiGroups: [group], resources: [plural], verbs: ['get', 'list', 'watch'] };
}

/** One rule a group, in the order of the groups' names. */
export const readRules: readonly AccessRule[] = [...Map.groupBy(kinds, ({ group }) => group)]
  .toSorted(([a], [b]) => (a < b ? -1 : 1))
  .map(([group, of]) => ({
    apiGroups: [group],
    resources: of.map(({ plural }) => plural).toSorted(),
    verbs: ['get', 'list', 'watch'],
  }));
