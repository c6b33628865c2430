/** Time as an input, so that what waits can be tested without waiting. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Runs something once after so many milliseconds; the function it gives back calls it off. */
  after(ms: number, run: () => void): () => void;
}

/**
 * For what is measured by `now`: the time at which the process started, and what has passed since. Nobody sets it; what is
 * written for others is told by systemClock.
 */
export const steadyClock: Clock = {
  now: () => performance.timeOrigin + performance.now(),
  after: (ms, run) => systemClock.after(ms, run),
};

export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};
