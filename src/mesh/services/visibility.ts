/** exportTo: who may see an object. */
import type { Visibility } from '../../model/service.ts';

/** `.` is the object's own namespace, `*` everybody, `~` nobody; nothing written means everybody. */
export function visibilityOf(exportTo: readonly string[] | undefined, namespace: string): Visibility {
  if (exportTo === undefined || exportTo.length === 0 || exportTo.includes('*')) return { kind: 'public' };
  const named = exportTo.filter((entry) => entry !== '~').map((entry) => (entry === '.' ? namespace : entry));
  return { kind: 'namespaces', namespaces: [...new Set(named)].sort() };
}

export function isVisibleTo(visibility: Visibility, namespace: string): boolean {
  return visibility.kind === 'public' || visibility.namespaces.includes(namespace);
}
