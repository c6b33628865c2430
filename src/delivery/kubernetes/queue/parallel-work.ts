/**
 * Runs work for each item, so many at a time. Rejects with the first failure, when all that was begun has ended. `goesOn`: whether
 * more is begun after these failures; nothing is when absent.
 */
export async function inParallel<T>(
  items: readonly T[],
  atOnce: number,
  work: (item: T) => Promise<void>,
  goesOn: (failures: readonly unknown[]) => boolean = () => false,
): Promise<void> {
  const failures: unknown[] = [];
  const rest = items.values();
  const runner = async (): Promise<void> => {
    for (const item of rest) {
      if (failures.length > 0 && !goesOn(failures)) return;
      await work(item).catch((error: unknown) => failures.push(error));
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, runner));
  if (failures.length > 0) throw failures[0];
}
