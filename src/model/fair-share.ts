/** What is shown of much, so that nobody's much hides what is of others. */

/** At most so many of them, in their order: the first of each group, then the second of each, until there are enough. */
export function fairShare<T>(items: readonly T[], groupOf: (item: T) => string, most: number): readonly T[] {
  if (items.length <= most) return items;
  const seen = new Map<string, number>();
  const rounds = items.map((item) => {
    const round = seen.get(groupOf(item)) ?? 0;
    seen.set(groupOf(item), round + 1);
    return round;
  });
  const sizes = [...Map.groupBy(rounds, (round) => round)].sort(([a], [b]) => a - b).map(([, { length }]) => length);
  let left = most;
  const shares = sizes.map((size) => {
    const share = Math.min(size, left);
    left -= share;
    return share;
  });
  return items.filter((_, at) => {
    const round = rounds[at] ?? 0;
    const share = shares[round] ?? 0;
    shares[round] = share - 1;
    return share > 0;
  });
}
