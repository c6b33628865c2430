/** How long a route update takes until it shows, under load. */
import type { Demo } from './demo.ts';

const TAKES_HOLD_WITHIN_MS = 60_000;

export interface RouteUpdates {
  /** Milliseconds from writing a route to the first answer that follows it, one for each flip. */
  readonly times: readonly number[];
  /** Requests of the load that failed or were refused meanwhile. */
  readonly refused: number;
}

/** Flips all requests from one version to the other and back, as many times. */
export async function measureRouteUpdates(demo: Demo, flips: number): Promise<RouteUpdates> {
  const caller = await demo.connect();
  const flipTo = async (version: 'v1' | 'v2'): Promise<number> => {
    const start = performance.now();
    demo.useRoute(`all-to-${version}`);
    while ((await caller.call(false)) !== version)
      if (performance.now() - start > TAKES_HOLD_WITHIN_MS)
        throw new Error(`no answer from ${version} of ${demo.target.host} after a route update`);
    return performance.now() - start;
  };
  demo.load.take();
  const times: number[] = [];
  for (let i = 0; i < flips; i++) times.push(await flipTo(i % 2 === 0 ? 'v2' : 'v1'));
  const { failed, limited } = demo.load.take();
  await caller.close();
  return { times, refused: failed + limited };
}
