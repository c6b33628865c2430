/** What of an API server must be readable for a kind to be read: for roles, and for who lacks one. */
import type { KindInfo } from './kind-info.ts';

/** As in a ClusterRole. */
export interface AccessRule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

export function readRule({ group, plural }: Pick<KindInfo, 'group' | 'plural'>): AccessRule {
  return { apiGroups: [group], resources: [plural], verbs: ['get', 'list', 'watch'] };
}
