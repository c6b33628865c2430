/** Who is asked, over whatever it is reached by. */
import type { DiscoverRequest, DiscoverResponse } from './polaris-messages.ts';

export interface DiscoverConnection {
  /** Rejects with UNAVAILABLE when no answer comes. */
  ask(request: DiscoverRequest): Promise<DiscoverResponse>;
  /** What is asked and not answered rejects. */
  close(): void;
}
