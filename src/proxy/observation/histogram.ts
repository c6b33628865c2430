/** A histogram of milliseconds with fixed bounds: cheap to record into, and fit for Prometheus as it is. */

export const bounds: readonly number[] = [
  0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000, 60_000,
];

export class Histogram {
  /** One count for each bound, and one for what is above all. Not cumulative. */
  readonly counts = new Float64Array(bounds.length + 1);
  sum = 0;

  record(milliseconds: number): void {
    let bucket = 0;
    while (bucket < bounds.length && milliseconds > (bounds[bucket] ?? 0)) bucket++;
    this.counts[bucket] = (this.counts[bucket] ?? 0) + 1;
    this.sum += milliseconds;
  }
}
