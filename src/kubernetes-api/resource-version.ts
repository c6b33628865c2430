/**
 * Which of two versions of an object is later: the answer to a change may come before a watch tells of what was before it.
 * Versions count upwards, and are as long as they like; others than numbers say nothing of what came first.
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions
 */

/** True where it cannot be told: what is taken in then is at worst taken in once more. */
export function isNewerVersion(version: string | undefined, known: string | undefined): boolean {
  if (version === undefined || known === undefined) return true;
  const order = orderOf(version, known);
  return order === undefined ? version !== known : order > 0;
}

/** False where it cannot be told. */
export function isOlderVersion(version: string, known: string): boolean {
  return (orderOf(version, known) ?? 0) < 0;
}

function orderOf(a: string, b: string): number | undefined {
  if (!/^\d+$/.test(a) || !/^\d+$/.test(b)) return undefined;
  if (a === b) return 0;
  return a.length === b.length ? (a < b ? -1 : 1) : a.length - b.length;
}
