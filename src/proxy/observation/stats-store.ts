/** Counters that outlive the configuration they belong to: an update of a listener does not start them anew. */
import type { MetaProtocolPlan } from '../config/metaprotocol-plan.ts';
import { ProtocolStats } from './stats.ts';

export interface NamedProtocolStats {
  readonly applicationProtocol: string;
  readonly statPrefix: string;
  readonly stats: ProtocolStats;
}

export class StatsStore {
  readonly #protocols = new Map<string, NamedProtocolStats>();

  protocol({ applicationProtocol, statPrefix }: MetaProtocolPlan): ProtocolStats {
    const key = `${applicationProtocol}\n${statPrefix}`;
    let named = this.#protocols.get(key);
    if (named === undefined) {
      named = { applicationProtocol, statPrefix, stats: new ProtocolStats() };
      this.#protocols.set(key, named);
    }
    return named.stats;
  }

  protocols(): readonly NamedProtocolStats[] {
    return [...this.#protocols.values()];
  }
}
