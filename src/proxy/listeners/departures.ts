/**
 * Listeners that were removed and serve on until their grace ends: callers learn a little later than this proxy that
 * they should go elsewhere. A listener that is wanted on the address again stays; one that is in the way goes at once.
 */
import type { ListenAddress } from '../config/listener-plan.ts';
import { sameAddress } from './listen-addresses.ts';
import type { Listener } from './listener.ts';

/** A listener, and how to end its service's part in route updates and its waiting for the first. */
export interface ListenerEntry {
  readonly listener: Listener;
  readonly release: () => void;
}

export class Departures {
  readonly #graceMs: number;
  readonly #retire: (entry: ListenerEntry) => void;
  readonly #leaving = new Map<ListenerEntry, NodeJS.Timeout>();

  /** `retire` is called once for each that leaves and does not come back. */
  constructor(graceMs: number, retire: (entry: ListenerEntry) => void) {
    this.#graceMs = graceMs;
    this.#retire = retire;
  }

  begin(entry: ListenerEntry): void {
    if (this.#graceMs <= 0) this.#retire(entry);
    else this.#leaving.set(entry, setTimeout(() => this.#end(entry), this.#graceMs).unref());
  }

  endAll(): void {
    for (const entry of this.#leaving.keys()) this.#end(entry);
  }

  /** A listener that is leaving this very address: it may stay, under whatever name. */
  comeBack(address: ListenAddress): ListenerEntry | undefined {
    for (const [entry, timer] of this.#leaving) {
      if (!sameAddress(entry.listener.plan.address, address)) continue;
      clearTimeout(timer);
      this.#leaving.delete(entry);
      return entry;
    }
    return undefined;
  }

  /** All addresses of a port, or one that all of them include, cannot be listened on while a listener leaves it. */
  makeWay(address: ListenAddress): void {
    if ('path' in address) return;
    for (const entry of this.#leaving.keys()) {
      const { address: left } = entry.listener.plan;
      if ('port' in left && left.port === address.port && (isAny(left.host) || isAny(address.host))) this.#end(entry);
    }
  }

  #end(entry: ListenerEntry): void {
    clearTimeout(this.#leaving.get(entry));
    if (this.#leaving.delete(entry)) this.#retire(entry);
  }
}

function isAny(host: string): boolean {
  return host === '0.0.0.0' || host === '::';
}
