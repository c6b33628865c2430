/** Requests for many things, a bounded number of them in flight. */

const window = 64;

/** Rejects with the first that does; the others that are in flight are left to themselves, and no further one begins. */
export async function inTurns<T>(items: readonly T[], handle: (item: T) => Promise<void>): Promise<void> {
  let next = 0;
  let isOver = false;
  const worker = async (): Promise<void> => {
    while (!isOver && next < items.length) {
      const item = items[next++];
      if (item !== undefined) await handle(item);
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(window, items.length) }, worker));
  } finally {
    isOver = true;
  }
}
