/** How long to leave alone what failed: longer each time, up to a bound. Whoever waits adds what keeps many from one moment. */
export interface BackOff {
  readonly firstMs: number;
  readonly longestMs: number;
}

/** `failures`: how many there were before the one at hand. */
export function pauseAfter(failures: number, { firstMs, longestMs }: BackOff): number {
  // Beyond that no bound is any more.
  return Math.min(firstMs * 2 ** Math.min(failures, 40), longestMs);
}
