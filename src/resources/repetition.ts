/** Entries that stand twice in a list where each should stand once. */

/** Calls back for each entry whose key an earlier one has too. Lists of one, which most are, cost nothing. */
export function forEachRepetition<T>(
  list: readonly T[],
  keyOf: (entry: T) => string | number,
  report: (entry: T, index: number, first: number) => void,
): void {
  if (list.length < 2) return;
  const firstAt = new Map<string | number, number>();
  list.forEach((entry, index) => {
    const first = firstAt.get(keyOf(entry));
    if (first === undefined) firstAt.set(keyOf(entry), index);
    else report(entry, index, first);
  });
}

/** The same list without repetitions; itself when there are none. */
export function withoutRepetitions(list: readonly string[]): readonly string[] {
  if (list.length < 2) return list;
  const unique = new Set(list);
  return unique.size === list.length ? list : [...unique];
}
