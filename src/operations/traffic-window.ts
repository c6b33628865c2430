/** What proxies counted of late: a ring of their reports, as long as the window and no longer. */
import type { Clock } from '../model/clock.ts';
import { type ProxyNode, proxyKey } from '../model/proxy.ts';
import { sumOfTraffic, type Traffic, type TrafficReport } from '../model/traffic.ts';

export const trafficWindowMs = 30_000;

/** Reports of one proxy that come closer together than this are taken for one. */
const GRAIN_MS = 1000;
/** What more proxies than this report is not kept. */
const MOST_PROXIES = 50_000;

interface Slot {
  readonly at: number;
  readonly clusters: ReadonlyMap<string, Traffic>;
}

interface Reported {
  readonly proxy: ProxyNode;
  /** Oldest first, none older than the window. */
  readonly slots: readonly Slot[];
}

export class TrafficWindow {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #proxies = new Map<string, Reported>();
  #sweptAt: number;

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
    this.#sweptAt = clock.now();
  }

  take({ proxy, clusters }: TrafficReport): void {
    const now = this.#clock.now();
    if (now - this.#sweptAt >= trafficWindowMs) this.#sweep(now);
    if (clusters.size === 0) return;
    const key = proxyKey(proxy);
    const known = this.#proxies.get(key);
    if (known === undefined && this.#proxies.size >= MOST_PROXIES) return;
    this.#proxies.set(key, { proxy, slots: withReport(recent(known, now), { at: now, clusters }) });
  }

  /** Every proxy that counted anything in the window, in order of identity and name; by cluster, what it counted. */
  reports(): readonly TrafficReport[] {
    this.#sweep(this.#clock.now());
    return [...this.#proxies]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, { proxy, slots }]) => ({
        proxy,
        clusters: mergeClusters(slots.map(({ clusters }) => clusters)),
      }));
  }

  #sweep(now: number): void {
    this.#sweptAt = now;
    for (const [key, reported] of this.#proxies) {
      const slots = recent(reported, now);
      if (slots.length === 0) this.#proxies.delete(key);
      else if (slots.length < reported.slots.length) this.#proxies.set(key, { ...reported, slots });
    }
  }
}

function recent(reported: Reported | undefined, now: number): readonly Slot[] {
  return (reported?.slots ?? []).filter(({ at }) => at > now - trafficWindowMs);
}

function withReport(slots: readonly Slot[], slot: Slot): readonly Slot[] {
  const last = slots.at(-1);
  if (last === undefined || slot.at - last.at >= GRAIN_MS) return [...slots, slot];
  return [...slots.slice(0, -1), { at: last.at, clusters: mergeClusters([last.clusters, slot.clusters]) }];
}

function mergeClusters(all: readonly ReadonlyMap<string, Traffic>[]): ReadonlyMap<string, Traffic> {
  const entries = all.flatMap((clusters) => [...clusters]);
  const grouped = Map.groupBy(entries, ([cluster]) => cluster);
  return new Map([...grouped].map(([cluster, parts]) => [cluster, sumOfTraffic(parts.map(([, part]) => part))]));
}
